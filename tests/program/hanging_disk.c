/*
 * Preloaded into the daemon by test_access_log.py: while the byte is not 0, a write(2) to a regular file does
 * not come back: a disk that hangs.
 */
#define _GNU_SOURCE
#include <sys/stat.h>
#include <sys/syscall.h>

#include "preloaded.h"

ssize_t write(int fd, const void *data, size_t size)
{
    struct stat st;

    while (control && *control && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        usleep(1000);
    return syscall(SYS_write, fd, data, size);
}
