/*
 * Listening sockets and accepting from them. TCP sockets are opened once a worker (SO_REUSEPORT: the kernel
 * spreads connections); a Unix socket is opened once and shared. Not for what is said on a connection.
 */
#ifndef SAGEGATE_NET_LISTENER_H
#define SAGEGATE_NET_LISTENER_H

#include "base/error.h"
#include "config/config.h"

struct event_base;

/*
 * Opens, binds and listens; *fd is the caller's. With shared, other sockets of this process may listen on the
 * same TCP port (SO_REUSEPORT). A Unix path is created with the configured mode; a socket file that nobody
 * listens on is replaced, any other file is an error. SG_OK, SG_INVALID, SG_IO.
 */
enum sg_status listener_open(const struct config_listener *config, bool shared, int *fd,
                             struct sg_error *err);

/* Gives the file of a Unix socket the configured permissions. SG_IO. */
enum sg_status listener_permit(const struct config_listener *config, struct sg_error *err);

/* Removes the file of a Unix socket; nothing for TCP. */
void listener_unlink(const struct config_listener *config);

struct listener;

/* Takes over the accepted, non-blocking, close-on-exec fd. */
typedef void listener_accepted(void *user, const struct config_listener *config, int fd);

/* Starts accepting on the loop. fd stays the caller's to close after listener_stop(). NULL when memory is
 * short. */
struct listener *listener_start(struct event_base *base, int fd, const struct config_listener *config,
                                listener_accepted *accepted, void *user);

/* Accepts what is queued already, then no more. NULL is fine. */
void listener_stop(struct listener *listener);

#endif
