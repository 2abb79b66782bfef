#include "base/journal.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

static int journal = -1;

static bool stderr_is_the_journals(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat st;

    return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(STDERR_FILENO, &st) == 0 &&
           st.st_dev == device && st.st_ino == inode;
}

bool journal_open(void)
{
    const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket"};

    if (journal >= 0)
        return true;
    if (!stderr_is_the_journals())
        return false;
    journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (journal < 0)
        return false;
    if (connect(journal, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return true;
    close(journal);
    journal = -1;
    return false;
}

static struct iovec part(struct slice s)
{
    return (struct iovec){(void *)(uintptr_t)s.ptr, s.len};
}

bool journal_send(struct slice head, struct slice rest)
{
    struct iovec parts[] = {part(head), part(rest)};
    const struct msghdr message = {.msg_iov = parts, .msg_iovlen = sizeof(parts) / sizeof(parts[0])};

    return sendmsg(journal, &message, MSG_NOSIGNAL) == (ssize_t)(head.len + rest.len);
}
