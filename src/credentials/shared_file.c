#include "credentials/shared_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "credentials/provider.h"

enum { LARGEST = 1024 * 1024 };

bool shared_file_locate(struct shared_file *file, const struct shared_file_place *place)
{
    const char *path = provider_variable(place->variable);
    const char *home = provider_variable("HOME");

    if (path && strncmp(path, "~/", 2) != 0) {
        file->path = strdup(path);
        return file->path != NULL;
    }
    /* The user database would be a guess: containers and system units have no home for a reason. */
    if (!home || asprintf(&file->path, "%s/%s", home, path ? path + 2 : place->under_home) < 0) {
        file->path = NULL;
        return false;
    }
    return true;
}

static enum sg_status fail(const struct shared_file *file, int error, struct sg_error *err)
{
    enum sg_status status = error == ENOENT || error == ENOTDIR ? SG_NOT_FOUND : SG_IO;

    return sg_fail(err, status, "%s: %s", file->path, strerror(error));
}

static enum sg_status read_all(struct shared_file *file, int fd, struct sg_error *err)
{
    size_t cap = (size_t)file->seen.st_size;
    ssize_t n = 1;

    file->text = malloc(cap + 1);
    if (!file->text)
        return sg_fail(err, SG_NO_MEMORY, "%s: out of memory", file->path);
    while (file->len < cap && n > 0) {
        n = read(fd, file->text + file->len, cap - file->len);
        if (n < 0 && errno == EINTR)
            n = 1;
        else if (n < 0)
            return fail(file, errno, err);
        else
            file->len += (size_t)n;
    }
    return SG_OK;
}

enum sg_status shared_file_read(struct shared_file *file, struct sg_error *err)
{
    enum sg_status status;
    int fd;

    shared_file_drop_text(file);
    file->seen = (struct stat){0};
    /* Not to wait for the writer of a pipe that somebody put there. */
    fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        int error = errno;

        if (stat(file->path, &file->seen) < 0)
            file->seen = (struct stat){0};
        return fail(file, error, err);
    }
    if (fstat(fd, &file->seen) < 0)
        status = fail(file, errno, err);
    else if (!S_ISREG(file->seen.st_mode))
        status = sg_fail(err, SG_NOT_FOUND, "%s: this is not a regular file", file->path);
    else if (file->seen.st_size > LARGEST)
        status = sg_fail(err, SG_INVALID, "%s: the file is larger than 1 MiB", file->path);
    else
        status = read_all(file, fd, err);
    close(fd);
    if (status)
        shared_file_drop_text(file);
    return status;
}

bool shared_file_changed(const struct shared_file *file)
{
    struct stat now;

    if (!file->path)
        return false;
    if (stat(file->path, &now) < 0)
        return file->seen.st_ino != 0;
    return now.st_dev != file->seen.st_dev || now.st_ino != file->seen.st_ino ||
           now.st_size != file->seen.st_size || now.st_mode != file->seen.st_mode ||
           now.st_mtim.tv_sec != file->seen.st_mtim.tv_sec ||
           now.st_mtim.tv_nsec != file->seen.st_mtim.tv_nsec;
}

void shared_file_drop_text(struct shared_file *file)
{
    if (file->text)
        secret_wipe(file->text, file->len);
    free(file->text);
    file->text = NULL;
    file->len = 0;
}

void shared_file_free(struct shared_file *file)
{
    shared_file_drop_text(file);
    free(file->path);
    *file = (struct shared_file){0};
}
