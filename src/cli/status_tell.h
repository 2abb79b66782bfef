/* What /status.json has, as a person reads it. */
#ifndef SAGEGATE_CLI_STATUS_TELL_H
#define SAGEGATE_CLI_STATUS_TELL_H

#include <jansson.h>

#include "base/buffer.h"

/* What the daemon was sent must not command a terminal: whatever is not printable ASCII in any string becomes
 * '?'. */
void status_make_safe(json_t *json);

/* Appends it to out, with colours if asked; with rates since `before` (may be NULL), if that is of the same
 * process. Both have been made safe. */
void status_tell(struct buffer *out, const json_t *status, const json_t *before, bool colour);

#endif
