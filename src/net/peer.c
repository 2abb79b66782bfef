#include "net/peer.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/socket_address.h"

enum { GROUPS_MAX = 256 };

void peer_of_unix(int fd, struct peer *peer)
{
    struct ucred ucred;
    socklen_t len = sizeof(ucred);

    *peer = (struct peer){.known = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &ucred, &len) == 0};
    if (peer->known) {
        peer->uid = ucred.uid;
        peer->pid = ucred.pid;
    }
}

bool peer_in_group(int fd, gid_t group)
{
    struct ucred ucred;
    gid_t groups[GROUPS_MAX];
    socklen_t len = sizeof(ucred);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &ucred, &len) == 0 && ucred.gid == group)
        return true;
    len = sizeof(groups);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) != 0)
        return false;
    for (size_t i = 0; i < len / sizeof(groups[0]); i++) {
        if (groups[i] == group)
            return true;
    }
    return false;
}

int peer_diag_open(void)
{
    return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);
}

static void put_address(const union socket_address *from, __be32 to[4], __be16 *port)
{
    if (from->any.sa_family == AF_INET) {
        memcpy(to, &from->v4.sin_addr, sizeof(from->v4.sin_addr));
        *port = from->v4.sin_port;
    } else {
        memcpy(to, &from->v6.sin6_addr, sizeof(from->v6.sin6_addr));
        *port = from->v6.sin6_port;
    }
}

struct question {
    struct nlmsghdr header;
    struct inet_diag_req_v2 request;
};

/* Our peer's address is its socket's own; ours is where that socket is connected to. */
static bool make_question(int fd, uint32_t number, struct question *question)
{
    union socket_address ours, theirs;
    socklen_t our_len = sizeof(ours), their_len = sizeof(theirs);
    struct inet_diag_sockid *id = &question->request.id;

    *question = (struct question){.header = {.nlmsg_len = sizeof(*question),
                                             .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                                             .nlmsg_flags = NLM_F_REQUEST,
                                             .nlmsg_seq = number},
                                  .request = {.sdiag_protocol = IPPROTO_TCP, .idiag_states = ~0U}};
    if (getsockname(fd, &ours.any, &our_len) != 0 || getpeername(fd, &theirs.any, &their_len) != 0)
        return false;
    if (theirs.any.sa_family != AF_INET && theirs.any.sa_family != AF_INET6)
        return false;
    question->request.sdiag_family = (uint8_t)theirs.any.sa_family;
    put_address(&theirs, id->idiag_src, &id->idiag_sport);
    put_address(&ours, id->idiag_dst, &id->idiag_dport);
    id->idiag_cookie[0] = id->idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    return true;
}

/* Whether the address that was found is the one that was asked for: a socket of IPv6 that speaks IPv4 has it
 * mapped. */
static bool is_address(const struct inet_diag_msg *found, int family, const __be32 wanted[4])
{
    const __be32 mapped[] = {0, 0, htonl(0xffff), wanted[0]};
    bool is_mapped = family == AF_INET && found->idiag_family == AF_INET6;

    return memcmp(found->id.idiag_dst, is_mapped ? mapped : wanted,
                  found->idiag_family == AF_INET ? sizeof(wanted[0]) : sizeof(mapped)) == 0;
}

/*
 * Whether the answer is about that very connection. When it is gone the kernel may find a listening socket in
 * its place, and of a socket that its process has closed it says that root owns it: neither is an owner.
 */
static bool is_owner(const struct inet_diag_req_v2 *request, const struct inet_diag_msg *found)
{
    const struct inet_diag_sockid *wanted = &request->id;

    return found->idiag_state != TCP_LISTEN && found->idiag_inode != 0 &&
           found->id.idiag_sport == wanted->idiag_sport && found->id.idiag_dport == wanted->idiag_dport &&
           is_address(found, request->sdiag_family, wanted->idiag_dst);
}

void peer_of_tcp(int diag_fd, int fd, struct peer *peer)
{
    static _Thread_local uint32_t number;
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK}, from = {.nl_pid = 1};
    union {
        struct nlmsghdr header;
        char bytes[1024];
    } answer;
    struct question question;
    ssize_t n;

    *peer = (struct peer){.known = false};
    if (!make_question(fd, ++number, &question) ||
        sendto(diag_fd, &question, sizeof(question), 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
        return;
    /* The kernel answers before sendto() returns; an older answer would be one that was not read. */
    do {
        socklen_t len = sizeof(from);

        n = recvfrom(diag_fd, &answer, sizeof(answer), MSG_DONTWAIT, (struct sockaddr *)&from, &len);
    } while (n >= (ssize_t)sizeof(answer.header) && answer.header.nlmsg_seq != number);
    if (n >= (ssize_t)NLMSG_LENGTH(sizeof(struct inet_diag_msg)) && from.nl_pid == 0 &&
        answer.header.nlmsg_type == SOCK_DIAG_BY_FAMILY &&
        is_owner(&question.request, NLMSG_DATA(&answer.header))) {
        const struct inet_diag_msg *found = NLMSG_DATA(&answer.header);

        *peer = (struct peer){.known = true, .uid = found->idiag_uid, .inode = found->idiag_inode};
    }
}

/* Whether the process, by its folder in /proc, has the socket open. */
static bool has_socket(int process, uint32_t inode)
{
    char wanted[32], link[32];
    int folder = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *files = folder < 0 ? NULL : fdopendir(folder);
    const struct dirent *file;
    bool found = false;

    if (!files) {
        if (folder >= 0)
            close(folder);
        return false;
    }
    snprintf(wanted, sizeof(wanted), "socket:[%u]", inode);
    while (!found && (file = readdir(files))) {
        ssize_t n = readlinkat(folder, file->d_name, link, sizeof(link) - 1);

        if (n > 0) {
            link[n] = '\0';
            found = strcmp(link, wanted) == 0;
        }
    }
    closedir(files);
    return found;
}

/* A user's process that has the socket: its folder in /proc is returned, and its id put in pid; -1 when none
 * is found. */
static int find_process(struct peer *peer)
{
    DIR *processes = opendir("/proc");
    const struct dirent *entry;
    int process = -1;

    while (processes && process < 0 && (entry = readdir(processes))) {
        struct stat st;

        if (!isdigit((unsigned char)entry->d_name[0]) ||
            fstatat(dirfd(processes), entry->d_name, &st, 0) != 0 || st.st_uid != peer->uid)
            continue;
        process = openat(dirfd(processes), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (process >= 0 && !has_socket(process, peer->inode)) {
            close(process);
            process = -1;
        }
        if (process >= 0)
            peer->pid = (pid_t)atoi(entry->d_name);
    }
    if (processes)
        closedir(processes);
    return process;
}

bool peer_executable(struct peer *peer, char *path, size_t size)
{
    char folder[32];
    ssize_t n;
    int process;

    if (!peer->known)
        return false;
    snprintf(folder, sizeof(folder), "/proc/%d", (int)peer->pid);
    process = peer->pid ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : find_process(peer);
    if (process < 0)
        return false;
    n = readlinkat(process, "exe", path, size);
    close(process);
    if (n <= 0 || (size_t)n >= size)
        return false;
    path[n] = '\0';
    return true;
}
