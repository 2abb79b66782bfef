/*
 * Listening sockets that the service manager opened for us and keeps open while we restart
 * (systemd.socket(5)): each is known by its FileDescriptorName=, which is the name of a listener. Nothing
 * without libsystemd.
 */
#ifndef SAGEGATE_DAEMON_INHERITED_H
#define SAGEGATE_DAEMON_INHERITED_H

/* Once at start, before threads: takes them out of the environment. Warns of those whose name no listener
 * has. */
struct config;
void inherited_take(const struct config *config);

/* The one handed over for a listener; -1 when there is none. It stays open for the life of the process. */
int inherited_socket(const char *listener);

#endif
