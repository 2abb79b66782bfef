/*
 * A program that prints credentials (credential_process). It runs without a shell, with no input, none of our
 * descriptors, and a process group of its own that is killed when it takes too long.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
 */
#ifndef SAGEGATE_CREDENTIALS_PROCESS_H
#define SAGEGATE_CREDENTIALS_PROCESS_H

#include "credentials/credentials.h"

struct event_base;
struct process;

enum { PROCESS_LIMIT_MS = 60 * 1000 };

/* `found` is borrowed; NULL with a reason, which may quote the end of what the program wrote to stderr and
 * nothing of what it wrote to stdout. */
typedef void process_done(void *user, struct credentials *found, const char *why_not);

/*
 * `done` is called once, from the event loop, after which the process is gone. The loop must be the one of
 * the process's signals (SIGCHLD). NULL with err when it cannot be started at all.
 */
struct process *process_start(struct event_base *base, struct slice command, unsigned limit_ms,
                              process_done *done, void *user, struct sg_error *err);

void process_cancel(struct process *process); /* kills it; `done` is not called; NULL is fine */

#endif
