/*
 * The daemon's life: open the listeners, find region and credentials, run the workers, drain on SIGTERM. This
 * is the control thread's part; requests are the workers'.
 */
#ifndef SAGEGATE_DAEMON_DAEMON_H
#define SAGEGATE_DAEMON_DAEMON_H

#include "base/error.h"
#include "config/config.h"

/*
 * Serves until SIGTERM or SIGINT. config may be completed (region), and stays the caller's; SIGHUP reads it
 * anew from path, which is put in force as a whole or not at all. SG_OK after an orderly end; else err says
 * why it could not start.
 */
enum sg_status daemon_run(struct config *config, const char *path, struct sg_error *err);

#endif
