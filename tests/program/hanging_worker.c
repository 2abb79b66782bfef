/*
 * Preloaded into the daemon by test_reload.py. The test and the daemon map one file: while its first byte
 * is not 0, threads other than the first do not come back from epoll_wait(2): workers that hang.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile char *hang;

__attribute__((constructor)) static void map_control(void)
{
    int fd = open(getenv("HANGING_WORKER"), O_RDONLY | O_CLOEXEC);
    void *page = mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);

    if (page == MAP_FAILED)
        abort();
    close(fd);
    hang = page;
}

int epoll_wait(int fd, struct epoll_event *events, int most, int timeout)
{
    int count = (int)syscall(SYS_epoll_pwait, fd, events, most, timeout, NULL, 0);

    while (*hang && gettid() != getpid())
        usleep(1000);
    return count;
}
