#include "mirror/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_all(int fd, struct slice text)
{
    while (text.len) {
        ssize_t n = write(fd, text.ptr, text.len);

        if (n < 0 && errno != EINTR)
            return false;
        text = slice_from(text, n > 0 ? (size_t)n : 0);
    }
    return true;
}

enum sg_status store_write(const char *path, struct slice text, mode_t mode, struct sg_error *err)
{
    char *beside;
    bool good;
    int fd;

    if (asprintf(&beside, "%s.XXXXXX", path) < 0)
        return sg_fail(err, SG_NO_MEMORY, "out of memory");
    fd = mkostemp(beside, O_CLOEXEC);
    good = fd >= 0 && fchmod(fd, mode) == 0 && write_all(fd, text) && fsync(fd) == 0 &&
           rename(beside, path) == 0;
    if (!good) {
        (void)sg_fail(err, SG_IO, "%s cannot be written: %s", path, strerror(errno));
        if (fd >= 0)
            unlink(beside);
    }
    if (fd >= 0)
        close(fd);
    free(beside);
    return good ? SG_OK : err->status;
}
