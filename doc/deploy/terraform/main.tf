# The interface endpoints that sagegate calls, with the policy that sagegate enforces: one file for both.
terraform {
  required_version = ">= 1.3"
  required_providers {
    aws = { source = "hashicorp/aws", version = ">= 5.0" }
  }
}

variable "region" { type = string }
variable "vpc_id" { type = string }
variable "subnet_ids" {
  description = "One subnet in each availability zone where sagegate runs: a zone without one has no answer from DNS."
  type        = list(string)
}
variable "client_security_group_ids" {
  description = "Security groups of the hosts, pods or tasks where sagegate runs."
  type        = list(string)
}
variable "policy_file" {
  description = "The policy document that sagegate has as its listener's policy."
  type        = string
  default     = "policy.json"
}

locals {
  # The endpoint service of each of sagegate's endpoints.KEY.
  services = {
    api                  = "sagemaker.api"
    runtime              = "sagemaker.runtime"
    featurestore-runtime = "sagemaker.featurestore-runtime"
  }
}

resource "aws_security_group" "endpoints" {
  name_prefix = "sagegate-endpoints-"
  description = "HTTPS from where sagegate runs"
  vpc_id      = var.vpc_id

  ingress {
    protocol        = "tcp"
    from_port       = 443
    to_port         = 443
    security_groups = var.client_security_group_ids
  }
}

resource "aws_vpc_endpoint" "sagemaker" {
  for_each            = local.services
  vpc_id              = var.vpc_id
  service_name        = "com.amazonaws.${var.region}.${each.value}"
  vpc_endpoint_type   = "Interface"
  subnet_ids          = var.subnet_ids
  security_group_ids  = [aws_security_group.endpoints.id]
  private_dns_enabled = true
  policy              = file(var.policy_file)
}

# Where sagegate learns who it is, and takes roles.
resource "aws_vpc_endpoint" "sts" {
  vpc_id              = var.vpc_id
  service_name        = "com.amazonaws.${var.region}.sts"
  vpc_endpoint_type   = "Interface"
  subnet_ids          = var.subnet_ids
  security_group_ids  = [aws_security_group.endpoints.id]
  private_dns_enabled = true
}

output "vpc_endpoints" {
  description = "For endpoints.KEY.vpc_endpoint in sagegate's configuration, where private DNS is off."
  value       = { for key, endpoint in aws_vpc_endpoint.sagemaker : key => endpoint.dns_entry[0].dns_name }
}
