/*
 * A command line taken apart as Python's shlex.split() does, which is how botocore reads credential_process:
 * blanks, quotes and backslashes as in a shell, and nothing else of a shell: no variables, pipes or globs.
 */
#ifndef SAGEGATE_CREDENTIALS_WORDS_H
#define SAGEGATE_CREDENTIALS_WORDS_H

#include "base/error.h"
#include "base/slice.h"

/*
 * A NULL-terminated array of words for execvp(3), in one block of memory: free() releases all. NULL with err
 * when there is no word (SG_INVALID), a quote or a backslash has no end (SG_INVALID), or memory is short.
 */
char **words_split(struct slice command, struct sg_error *err);

#endif
