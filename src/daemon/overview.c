#include "daemon/overview.h"

#include <stdio.h>
#include <string.h>

static struct overview_address *find(struct overview_addresses *out, const union socket_address *at)
{
    for (size_t i = 0; i < out->count; i++) {
        if (socket_address_eq(&out->list[i].at, at))
            return &out->list[i];
    }
    if (out->count == ADDRESSES_MAX)
        return NULL;
    out->list[out->count] = (struct overview_address){.at = *at};
    return &out->list[out->count++];
}

/* What one worker sees. Returns whether it has an address that is not ejected. */
static bool add(struct overview_addresses *out, const struct upstream_state *state)
{
    const struct addresses *seen = &state->addresses;
    bool good = false;

    for (size_t i = 0; i < seen->count; i++) {
        struct overview_address *address = find(out, &seen->list[i].at);

        good = good || seen->list[i].failures == 0;
        if (!address)
            continue;
        address->own_zone = seen->list[i].preferred;
        address->ejected_by += seen->list[i].failures > 0;
    }
    if (seen->refused > out->refused)
        out->refused = seen->refused;
    if (state->error[0])
        snprintf(out->error, sizeof(out->error), "%s", state->error);
    return good;
}

void overview_addresses(const struct overview *overview, size_t service, struct overview_addresses *out)
{
    struct upstream_state state;

    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < overview->worker_count; i++) {
        if (!upstream_metrics_state(&overview->workers[i]->upstreams[service], &state) || !add(out, &state))
            out->stranded++;
    }
}

uint64_t overview_sum(const struct overview *overview, size_t offset)
{
    uint64_t total = 0;

    for (size_t i = 0; i < overview->worker_count; i++)
        total += counter_read((const struct counter *)((const char *)overview->workers[i] + offset));
    return total;
}
