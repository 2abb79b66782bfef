/*
 * Preloaded into the daemon by test_reload.py: while the byte is not 0, threads other than the first do not
 * come back from epoll_wait(2): workers that hang.
 */
#define _GNU_SOURCE
#include <sys/epoll.h>
#include <sys/syscall.h>

#include "preloaded.h"

int epoll_wait(int fd, struct epoll_event *events, int most, int timeout)
{
    int count = (int)syscall(SYS_epoll_pwait, fd, events, most, timeout, NULL, 0);

    while (*control && gettid() != getpid())
        usleep(1000);
    return count;
}
