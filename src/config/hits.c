#include "config/hits.h"

#include <stdlib.h>

/* In the policies before this one. */
static size_t statements_before(const struct config_listener *rules, size_t document)
{
    size_t count = 0;

    for (size_t i = 0; i < document; i++)
        count += policy_statement_count(rules->policies[i]);
    return count;
}

enum sg_status hits_new(struct config *config, struct sg_error *err)
{
    size_t count = 0;

    for (size_t i = 0; i < config->rule_count; i++) {
        struct config_listener *rules = &config->listeners[i];

        rules->first_hit = count;
        count += statements_before(rules, rules->policy_files.count);
    }
    config->hits_per_worker = count;
    config->hits = calloc(count * config->workers + 1, sizeof(struct counter));
    return config->hits ? SG_OK : sg_fail(err, SG_NO_MEMORY, "out of memory");
}

struct counter *hits_counter(const struct config *config, unsigned worker,
                             const struct config_listener *rules, size_t document, size_t statement)
{
    return &config->hits[worker * config->hits_per_worker + rules->first_hit +
                         statements_before(rules, document) + statement];
}

uint64_t hits_sum(const struct config *config, const struct config_listener *rules, size_t document,
                  size_t statement)
{
    uint64_t sum = 0;

    for (unsigned worker = 0; worker < config->workers; worker++)
        sum += counter_read(hits_counter(config, worker, rules, document, statement));
    return sum;
}
