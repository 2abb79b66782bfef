#include "net/addresses.h"

#include <string.h>

static struct address *find(const struct addresses *addresses, const union socket_address *at)
{
    for (size_t i = 0; i < addresses->count; i++) {
        if (socket_address_eq(&addresses->list[i].at, at))
            return (struct address *)(uintptr_t)&addresses->list[i];
    }
    return NULL;
}

static void add(struct addresses *addresses, const struct addresses *before, const union socket_address *at,
                bool preferred, bool require_private)
{
    const struct address *known = find(before, at);
    struct address *added;

    if (require_private && !socket_address_is_private(at)) {
        addresses->refused++;
        addresses->public = *at;
        return;
    }
    if (addresses->count == ADDRESSES_MAX || find(addresses, at))
        return;
    added = &addresses->list[addresses->count++];
    *added = known ? *known : (struct address){.at = *at};
    added->preferred = preferred;
}

void addresses_update(struct addresses *addresses, const struct resolver_answer *zonal,
                      const struct resolver_answer *usual, bool require_private)
{
    struct addresses before = *addresses;

    addresses->count = 0;
    addresses->refused = 0;
    for (size_t i = 0; zonal && i < zonal->count; i++)
        add(addresses, &before, &zonal->addresses[i], true, require_private);
    for (size_t i = 0; i < usual->count; i++)
        add(addresses, &before, &usual->addresses[i], false, require_private);
}

/* Appends the good ones that are (not) preferred, beginning with another each time. */
static size_t append_good(struct addresses *addresses, bool preferred, size_t count,
                          union socket_address order[ADDRESSES_MAX])
{
    for (size_t i = 0; i < addresses->count; i++) {
        const struct address *address = &addresses->list[(addresses->turn + i) % addresses->count];

        if (address->preferred == preferred && address->failures == 0)
            order[count++] = address->at;
    }
    return count;
}

/* Appends the ejected in the order of their probes: few enough to look for the next one each time. */
static size_t append_ejected(const struct addresses *addresses, size_t count,
                             union socket_address order[ADDRESSES_MAX])
{
    bool taken[ADDRESSES_MAX] = {false};

    for (;;) {
        size_t next = addresses->count;

        for (size_t i = 0; i < addresses->count; i++) {
            if (!taken[i] && addresses->list[i].failures &&
                (next == addresses->count ||
                 addresses->list[i].probe_at_us < addresses->list[next].probe_at_us))
                next = i;
        }
        if (next == addresses->count)
            return count;
        taken[next] = true;
        order[count++] = addresses->list[next].at;
    }
}

size_t addresses_order(struct addresses *addresses, union socket_address order[ADDRESSES_MAX])
{
    size_t count = append_good(addresses, true, 0, order);

    count = append_good(addresses, false, count, order);
    addresses->turn++;
    return append_ejected(addresses, count, order);
}

bool address_failed(struct addresses *addresses, const union socket_address *at, uint64_t now_us)
{
    struct address *address = find(addresses, at);
    uint64_t pause_ms = ADDRESS_PROBE_MIN_MS;

    if (!address)
        return false;
    for (unsigned i = 0; i < address->failures && pause_ms < ADDRESS_PROBE_MAX_MS; i++)
        pause_ms *= 2;
    if (pause_ms > ADDRESS_PROBE_MAX_MS)
        pause_ms = ADDRESS_PROBE_MAX_MS;
    address->probe_at_us = now_us + pause_ms * 1000;
    return address->failures++ == 0;
}

void address_untried(struct addresses *addresses, const union socket_address *at, uint64_t now_us)
{
    const struct address *address = find(addresses, at);

    if (address && address->failures)
        address_failed(addresses, at, now_us);
}

bool address_works(struct addresses *addresses, const union socket_address *at)
{
    struct address *address = find(addresses, at);
    bool was_ejected = address && address->failures;

    if (address)
        address->failures = 0;
    return was_ejected;
}

bool address_is_near(const struct addresses *addresses, const union socket_address *at)
{
    const struct address *address = find(addresses, at);

    return address && address->preferred;
}

bool address_is_wanted(const struct addresses *addresses, const union socket_address *at)
{
    const struct address *address = find(addresses, at);
    bool better = false;

    if (!address)
        return false;
    for (size_t i = 0; i < addresses->count; i++) {
        const struct address *other = &addresses->list[i];

        if (other->failures == 0 && (address->failures || (other->preferred && !address->preferred)))
            better = true;
    }
    return !better;
}

const struct address *addresses_next_probe(const struct addresses *addresses)
{
    const struct address *next = NULL;

    for (size_t i = 0; i < addresses->count; i++) {
        const struct address *address = &addresses->list[i];

        if (address->failures && (!next || address->probe_at_us < next->probe_at_us))
            next = address;
    }
    return next;
}
