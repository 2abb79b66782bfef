/* Small files read whole: the configuration, and the policies it names. */
#ifndef SAGEGATE_CONFIG_FILE_H
#define SAGEGATE_CONFIG_FILE_H

#include "base/buffer.h"
#include "base/error.h"

enum { FILE_MAX_SIZE = 1024 * 1024 };

/*
 * Appends the file's bytes to out; *world_writable says whether any user of the machine may change it. SG_IO
 * when it cannot be read, SG_INVALID when it is longer than FILE_MAX_SIZE, SG_NO_MEMORY.
 */
enum sg_status file_read(const char *path, struct buffer *out, bool *world_writable, struct sg_error *err);

/* A path as a file in `folder_of`'s folder has it: absolute ones stay, others begin there. NULL when memory
 * is short; the caller's to free(). */
char *file_beside(const char *folder_of, const char *path);

#endif
