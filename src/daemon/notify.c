#include "daemon/notify.h"

#include "base/clock.h"
#include "config.h"

#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>

void notify_ready(const char *status)
{
    sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void notify_reloading(void)
{
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

void notify_status(const char *status)
{
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
