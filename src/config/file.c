#include "config/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static enum sg_status read_all(int fd, struct buffer *out, struct sg_error *err)
{
    enum { CHUNK = 16 * 1024 };
    ssize_t n;

    do {
        if (!buffer_reserve(out, CHUNK))
            return sg_fail(err, SG_NO_MEMORY, "memory is short");
        n = read(fd, out->data + out->len, CHUNK);
        if (n < 0 && errno != EINTR)
            return sg_fail(err, SG_IO, "cannot be read: %s", strerror(errno));
        if (n > 0)
            out->len += (size_t)n;
        if (out->len > FILE_MAX_SIZE)
            return sg_fail(err, SG_INVALID, "is longer than %d bytes", FILE_MAX_SIZE);
    } while (n != 0);
    return SG_OK;
}

enum sg_status file_read(const char *path, struct buffer *out, bool *world_writable, struct sg_error *err)
{
    enum sg_status status;
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return sg_fail(err, SG_IO, "cannot be opened: %s", strerror(errno));
    if (fstat(fd, &st) != 0)
        status = sg_fail(err, SG_IO, "cannot be read: %s", strerror(errno));
    else
        status = read_all(fd, out, err);
    *world_writable = status == SG_OK && S_ISREG(st.st_mode) && (st.st_mode & S_IWOTH);
    close(fd);
    return status;
}

char *file_beside(const char *folder_of, const char *path)
{
    const char *slash = strrchr(folder_of, '/');
    char *joined;

    if (path[0] == '/' || !slash)
        return strdup(path);
    if (asprintf(&joined, "%.*s/%s", (int)(slash - folder_of), folder_of, path) < 0)
        return NULL;
    return joined;
}
