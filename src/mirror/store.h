/* Documents on disk: each file is the one before or the one after, whole, whatever happens meanwhile. */
#ifndef SAGEGATE_MIRROR_STORE_H
#define SAGEGATE_MIRROR_STORE_H

#include <sys/types.h>

#include "base/error.h"
#include "base/slice.h"

/* Puts a file with this text in the place of path: written beside it, on the disk, then renamed. SG_IO. */
enum sg_status store_write(const char *path, struct slice text, mode_t mode, struct sg_error *err);

#endif
