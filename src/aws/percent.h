/*
 * Percent-encoding (RFC 3986 section 2.1), byte by byte, so that a path or query can be checked and compared
 * without a copy. Not for encoding: see sigv4.h.
 */
#ifndef SAGEGATE_AWS_PERCENT_H
#define SAGEGATE_AWS_PERCENT_H

#include "base/slice.h"

/* For percent_take(): *rest starts with '%'. */
int percent_take_escape(struct slice *rest);

/* Takes one byte off the front of *rest, decoded when it is %XX; -1 when a '%' has no two hex digits after
   it. *rest must not be empty. */
static inline int percent_take(struct slice *rest)
{
    unsigned char first = (unsigned char)rest->ptr[0];

    if (first == '%')
        return percent_take_escape(rest);
    *rest = slice_from(*rest, 1);
    return first;
}

#endif
