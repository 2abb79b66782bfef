#include "net/listener.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/socket_address.h"

enum {
    BACKLOG = 1024,
    ACCEPTS_A_TURN = 64, /* then other events get their turn */
    PAUSE_MS = 100,      /* after running out of descriptors or memory */
};

struct listener {
    struct event readable;
    struct event resume;
    int fd;
    const struct config_listener *config;
    listener_accepted *accepted;
    void *user;
};

static enum sg_status listen_tcp(const struct config_listener *config, bool shared, int fd,
                                 const union socket_address *address, struct sg_error *err)
{
    int on = 1, share = shared;

    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &share, sizeof(share)) != 0 ||
        (address->any.sa_family == AF_INET6 &&
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0))
        return sg_fail(err, SG_IO, "listener %s: setsockopt: %s", config->name, strerror(errno));
    if (bind(fd, &address->any, socket_address_len(address)) != 0)
        return sg_fail(err, SG_IO, "listener %s: cannot bind to %s: %s", config->name, config->address,
                       strerror(errno));
    if (listen(fd, BACKLOG) != 0)
        return sg_fail(err, SG_IO, "listener %s: listen on %s: %s", config->name, config->address,
                       strerror(errno));
    return SG_OK;
}

static enum sg_status open_tcp(const struct config_listener *config, bool shared, int *fd,
                               struct sg_error *err)
{
    union socket_address address;
    enum sg_status status;

    if (!socket_address_parse(config->host, config->port, &address))
        return sg_fail(err, SG_INVALID, "listener %s: %s is not an address", config->name, config->host);
    *fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return sg_fail(err, SG_IO, "listener %s: socket: %s", config->name, strerror(errno));
    status = listen_tcp(config, shared, *fd, &address, err);
    if (status != SG_OK)
        close(*fd);
    return status;
}

/* Whether the path is a socket that nobody listens on any more (left by a process that was killed). */
static bool is_stale_socket(const struct sockaddr_un *address)
{
    struct stat st;
    bool refused;
    int fd;

    if (lstat(address->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
        return false;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    refused = connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 && errno == ECONNREFUSED;
    close(fd);
    return refused;
}

enum sg_status listener_permit(const struct config_listener *config, struct sg_error *err)
{
    if (chmod(config->unix_path, config->permissions) == 0)
        return SG_OK;
    return sg_fail(err, SG_IO, "listener %s: the permissions of %s: %s", config->name, config->unix_path,
                   strerror(errno));
}

static enum sg_status listen_unix(const struct config_listener *config, int fd,
                                  const struct sockaddr_un *address, struct sg_error *err)
{
    enum sg_status status;
    mode_t before;
    int bound;

    if (is_stale_socket(address))
        unlink(address->sun_path);
    /* Nobody may connect between bind and chmod. */
    before = umask(0777);
    bound = bind(fd, (const struct sockaddr *)address, sizeof(*address));
    umask(before);
    if (bound != 0)
        return sg_fail(err, SG_IO, "listener %s: cannot bind to %s: %s", config->name, address->sun_path,
                       errno == EADDRINUSE ? "another process listens there, or it is not a socket"
                                           : strerror(errno));
    status = listener_permit(config, err);
    if (status == SG_OK && listen(fd, BACKLOG) != 0)
        status = sg_fail(err, SG_IO, "listener %s: %s: %s", config->name, address->sun_path, strerror(errno));
    if (status != SG_OK)
        unlink(address->sun_path);
    return status;
}

static enum sg_status open_unix(const struct config_listener *config, int *fd, struct sg_error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(config->unix_path);
    enum sg_status status;

    if (len >= sizeof(address.sun_path))
        return sg_fail(err, SG_INVALID, "listener %s: the path of a Unix socket has at most %zu bytes",
                       config->name, sizeof(address.sun_path) - 1);
    memcpy(address.sun_path, config->unix_path, len);
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return sg_fail(err, SG_IO, "listener %s: socket: %s", config->name, strerror(errno));
    status = listen_unix(config, *fd, &address, err);
    if (status != SG_OK)
        close(*fd);
    return status;
}

enum sg_status listener_open(const struct config_listener *config, bool shared, int *fd, struct sg_error *err)
{
    return config->unix_path ? open_unix(config, fd, err) : open_tcp(config, shared, fd, err);
}

void listener_unlink(const struct config_listener *config)
{
    if (config->unix_path)
        unlink(config->unix_path);
}

static void accept_up_to(struct listener *listener, int most)
{
    int on = 1;

    for (int i = 0; i < most; i++) {
        int client = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (client < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (client < 0) {
            if (errno != EAGAIN && errno != EWOULDBLOCK) {
                struct timeval pause = {0, PAUSE_MS * 1000};

                log_warn("listener %s: accept: %s; trying again in %d ms", listener->config->name,
                         strerror(errno), PAUSE_MS);
                event_del(&listener->readable);
                evtimer_add(&listener->resume, &pause);
            }
            return;
        }
        if (!listener->config->unix_path)
            setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        listener->accepted(listener->user, listener->config, client);
    }
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    accept_up_to(arg, ACCEPTS_A_TURN);
}

static void on_resume(evutil_socket_t fd, short what, void *arg)
{
    struct listener *listener = arg;

    (void)fd;
    (void)what;
    event_add(&listener->readable, NULL);
}

struct listener *listener_start(struct event_base *base, int fd, const struct config_listener *config,
                                listener_accepted *accepted, void *user)
{
    struct listener *listener = calloc(1, sizeof(*listener));

    if (!listener)
        return NULL;
    *listener = (struct listener){.fd = fd, .config = config, .accepted = accepted, .user = user};
    event_assign(&listener->readable, base, fd, EV_READ | EV_PERSIST, on_readable, listener);
    evtimer_assign(&listener->resume, base, on_resume, listener);
    if (event_add(&listener->readable, NULL) != 0) {
        free(listener);
        return NULL;
    }
    return listener;
}

void listener_stop(struct listener *listener)
{
    if (!listener)
        return;
    /* Whoever is in the queue has connected already: closing the socket would reset them. */
    accept_up_to(listener, BACKLOG);
    event_del(&listener->readable);
    event_del(&listener->resume);
    free(listener);
}
