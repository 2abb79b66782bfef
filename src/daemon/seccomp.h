/*
 * The filter of system calls: what the daemon uses from its start on, as an allowlist; or, where it is to run
 * a program whose calls nobody knows, all but those that no program needs which fetches keys.
 *
 * What is not allowed fails, as if the kernel were older than the call (ENOSYS): C libraries then do it in
 * the way they know, and every call in the daemon that can fail is looked at. To kill it would turn a call
 * that was overlooked, on a rare way or in another library, into an outage for those it serves.
 */
#ifndef SAGEGATE_DAEMON_SECCOMP_H
#define SAGEGATE_DAEMON_SECCOMP_H

#include <stdbool.h>

/* NULL when the filter can be had; else why not. */
const char *seccomp_why_not(void);

/* In force for this thread and those it will start, and for programs it runs. False with errno. */
bool seccomp_enforce(bool programs);

#endif
