/*
 * Reads the AWS shared files as botocore does (Python's configparser): "[section]" lines, "key = value" or
 * "key: value" lines, comments that start a line with # or ;, deeper indented lines that continue a value.
 * More forgiving in one point: a section or key that comes twice is no error, the later value counts.
 * Not for what the keys mean: see profile.c.
 */
#ifndef SAGEGATE_CREDENTIALS_INI_H
#define SAGEGATE_CREDENTIALS_INI_H

#include <stdbool.h>

#include "base/error.h"
#include "base/slice.h"

/* Slices point into the text. */
struct ini_entry {
    struct slice section; /* as written between the brackets, blanks included */
    struct slice key;     /* as written; keys compare without case. Empty: the section's own line. */
    struct slice value;   /* of the key's own line, without blanks around it */
    bool continued;       /* more lines belong to the value (a nested block, most often) */
    unsigned line;        /* from 1 */
};

typedef void ini_visit(void *user, const struct ini_entry *entry);

/*
 * Visits sections and keys in their order. SG_INVALID at the first line that is none of the above; the text
 * begins "line N: " and quotes nothing of the line, which may hold a secret.
 */
enum sg_status ini_parse(struct slice text, ini_visit *visit, void *user, struct sg_error *err);

#endif
