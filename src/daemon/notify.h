/* What systemd (or whoever set NOTIFY_SOCKET) is told of the daemon's state; nothing without libsystemd. */
#ifndef SAGEGATE_DAEMON_NOTIFY_H
#define SAGEGATE_DAEMON_NOTIFY_H

void notify_ready(const char *status);
void notify_status(const char *status);
void notify_stopping(void);

#endif
