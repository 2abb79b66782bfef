/* HTTP's date (RFC 9110 section 5.6.7), in the one form that is not obsolete: "Sun, 06 Nov 1994 08:49:37
 * GMT". */
#ifndef SAGEGATE_HTTP_DATE_H
#define SAGEGATE_HTTP_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* To wall seconds; the day of the week must be right. False for anything else than such a date. */
bool http_date_parse(struct slice text, int64_t *seconds);

#endif
