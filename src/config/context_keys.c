#include "config/context_keys.h"

#include <arpa/inet.h>

#include "config/address.h"
#include "config/values.h"

static const char *read_vpce_id(const struct schema_key *key, struct slice text, void *target)
{
    return is_id(text, SLICE("vpce-")) ? value_copy(text, target) : key->want;
}

static const char *read_vpc_id(const struct schema_key *key, struct slice text, void *target)
{
    return is_id(text, SLICE("vpc-")) ? value_copy(text, target) : key->want;
}

static const char *read_ip(const struct schema_key *key, struct slice text, void *target)
{
    char name[INET6_ADDRSTRLEN], address[sizeof(struct in6_addr)];

    if (text.len >= sizeof(name))
        return key->want;
    memcpy(name, text.ptr, text.len);
    name[text.len] = '\0';
    if (inet_pton(AF_INET, name, address) != 1 && inet_pton(AF_INET6, name, address) != 1)
        return key->want;
    return value_copy(text, target);
}

static const struct schema_key context_keys[] = {
    {.name = "source_vpce",
     .target = offsetof(struct config, source_vpce),
     .read = read_vpce_id,
     .want = "it must be the id of an interface endpoint, such as vpce-0123456789abcdef0"},
    {.name = "source_vpc",
     .target = offsetof(struct config, source_vpc),
     .read = read_vpc_id,
     .want = "it must be the id of a VPC, such as vpc-0123456789abcdef0"},
    {.name = "vpc_source_ip",
     .target = offsetof(struct config, vpc_source_ip),
     .read = read_ip,
     .want = "it must be the address of this host in the VPC, such as 10.0.1.23"},
};

const struct schema context_schema = {
    .where = "in context", .keys = context_keys, .count = sizeof(context_keys) / sizeof(context_keys[0])};
