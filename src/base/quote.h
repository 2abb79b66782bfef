/* Bytes from outside as they can be shown on any terminal. */
#ifndef SAGEGATE_BASE_QUOTE_H
#define SAGEGATE_BASE_QUOTE_H

#include "base/buffer.h"

enum { QUOTE_SIZE = 72 };

/* Printable ASCII, the rest as \xff, cut when long. Returns out. */
const char *quote_text(struct slice text, char out[QUOTE_SIZE]);

/* Appends a JSON string of printable ASCII: other bytes, each, as \u00ff. */
void quote_json(struct buffer *out, struct slice text);

#endif
