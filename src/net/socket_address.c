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
