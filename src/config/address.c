#include "config/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>

#include "config/values.h"

enum { HTTPS_PORT = 443, DNS_PORT = 53, LABEL_MAX = 63, NAME_MAX_LEN = 253, REGION_MAX = 32 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_lower_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || is_digit(c);
}

/* One label of a DNS name in lower case (RFC 1123 section 2.1). */
static bool is_label(struct slice label)
{
    if (label.len == 0 || label.len > LABEL_MAX || label.ptr[0] == '-' || label.ptr[label.len - 1] == '-')
        return false;
    for (size_t i = 0; i < label.len; i++) {
        if (!is_lower_or_digit(label.ptr[i]) && label.ptr[i] != '-')
            return false;
    }
    return true;
}

bool is_region(struct slice text)
{
    struct slice rest = text, word = {0};
    size_t words = 0;

    if (!is_label(text) || text.len > REGION_MAX)
        return false;
    while (slice_split(&rest, '-', &word)) {
        unsigned long long number;

        if (word.len == 0 || is_digit(word.ptr[0]) == (rest.ptr != NULL))
            return false; /* only the last is a number */
        if (!rest.ptr && !slice_to_u64(word, 99, &number))
            return false;
        words++;
    }
    return words >= 3;
}

const char *read_region(const struct schema_key *key, struct slice text, void *target)
{
    return is_region(text) ? value_copy(text, target) : key->want;
}

/* Text up to where the host of "host", "host:port", "[v6]" or "[v6]:port" ends; port is NULL without one. */
struct host_port {
    struct slice host, port;
    bool bracketed;
};

static bool split_host_port(struct slice text, struct host_port *out)
{
    const char *end;

    *out = (struct host_port){.bracketed = text.len && text.ptr[0] == '['};
    if (out->bracketed)
        text = slice_from(text, 1);
    end = text.len ? memchr(text.ptr, out->bracketed ? ']' : ':', text.len) : NULL;
    if (!end && out->bracketed)
        return false;
    out->host = slice_of(text.ptr, end ? (size_t)(end - text.ptr) : text.len);
    text = slice_from(text, out->host.len);
    if (out->bracketed)
        text = slice_from(text, 1);
    if (text.len && text.ptr[0] != ':')
        return false;
    if (text.len)
        out->port = slice_from(text, 1);
    return out->host.len > 0;
}

/* An address literal in its one normal form; false when text is none. */
static bool read_literal(int family, struct slice text, char out[INET6_ADDRSTRLEN])
{
    char literal[INET6_ADDRSTRLEN];
    struct in6_addr address; /* large enough for both families */

    if (text.len >= sizeof(literal))
        return false;
    memcpy(literal, text.ptr, text.len);
    literal[text.len] = '\0';
    return inet_pton(family, literal, &address) == 1 &&
           inet_ntop(family, &address, out, INET6_ADDRSTRLEN) != NULL;
}

/* A DNS name in lower case whose last label is not a number, or it would be read as an IPv4 address. */
static bool is_dns_name(struct slice text)
{
    struct slice label = {0};

    if (text.len > NAME_MAX_LEN)
        return false;
    while (slice_split(&text, '.', &label)) {
        if (!is_label(label))
            return false;
    }
    return !is_digit(label.ptr[0]);
}

bool is_zone(struct slice text)
{
    return is_label(text) && text.len <= REGION_MAX && memchr(text.ptr, '-', text.len);
}

const char *read_zone(const struct schema_key *key, struct slice text, void *target)
{
    return is_zone(text) ? value_copy(text, target) : key->want;
}

bool is_id(struct slice text, struct slice prefix)
{
    struct slice id;

    if (!slice_starts(text, prefix))
        return false;
    id = slice_from(text, prefix.len);
    if (id.len == 0 || id.len > 64)
        return false;
    for (size_t i = 0; i < id.len; i++) {
        if (!((id.ptr[i] >= '0' && id.ptr[i] <= '9') || (id.ptr[i] >= 'a' && id.ptr[i] <= 'f')))
            return false;
    }
    return true;
}

const char *read_vpc_endpoint(const struct schema_key *key, struct slice text, void *target)
{
    if (!is_id(aws_vpc_endpoint_id(text), SLICE("vpce-")) || !is_dns_name(text))
        return key->want;
    return value_copy(text, target);
}

/* host without brackets, in its normal form, in out; false when it is neither address nor name. */
static bool read_url_host(const struct host_port *url, char out[NAME_MAX_LEN + 1])
{
    if (url->bracketed)
        return read_literal(AF_INET6, url->host, out);
    if (read_literal(AF_INET, url->host, out))
        return true;
    if (url->host.len > NAME_MAX_LEN)
        return false;
    for (size_t i = 0; i < url->host.len; i++)
        out[i] = ascii_lower(url->host.ptr[i]);
    out[url->host.len] = '\0';
    return is_dns_name(slice_cstr(out));
}

const char *read_url(const struct schema_key *key, struct slice text, void *target)
{
    static const struct slice scheme = SLICE_INIT("https://");
    struct config_endpoint *endpoint = target;
    unsigned long long port = HTTPS_PORT;
    char host[NAME_MAX_LEN + 1], suffix[sizeof(":65535")] = "";
    char authority[sizeof("[]") + sizeof(host) + sizeof(suffix)];
    struct host_port url;

    if (!slice_starts_nocase(text, scheme))
        return "it must begin with https://, as sagegate sends signed requests over TLS only";
    text = slice_from(text, scheme.len);
    if (text.len && text.ptr[text.len - 1] == '/')
        text.len--;
    if (text.len && memchr(text.ptr, '@', text.len))
        return "it must be without a user name or password: requests are signed";
    if (text.len && (memchr(text.ptr, '/', text.len) || memchr(text.ptr, '?', text.len) ||
                     memchr(text.ptr, '#', text.len)))
        return "it must end after host and port: the path is that of each request";
    if (!split_host_port(text, &url) || !read_url_host(&url, host))
        return key->want;
    if (url.port.ptr && (!slice_to_u64(url.port, UINT16_MAX, &port) || port == 0))
        return "the port must be a number from 1 to 65535";
    if (port != HTTPS_PORT)
        snprintf(suffix, sizeof(suffix), ":%u", (unsigned)port);
    endpoint->port = (uint16_t)port;
    snprintf(authority, sizeof(authority), url.bracketed ? "[%s]%s" : "%s%s", host, suffix);
    endpoint->host = strdup(host);
    endpoint->authority = strdup(authority);
    return endpoint->host && endpoint->authority ? NULL : memory_is_short;
}

const char *read_host(const struct schema_key *key, struct slice text, void *target)
{
    struct host_port name = {.host = text, .bracketed = memchr(text.ptr, ':', text.len) != NULL};
    char host[NAME_MAX_LEN + 1];

    return read_url_host(&name, host) ? words_append(target, slice_cstr(host)) : key->want;
}

static const char *read_unix_path(struct slice path, struct config_listener *listener)
{
    enum { PATH_MAX_LEN = 107 };

    _Static_assert(PATH_MAX_LEN < sizeof(((struct sockaddr_un *)NULL)->sun_path), "no room for its NUL");
    if (path.len == 0 || path.ptr[0] != '/')
        return "the path after unix: must be absolute, such as unix:/run/sagegate/app.sock";
    if (path.len > PATH_MAX_LEN)
        return "the path of a Unix socket has at most 107 bytes";
    return value_copy(path, &listener->unix_path);
}

const char *read_listen_address(const struct schema_key *key, struct slice text, void *target)
{
    static const struct slice scheme = SLICE_INIT("unix:");
    struct config_listener *listener = target;
    char host[INET6_ADDRSTRLEN] = "127.0.0.1";
    struct host_port address;
    unsigned long long port;

    if (value_copy(text, &listener->address) != NULL)
        return memory_is_short;
    if (slice_starts(text, scheme))
        return read_unix_path(slice_from(text, scheme.len), listener);
    if (!split_host_port(text, &address) || !address.port.ptr)
        return key->want;
    if (!slice_to_u64(address.port, UINT16_MAX, &port))
        return "the port must be a number up to 65535, and an IPv6 address stands in brackets: [::1]:8080";
    if (!slice_eq(address.host, SLICE("localhost")) &&
        !read_literal(address.bracketed ? AF_INET6 : AF_INET, address.host, host))
        return key->want;
    listener->port = (uint16_t)port;
    return value_copy(slice_cstr(host), &listener->host);
}

const char *read_servers(const struct schema_key *key, struct slice text, void *target)
{
    char list[512] = "", host[INET6_ADDRSTRLEN];
    struct slice part = {0};
    size_t len = 0;

    while (slice_split(&text, ',', &part)) {
        struct host_port server;
        unsigned long long port = DNS_PORT;

        if (!split_host_port(slice_trim(part), &server) ||
            !read_literal(server.bracketed ? AF_INET6 : AF_INET, server.host, host) ||
            (server.port.ptr && (!slice_to_u64(server.port, UINT16_MAX, &port) || port == 0)))
            return key->want;
        len += (size_t)snprintf(list + len, sizeof(list) - len, server.bracketed ? "%s[%s]:%u" : "%s%s:%u",
                                len ? "," : "", host, (unsigned)port);
        if (len >= sizeof(list))
            return key->want;
    }
    return value_copy(slice_cstr(list), target);
}

bool is_loopback(const char *host)
{
    struct in_addr address;

    if (inet_pton(AF_INET, host, &address) == 1)
        return ntohl(address.s_addr) >> 24 == 127;
    return strcmp(host, "::1") == 0;
}
