/*
 * The listening sockets of one configuration: one for each listener and worker. Kept by the control thread;
 * workers get duplicates, so that each side may close its own at any time.
 */
#ifndef SAGEGATE_DAEMON_SOCKETS_H
#define SAGEGATE_DAEMON_SOCKETS_H

#include "base/error.h"
#include "config/config.h"

struct sockets;

/*
 * The sockets of all listeners: those that `before` (NULL: nothing was) has at the same address, those that
 * the service manager handed over under the listener's name (sd_listen_fds_with_names(3)), and else new ones:
 * over TCP one for each worker, else one for all. `before` stays as it is. config must outlive them. NULL
 * with err.
 */
struct sockets *sockets_open(const struct config *config, const struct sockets *before, struct sg_error *err);

/* Duplicates of a worker's: an array, one for each listener, for the caller to free and its elements to
 * close. NULL when memory or descriptors are short. */
int *sockets_for_worker(const struct sockets *sockets, unsigned worker);

/* Closes such duplicates that nobody took. */
void sockets_forget(int *fds, size_t count);

/* The files of Unix sockets that `before` has, too, get the permissions that these have and those had not.
 * SG_IO, when that does not go for one of them. */
enum sg_status sockets_permit(const struct sockets *sockets, const struct sockets *before,
                              struct sg_error *err);

/* Closes them. The file of a Unix socket goes too, unless `after` (NULL: nothing does) has it still, or
 * another process made it. NULL is fine. */
void sockets_close(struct sockets *sockets, const struct sockets *after);

#endif
