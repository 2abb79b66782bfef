/*
 * A thread that writes the log to its file, so that a disk that hangs holds up nobody else: what it is given
 * goes through a pipe that takes a MiB, and no more while the disk does not.
 */
#ifndef SAGEGATE_BASE_LOG_WRITER_H
#define SAGEGATE_BASE_LOG_WRITER_H

#include "base/slice.h"

/* Writes whole lines to fd, at once or whenever the disk lets it. */
typedef void log_writer_put(int fd, struct slice lines);

/*
 * A descriptor of the caller's own: what is written to it, in whole lines of at most PIPE_BUF bytes, goes to
 * `file` by put, from now on; it does not block, but fails with EAGAIN. Takes over file. From one thread. -1
 * with errno, and file still the caller's.
 */
int log_writer_use(int file, log_writer_put *put);

/* Waits until all is written, when every descriptor of log_writer_use() is closed; after a few seconds no
 * longer: false. */
bool log_writer_end(void);

#endif
