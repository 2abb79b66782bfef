/* Asks the admin listener of a running sagegate, as its configuration says where. Blocks, with a time limit.
 */
#ifndef SAGEGATE_CLI_ADMIN_CLIENT_H
#define SAGEGATE_CLI_ADMIN_CLIENT_H

#include "base/buffer.h"
#include "base/error.h"
#include "config/config.h"

/*
 * GET path, such as "/readyz". *status is the HTTP status, body (emptied first) its content. SG_NOT_FOUND
 * when the configuration has no admin listener; SG_IO when nobody answers there within a few seconds;
 * SG_INVALID when the answer is not HTTP; SG_NO_MEMORY.
 */
enum sg_status admin_get(const struct config *config, const char *path, int *status, struct buffer *body,
                         struct sg_error *err);

/* The same of any listener. */
enum sg_status admin_get_from(const struct config_listener *listener, const char *path, int *status,
                              struct buffer *body, struct sg_error *err);

#endif
