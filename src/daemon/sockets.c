#include "daemon/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/inherited.h"
#include "net/listener.h"
#include "net/socket_address.h"

struct listening {
    bool inherited;
    int fds[CONFIG_WORKERS_MAX]; /* one for each worker; all of a listener may be the same */
};

struct sockets {
    const struct config *config;
    struct listening at[]; /* as config->listeners */
};

static const struct listening *find(const struct sockets *sockets, const struct config_listener *listener)
{
    for (size_t i = 0; sockets && i < sockets->config->listener_count; i++) {
        if (strcmp(sockets->config->listeners[i].address, listener->address) == 0)
            return &sockets->at[i];
    }
    return NULL;
}

static enum sg_status duplicate(int from, int *fd, struct sg_error *err)
{
    *fd = fcntl(from, F_DUPFD_CLOEXEC, 0);
    return *fd < 0 ? sg_fail(err, SG_IO, "a descriptor could not be duplicated: %s", strerror(errno)) : SG_OK;
}

/*
 * SO_REUSEPORT would also let a second sagegate of the same user take half of the connections. So the port is
 * first opened alone, which fails when anybody has it.
 */
static enum sg_status probe(const struct config_listener *listener, struct sg_error *err)
{
    int fd;
    enum sg_status status = listener_open(listener, false, &fd, err);

    if (status == SG_OK)
        close(fd);
    return status;
}

/* A worker's socket; `first` is that of the first worker, -1 when this is it. */
static enum sg_status open_one(const struct config_listener *listener, int first, int *fd,
                               struct sg_error *err)
{
    if (first >= 0 && listener->unix_path)
        return duplicate(first, fd, err);
    if (first < 0 && !listener->unix_path && probe(listener, err) != SG_OK)
        return err->status;
    return listener_open(listener, true, fd, err);
}

/*
 * A socket that was handed over is judged as the address in its place would be: a ListenStream= that is a
 * port alone is open to the whole network.
 */
static enum sg_status judge_inherited(const struct config_listener *listener, int fd, struct sg_error *err)
{
    union socket_address at = {0};
    socklen_t len = sizeof(at); /* of the path of a Unix socket nothing is asked */
    char text[SOCKET_ADDRESS_TEXT];
    int family;

    if (getsockname(fd, &at.any, &len) != 0)
        return sg_fail(err, SG_IO, "listener %s: the socket that was handed over: %s", listener->name,
                       strerror(errno));
    family = at.any.sa_family;
    if (listener->unix_path ? family != AF_UNIX : family != AF_INET && family != AF_INET6)
        return sg_fail(err, SG_INVALID,
                       "listener %s: the socket that was handed over is not of the kind of its address, %s",
                       listener->name, listener->address);
    if (listener->unix_path || listener->allow_remote || socket_address_is_loopback(&at))
        return SG_OK;
    return sg_fail(
        err, SG_INVALID,
        "listener %s: the socket that was handed over, %s, can be reached from other machines, and "
        "whoever reaches it is signed for; let its ListenStream= be on 127.0.0.1 or [::1], or say "
        "allow_remote: true",
        listener->name, socket_address_format(&at, text));
}

static enum sg_status open_listener(const struct config_listener *listener, unsigned workers,
                                    const struct sockets *before, struct listening *out, struct sg_error *err)
{
    const struct listening *kept = find(before, listener);
    int handed = kept ? -1 : inherited_socket(listener->name);

    out->inherited = kept ? kept->inherited : handed >= 0;
    if (out->inherited && judge_inherited(listener, kept ? kept->fds[0] : handed, err) != SG_OK)
        return err->status;
    if (handed >= 0)
        log_info("listener %s: the socket that was handed over is used, not %s", listener->name,
                 listener->address);
    for (unsigned i = 0; i < workers; i++) {
        enum sg_status status = kept          ? duplicate(kept->fds[i], &out->fds[i], err)
                                : handed >= 0 ? duplicate(handed, &out->fds[i], err)
                                              : open_one(listener, i ? out->fds[0] : -1, &out->fds[i], err);

        if (status != SG_OK)
            return status;
    }
    return SG_OK;
}

struct sockets *sockets_open(const struct config *config, const struct sockets *before, struct sg_error *err)
{
    struct sockets *sockets = calloc(1, sizeof(*sockets) + config->listener_count * sizeof(struct listening));

    if (!sockets) {
        sg_fail(err, SG_NO_MEMORY, "out of memory");
        return NULL;
    }
    sockets->config = config;
    for (size_t i = 0; i < config->listener_count; i++)
        memset(sockets->at[i].fds, -1, sizeof(sockets->at[i].fds));
    for (size_t i = 0; i < config->listener_count; i++) {
        if (open_listener(&config->listeners[i], config->workers, before, &sockets->at[i], err) != SG_OK) {
            sockets_close(sockets, before);
            return NULL;
        }
    }
    return sockets;
}

int *sockets_for_worker(const struct sockets *sockets, unsigned worker)
{
    size_t count = sockets->config->listener_count;
    int *fds = malloc(count * sizeof(*fds));
    struct sg_error err;

    for (size_t i = 0; fds && i < count; i++) {
        if (duplicate(sockets->at[i].fds[worker], &fds[i], &err) == SG_OK)
            continue;
        sockets_forget(fds, i);
        return NULL;
    }
    return fds;
}

void sockets_forget(int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        close(fds[i]);
    free(fds);
}

enum sg_status sockets_permit(const struct sockets *sockets, const struct sockets *before,
                              struct sg_error *err)
{
    enum sg_status status = SG_OK;

    for (size_t i = 0; i < sockets->config->listener_count; i++) {
        const struct config_listener *listener = &sockets->config->listeners[i];
        const struct listening *kept = find(before, listener);

        if (!listener->unix_path || !kept || kept->inherited ||
            before->config->listeners[kept - before->at].permissions == listener->permissions)
            continue;
        if (listener_permit(listener, err) != SG_OK)
            status = SG_IO;
    }
    return status;
}

void sockets_close(struct sockets *sockets, const struct sockets *after)
{
    if (!sockets)
        return;
    for (size_t i = 0; i < sockets->config->listener_count; i++) {
        const struct config_listener *listener = &sockets->config->listeners[i];
        struct listening *listening = &sockets->at[i];

        if (listening->fds[0] >= 0 && !listening->inherited && !find(after, listener))
            listener_unlink(listener);
        for (unsigned k = 0; k < sockets->config->workers && listening->fds[k] >= 0; k++)
            close(listening->fds[k]);
    }
    free(sockets);
}
