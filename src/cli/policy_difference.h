/* How the differences of two policies are told. */
#ifndef SAGEGATE_CLI_POLICY_DIFFERENCE_H
#define SAGEGATE_CLI_POLICY_DIFFERENCE_H

#include <jansson.h>

#include "policy/compare.h"

enum { EXIT_CUT = 3 }; /* no difference was found, but not everything was compared */

/* Two documents with the paths that they were read from. */
struct difference_sides {
    const char *paths[2];
    const struct policy *policies[2];
};

/* Compares, and prints what each allows that the other does not, in sentences, each with a command that shows
 * it. EXIT_OK: the same; EXIT_FAILED: they differ; EXIT_CUT; EXIT_USAGE: memory is short. */
int difference_print(const struct difference_sides *sides);

/* The same as a JSON object, owned by the caller; NULL when memory is short. */
int difference_json(const struct difference_sides *sides, json_t **out);

#endif
