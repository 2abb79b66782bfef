/*
 * One of the small files that hold profiles: where it is, its text while it is looked at, and whether it has
 * changed since. Its text may hold secrets and is wiped when released.
 */
#ifndef SAGEGATE_CREDENTIALS_SHARED_FILE_H
#define SAGEGATE_CREDENTIALS_SHARED_FILE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/slice.h"

struct shared_file_place {
    const char *variable;   /* of the environment; a leading "~/" in it means HOME */
    const char *under_home; /* where it is when the variable is not set */
};

struct shared_file {
    char *path;
    char *text;
    size_t len;
    struct stat seen; /* all 0 when there was none */
};

/* The path; false when it is unknown, because HOME is needed and not set. False too when memory is short. */
bool shared_file_locate(struct shared_file *file, const struct shared_file_place *place);

/*
 * Reads it whole. SG_NOT_FOUND: no such file, or nothing regular. SG_IO: it cannot be read. SG_INVALID:
 * larger than 1 MiB. The text begins with the path.
 */
enum sg_status shared_file_read(struct shared_file *file, struct sg_error *err);

/* Whether another file, or another version of it, is there than at the last read. Follows symbolic links, as
 * kubelet swaps them. */
bool shared_file_changed(const struct shared_file *file);

void shared_file_drop_text(struct shared_file *file);
void shared_file_free(struct shared_file *file);

#endif
