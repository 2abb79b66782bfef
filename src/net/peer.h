/*
 * Who is at the other end of an accepted connection on this machine: SO_PEERCRED for Unix sockets,
 * sock_diag(7) for loopback TCP. What the kernel does not tell for certain is not known. Not for who may do
 * what: see the proxy.
 */
#ifndef SAGEGATE_NET_PEER_H
#define SAGEGATE_NET_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct peer {
    bool known;     /* uid is what the kernel says; else nothing here has a meaning */
    uid_t uid;      /* that made the socket */
    pid_t pid;      /* 0 when not known: TCP, until peer_executable() */
    uint32_t inode; /* of the peer's socket, for TCP */
};

/* Of a Unix socket: who connected. One system call. */
void peer_of_unix(int fd, struct peer *peer);

/* Whether that process was in the group when it connected, by its own or a supplementary one. */
bool peer_in_group(int fd, gid_t group);

/* The socket that peer_of_tcp() asks with; -1 with errno. One a thread; close() it. */
int peer_diag_open(void);

/*
 * Of TCP between two ends on this machine, over IPv4 or IPv6: the owner of the socket at the other end. Not
 * known when that socket is on another machine, in another network namespace, or closed by its process
 * already.
 */
void peer_of_tcp(int diag_fd, int fd, struct peer *peer);

/*
 * The program that the peer's process runs, as the kernel knows it (/proc/PID/exe); fills in pid. False when
 * it can't be told: the process has ended, or is another user's and we may not look. For TCP the processes of
 * that user are searched for the socket, which takes time.
 */
bool peer_executable(struct peer *peer, char *path, size_t size);

#endif
