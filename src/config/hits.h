/*
 * How often each statement of a configuration's policies has decided: counters that lie beside the policies,
 * one set a worker, and go with the last share of the configuration. The only part of it that changes.
 */
#ifndef SAGEGATE_CONFIG_HITS_H
#define SAGEGATE_CONFIG_HITS_H

#include "base/counter.h"
#include "config/config.h"

/* Once, when the number of workers is known, before the configuration is shared. SG_NO_MEMORY. */
enum sg_status hits_new(struct config *config, struct sg_error *err);

/* Of one statement (index from 0) of one of the policies of a listener or client, as this worker counts. */
struct counter *hits_counter(const struct config *config, unsigned worker,
                             const struct config_listener *rules, size_t document, size_t statement);

/* The same of all workers. */
uint64_t hits_sum(const struct config *config, const struct config_listener *rules, size_t document,
                  size_t statement);

#endif
