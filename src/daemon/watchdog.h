/*
 * Tells the service manager that the daemon is well (sd_watchdog_enabled(3)), as long as every worker
 * answers: one that hangs makes it restart us.
 */
#ifndef SAGEGATE_DAEMON_WATCHDOG_H
#define SAGEGATE_DAEMON_WATCHDOG_H

struct event_base;
struct watchdog;
struct worker;

/* On the control thread. NULL when the service manager does not watch, or memory is short. */
struct watchdog *watchdog_start(struct event_base *base, struct worker **workers, unsigned count);

/* NULL is fine. */
void watchdog_stop(struct watchdog *watchdog);

#endif
