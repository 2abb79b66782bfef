/* Socket addresses from and to text. */
#ifndef SAGEGATE_NET_SOCKET_ADDRESS_H
#define SAGEGATE_NET_SOCKET_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

union socket_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* literal is an IPv4 or IPv6 address without brackets; false when it is neither. */
bool socket_address_parse(const char *literal, uint16_t port, union socket_address *out);

socklen_t socket_address_len(const union socket_address *address);

/* Same family, address and port. */
bool socket_address_eq(const union socket_address *a, const union socket_address *b);

/*
 * Whether packets to it stay in private networks or on this host: 10/8, 172.16/12 and 192.168/16 (RFC 1918),
 * 100.64/10 (RFC 6598), fc00::/7 (RFC 4193), 127/8 and ::1; the IPv4 ones also when mapped into IPv6.
 */
bool socket_address_is_private(const union socket_address *address);

/* Whether only this host reaches it: 127/8, also when mapped into IPv6, and ::1. */
bool socket_address_is_loopback(const union socket_address *address);

enum { SOCKET_ADDRESS_TEXT = 64 };

/* "127.0.0.1:443" or "[::1]:443"; returns text. */
const char *socket_address_format(const union socket_address *address, char text[SOCKET_ADDRESS_TEXT]);

#endif
