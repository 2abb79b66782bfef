/* Documents on disk: each file is the one before or the one after, whole, whatever happens meanwhile. */
#ifndef SAGEGATE_MIRROR_STORE_H
#define SAGEGATE_MIRROR_STORE_H

#include <sys/types.h>

#include "base/buffer.h"
#include "config/config.h"

/* Puts a file with this text in the place of path: written beside it, on the disk, then renamed. SG_IO. */
enum sg_status store_write(const char *path, struct slice text, mode_t mode, struct sg_error *err);

/*
 * The document of a service's endpoint in the cache of the configuration, whatever it is worth. SG_NOT_FOUND
 * when there is none, or no cache; SG_IO, SG_INVALID (too long), SG_NO_MEMORY. Whatever comes of it, the text
 * says why.
 */
enum sg_status store_read(const struct config *config, size_t service, struct buffer *document,
                          struct sg_error *err);

/* Puts it there, for its owner alone. SG_OK without a cache, too. */
enum sg_status store_keep(const struct config *config, size_t service, struct slice document,
                          struct sg_error *err);

#endif
