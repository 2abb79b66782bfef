#include "net/socket_address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

bool socket_address_parse(const char *literal, uint16_t port, union socket_address *out)
{
    memset(out, 0, sizeof(*out));
    if (inet_pton(AF_INET, literal, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(port);
        return true;
    }
    if (inet_pton(AF_INET6, literal, &out->v6.sin6_addr) == 1) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons(port);
        return true;
    }
    return false;
}

socklen_t socket_address_len(const union socket_address *address)
{
    return address->any.sa_family == AF_INET6 ? sizeof(address->v6) : sizeof(address->v4);
}

bool socket_address_eq(const union socket_address *a, const union socket_address *b)
{
    if (a->any.sa_family != b->any.sa_family)
        return false;
    if (a->any.sa_family == AF_INET6)
        return a->v6.sin6_port == b->v6.sin6_port &&
               memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof(a->v6.sin6_addr)) == 0;
    return a->v4.sin_port == b->v4.sin_port && a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
}

static bool is_private_v4(uint32_t address)
{
    static const struct {
        uint32_t network;
        unsigned bits;
    } private[] = {{0x0a000000, 8}, {0xac100000, 12}, {0xc0a80000, 16}, {0x64400000, 10}, {0x7f000000, 8}};

    for (size_t i = 0; i < sizeof(private) / sizeof(private[0]); i++) {
        if ((address ^ private[i].network) >> (32 - private[i].bits) == 0)
            return true;
    }
    return false;
}

/* Also of one that is mapped into IPv6. False when it is no IPv4 address. */
static bool take_v4(const union socket_address *address, uint32_t *v4)
{
    if (address->any.sa_family == AF_INET)
        *v4 = ntohl(address->v4.sin_addr.s_addr);
    else if (address->any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&address->v6.sin6_addr)) {
        memcpy(v4, address->v6.sin6_addr.s6_addr + 12, sizeof(*v4));
        *v4 = ntohl(*v4);
    } else
        return false;
    return true;
}

bool socket_address_is_private(const union socket_address *address)
{
    uint32_t v4;

    if (take_v4(address, &v4))
        return is_private_v4(v4);
    return socket_address_is_loopback(address) ||
           (address->any.sa_family == AF_INET6 && (address->v6.sin6_addr.s6_addr[0] & 0xfe) == 0xfc);
}

bool socket_address_is_loopback(const union socket_address *address)
{
    uint32_t v4;

    if (take_v4(address, &v4))
        return v4 >> 24 == 127;
    return address->any.sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
}

const char *socket_address_format(const union socket_address *address, char text[SOCKET_ADDRESS_TEXT])
{
    char host[INET6_ADDRSTRLEN];

    if (address->any.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &address->v6.sin6_addr, host, sizeof(host));
        snprintf(text, SOCKET_ADDRESS_TEXT, "[%s]:%u", host, ntohs(address->v6.sin6_port));
    } else {
        inet_ntop(AF_INET, &address->v4.sin_addr, host, sizeof(host));
        snprintf(text, SOCKET_ADDRESS_TEXT, "%s:%u", host, ntohs(address->v4.sin_port));
    }
    return text;
}
