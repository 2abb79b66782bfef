#!/bin/bash
# User data of an EC2 instance (Amazon Linux 2023 or Debian 12): installs sagegate, configures it, starts it. The packages,
# policy.json and sagegate.nft lie where the instance may read them: BUCKET, by a gateway endpoint of S3. The instance
# wants the metadata options http_tokens = required and http_put_response_hop_limit = 1.
set -euo pipefail

cd "$(mktemp -d)"
for file in policy.json sagegate.nft; do
    aws s3 cp "s3://BUCKET/$file" .
done
if command -v dnf >/dev/null; then
    aws s3 cp s3://BUCKET/sagegate.rpm .
    dnf install -y ./sagegate.rpm nftables
else
    aws s3 cp s3://BUCKET/sagegate.deb .
    apt-get update
    apt-get install -y ./sagegate.deb nftables
fi

cat >/etc/sagegate/sagegate.yaml <<'YAML'
account_id: "123456789012"
endpoints:
  runtime: { private_dns: true }
admin: { address: "unix:/run/sagegate/admin.sock" }
listeners:
  - { name: main, address: "127.0.0.1:8080", policy: policy.json }
YAML
install -m 644 policy.json /etc/sagegate/policy.json
sagegate check

# Also at each boot, before the network is up: this script runs at the first one alone.
install -D -m 644 sagegate.nft /etc/nftables.d/sagegate.nft
rules=/etc/nftables.conf # where nftables.service of Debian looks, …
[ ! -d /etc/sysconfig ] || rules=/etc/sysconfig/nftables.conf # … and of Amazon Linux
echo 'include "/etc/nftables.d/sagegate.nft"' >>"$rules"
nft -f /etc/nftables.d/sagegate.nft
systemctl enable nftables
systemctl enable sagegate
systemctl restart sagegate
