#include "daemon/inherited.h"

#include <fcntl.h>
#include <stddef.h>

#include "base/log.h"
#include "config.h"
#include "config/config.h"

#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>

static char **names;
static int count;

static bool is_listener(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->listener_count; i++) {
        if (strcmp(config->listeners[i].name, name) == 0)
            return true;
    }
    return false;
}

void inherited_take(const struct config *config)
{
    count = sd_listen_fds_with_names(1, &names);
    for (int i = 0; i < count; i++) {
        int flags = fcntl(SD_LISTEN_FDS_START + i, F_GETFL);

        /* What is shared with another process could be taken by it between poll and accept. */
        if (flags >= 0)
            fcntl(SD_LISTEN_FDS_START + i, F_SETFL, flags | O_NONBLOCK);
        if (!is_listener(config, names[i]))
            log_warn("a socket named %s was handed over, but no listener has that name: it is not used",
                     names[i]);
    }
}

int inherited_socket(const char *listener)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(names[i], listener) == 0 && sd_is_socket(SD_LISTEN_FDS_START + i, 0, SOCK_STREAM, 1) > 0)
            return SD_LISTEN_FDS_START + i;
    }
    return -1;
}

#else

void inherited_take(const struct config *config)
{
    (void)config;
}

int inherited_socket(const char *listener)
{
    (void)listener;
    return -1;
}

#endif
