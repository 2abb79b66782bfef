#include "mirror/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/file.h"

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

/* By the endpoint's id, of the letters that a file's name may have. NULL without a cache, or memory. */
static char *path_of(const struct config *config, size_t service)
{
    const char *id = config->endpoints[service].vpc_endpoint_id;
    char *path;

    if (!config->mirror || !config->mirror->cache || !id ||
        asprintf(&path, "%s/%s.json", config->mirror->cache, id) < 0)
        return NULL;
    return path;
}

enum sg_status store_read(const struct config *config, size_t service, struct buffer *document,
                          struct sg_error *err)
{
    char *path = path_of(config, service);
    struct sg_error why;
    bool world_writable;
    enum sg_status status;

    if (!path)
        return sg_fail(err, SG_NOT_FOUND, "there is no cache");
    status = file_read(path, document, &world_writable, &why);
    if (status)
        (void)sg_fail(err, access(path, F_OK) == 0 ? status : SG_NOT_FOUND, "%s %s", path, why.text);
    else if (world_writable)
        status = sg_fail(err, SG_INVALID, "%s can be changed by every user, and is not taken", path);
    free(path);
    return status ? err->status : SG_OK;
}

enum sg_status store_keep(const struct config *config, size_t service, struct slice document,
                          struct sg_error *err)
{
    char *path = path_of(config, service);
    enum sg_status status = path ? store_write(path, document, 0600, err) : SG_OK;

    free(path);
    return status;
}
