/*
 * Percent-encoding (RFC 3986 section 2.1), byte by byte, so that a path or query can be checked and compared
 * without a copy. Not for encoding: see sigv4.h.
 */
#ifndef SAGEGATE_AWS_PERCENT_H
#define SAGEGATE_AWS_PERCENT_H

#include "base/slice.h"

/* Takes one byte off the front of *rest, decoded when it is %XX; -1 when a '%' has no two hex digits after
   it. *rest must not be empty. */
int percent_take(struct slice *rest);

#endif
