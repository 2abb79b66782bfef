/*
 * What the daemon gives up at its start, before the first thread and the first byte from outside: root, new
 * privileges, capabilities, the sight of files it does not need, and system calls it does not use. What
 * cannot be had on this machine is told and done without; only `user` in the configuration must be had.
 */
#ifndef SAGEGATE_DAEMON_SANDBOX_H
#define SAGEGATE_DAEMON_SANDBOX_H

#include <stdint.h>

#include "base/buffer.h"
#include "config/config.h"

struct sandbox {
    bool on;
    const struct config_user *user; /* to become; NULL: none */
    uint64_t capabilities;          /* that are kept, as bits */
    bool programs;                  /* one is to be run, for credentials */
    const char *others;             /* why there are more; NULL: there are none */
    const char *no_seccomp;         /* why not; NULL: it is in force */
    const char *no_landlock;
};

/* What a start of this process would come to. Points into config. */
struct sandbox sandbox_plan(const struct config *config);

/*
 * Does it. path: of the configuration, which is read again. Layers that are not to be had after all are noted
 * in `sandbox`; SG_IO when it would go on as somebody else than it should.
 */
enum sg_status sandbox_enter(struct sandbox *sandbox, const struct config *config, const char *path,
                             struct sg_error *err);

/* One line for a person: "no new privileges, no capabilities, …". */
void sandbox_tell(const struct sandbox *sandbox, struct buffer *out);

/* Whether a newer configuration works inside; SG_INVALID with err when it takes a restart. */
enum sg_status sandbox_admits(const struct sandbox *sandbox, const struct config *config,
                              struct sg_error *err);

#endif
