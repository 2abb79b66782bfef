#include "daemon/notify.h"

#include "base/clock.h"
#include "config.h"

#ifdef HAVE_SYSTEMD
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>

static char told[1024]; /* the last status, unless something else was told since */

void notify_ready(const char *status)
{
    told[0] = '\0';
    sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void notify_reloading(void)
{
    told[0] = '\0';
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu\nSTATUS=reading the configuration",
               (unsigned long long)clock_monotonic_us());
}

uint64_t notify_watchdog_period(void)
{
    uint64_t period;

    return sd_watchdog_enabled(0, &period) > 0 ? period : 0;
}

void notify_watchdog(void)
{
    sd_notify(0, "WATCHDOG=1");
}

/* Only what is new: the service manager may be slow to read, and sd_notify(3) waits for it. */
void notify_status(const char *status)
{
    if (strcmp(told, status) == 0)
        return;
    snprintf(told, sizeof(told), "%s", status);
    sd_notifyf(0, "STATUS=%s", status);
}

void notify_stopping(void)
{
    sd_notify(0, "STOPPING=1\nSTATUS=finishing running requests");
}

#else

void notify_ready(const char *status)
{
    (void)status;
}

void notify_status(const char *status)
{
    (void)status;
}

void notify_stopping(void)
{
}

void notify_reloading(void)
{
}

uint64_t notify_watchdog_period(void)
{
    return 0;
}

void notify_watchdog(void)
{
}

#endif
