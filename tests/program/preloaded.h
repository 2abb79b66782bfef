/*
 * For what is preloaded into the daemon: a byte that it shares with the test, which says what goes wrong now.
 * See preloaded() in gate.py.
 */
#ifndef SAGEGATE_TESTS_PRELOADED_H
#define SAGEGATE_TESTS_PRELOADED_H

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static volatile signed char *control; /* NULL: too early for anything to go wrong */

__attribute__((constructor)) static void map_control(void)
{
    int fd = open(getenv("PRELOADED_CONTROL"), O_RDONLY | O_CLOEXEC);
    void *page = mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);

    if (page == MAP_FAILED)
        abort();
    close(fd);
    control = page;
}

#endif
