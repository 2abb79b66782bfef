/*
 * Preloaded into the daemon by test_memory_faults.py. The test and the daemon map one file: `left` counts
 * down with each allocation, and the one that brings it to 0 fails. 0 is: none.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *ptr, size_t size);

static _Atomic long *left;

__attribute__((constructor)) static void map_control(void)
{
    int fd = open(getenv("FAILING_MALLOC"), O_RDWR | O_CLOEXEC);
    void *page = mmap(NULL, sizeof(*left), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (page == MAP_FAILED)
        abort();
    close(fd);
    left = page;
}

static int fails(void)
{
    if (!left || atomic_load(left) <= 0 || atomic_fetch_sub(left, 1) != 1)
        return 0;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *ptr, size_t size)
{
    return fails() ? NULL : __libc_realloc(ptr, size);
}
