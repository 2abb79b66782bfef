/*
 * What no application beside us sends, but a web page or a request forged through another server does: a
 * foreign Host (DNS rebinding), and the fields that browsers and reverse proxies add. Each check can be
 * switched off by its name in the listener's skip_checks. Targets in absolute form, and CONNECT, do not pass
 * the head's parser.
 */
#include <arpa/inet.h>

#include "proxy/admission.h"

static const struct {
    enum http_name name;
    enum config_check check;
    const char *skip;
    const char *from;
} telltales[] = {
    {FIELD_ORIGIN, CONFIG_CHECK_ORIGIN, "origin", "a web page"},
    {FIELD_SEC_FETCH, CONFIG_CHECK_SEC_FETCH, "sec-fetch", "a browser"},
    {FIELD_X_FORWARDED, CONFIG_CHECK_FORWARDED, "forwarded", "another machine through a proxy"},
    {FIELD_FORWARDED, CONFIG_CHECK_FORWARDED, "forwarded", "another machine through a proxy"},
    {FIELD_UPGRADE, CONFIG_CHECK_UPGRADE, "upgrade", "a client that wants another protocol"},
};

static bool is_checked(const struct admission *a, enum config_check check)
{
    return !(a->listener->skipped_checks & 1u << check);
}

static enum admission_verdict check_telltales(struct admission *a)
{
    for (size_t i = 0; i < sizeof(telltales) / sizeof(telltales[0]); i++) {
        const struct http_field *field = http_head_field(a->head, telltales[i].name);

        if (field && is_checked(a, telltales[i].check))
            return admission_refuse(a, AWS_ERROR_ACCESS_DENIED,
                                    "The header %.*s says that this request comes from %s, which sagegate "
                                    "does not sign for. If it is meant to, add %s to skip_checks of "
                                    "listener %s.",
                                    SLICE_FMT(field->name), telltales[i].from, telltales[i].skip,
                                    a->listener->name);
    }
    return ADMISSION_GRANTED;
}

/* The host of "host", "host:port", "[v6]" or "[v6]:port"; empty when it is neither. */
static struct slice host_of(struct slice authority)
{
    bool bracketed = authority.len > 0 && authority.ptr[0] == '[';
    struct slice rest = bracketed ? slice_from(authority, 1) : authority, host;
    unsigned long long port;

    slice_split(&rest, bracketed ? ']' : ':', &host);
    if (bracketed && rest.len > 0 && rest.ptr[0] == ':')
        rest = slice_from(rest, 1);
    else if (bracketed && (!rest.ptr || rest.len > 0))
        return SLICE("");
    return rest.len == 0 || slice_to_u64(rest, UINT16_MAX, &port) ? host : SLICE("");
}

/* 127.0.0.0/8 or ::1. */
static bool is_loopback(struct slice host)
{
    char text[INET_ADDRSTRLEN];
    struct in_addr address;

    if (host.len >= sizeof(text))
        return false;
    memcpy(text, host.ptr, host.len);
    text[host.len] = '\0';
    if (inet_pton(AF_INET, text, &address) == 1)
        return ntohl(address.s_addr) >> 24 == 127;
    return strcmp(text, "::1") == 0;
}

bool forgery_is_own_host(const struct config_listener *listener, struct slice authority)
{
    struct slice host = host_of(authority);

    if (slice_eq_nocase(host, SLICE("localhost")) || is_loopback(host) ||
        (listener->host && slice_eq_nocase(host, slice_cstr(listener->host))))
        return true;
    for (size_t i = 0; i < listener->hosts.count; i++) {
        if (slice_eq_nocase(host, slice_cstr(listener->hosts.at[i])))
            return true;
    }
    return false;
}

static enum admission_verdict check_host(struct admission *a)
{
    const struct config_listener *listener = a->listener;
    const struct http_field *host = http_head_field(a->head, FIELD_HOST);

    if (!host || forgery_is_own_host(listener, host->value) || !is_checked(a, CONFIG_CHECK_HOST))
        return ADMISSION_GRANTED;
    return admission_refuse(
        a, AWS_ERROR_ACCESS_DENIED,
        "The Host %.*s%s is none of this listener's names: localhost, a loopback address, its own "
        "address. If clients are to call it so, add it to hosts of listener %s.",
        SLICE_BRIEF(host->value), listener->name);
}

enum admission_verdict forgery_check(struct admission *a)
{
    enum admission_verdict verdict = check_host(a);

    return verdict == ADMISSION_GRANTED ? check_telltales(a) : verdict;
}
