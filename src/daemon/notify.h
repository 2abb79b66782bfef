/* What systemd (or whoever set NOTIFY_SOCKET) is told of the daemon's state; nothing without libsystemd. */
#ifndef SAGEGATE_DAEMON_NOTIFY_H
#define SAGEGATE_DAEMON_NOTIFY_H

#include <stdint.h>

void notify_ready(const char *status);
/* A reload begins; notify_ready() ends it. */
void notify_reloading(void);
void notify_status(const char *status);
void notify_stopping(void);
/* How often, in microseconds, the service manager wants notify_watchdog(); 0: it does not. */
uint64_t notify_watchdog_period(void);
void notify_watchdog(void);

#endif
