/*
 * Readers of the values that say where something is: regions, VPC endpoints, URLs, addresses to listen on.
 * Nothing is looked up: a name stays a name.
 */
#ifndef SAGEGATE_CONFIG_ADDRESS_H
#define SAGEGATE_CONFIG_ADDRESS_H

#include "config/schema.h"

/* Has the form of a region's name: "us-west-2", "us-gov-east-1"; not that of an availability zone,
 * "us-west-2a". */
bool is_region(struct slice text);

/* Has the form of an availability zone's name or id: "us-west-2a", "usw2-az1". */
bool is_zone(struct slice text);

/* An id of EC2: the prefix, such as "vpc-", and hexadecimal digits. */
bool is_id(struct slice text, struct slice prefix);

schema_read read_region;         /* char * */
schema_read read_vpc_endpoint;   /* char *: vpce-…-…, a DNS name that begins so, or its first label */
schema_read read_url;            /* host, port and authority of the struct config_endpoint that target is */
schema_read read_host;           /* struct config_words: a DNS name in lower case, or an address literal */
schema_read read_listen_address; /* address, unix_path, host and port of the struct config_listener */

schema_read read_zone;    /* char * */
schema_read read_servers; /* char *: "127.0.0.1:53,[::1]:5353", from any number of addresses */

/* Host is an address literal that only this machine reaches: 127.0.0.0/8 or ::1. */
bool is_loopback(const char *host);

#endif
