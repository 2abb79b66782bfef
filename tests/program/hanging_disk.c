/*
 * Preloaded into the daemon by test_access_log.py. The test and the daemon map one file: while its first byte
 * is not 0, a write(2) to a regular file does not come back: a disk that hangs.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile char *hang;

__attribute__((constructor)) static void map_control(void)
{
    int fd = open(getenv("HANGING_DISK"), O_RDONLY | O_CLOEXEC);
    void *page = mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);

    if (page == MAP_FAILED)
        abort();
    close(fd);
    hang = page;
}

ssize_t write(int fd, const void *data, size_t size)
{
    struct stat st;

    while (*hang && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        usleep(1000);
    return syscall(SYS_write, fd, data, size);
}
