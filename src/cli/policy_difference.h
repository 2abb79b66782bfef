/* How the differences of two policies are told. */
#ifndef SAGEGATE_CLI_POLICY_DIFFERENCE_H
#define SAGEGATE_CLI_POLICY_DIFFERENCE_H

#include <jansson.h>

#include "compare/compare.h"

enum { EXIT_CUT = 3 }; /* no difference was found, but not everything was compared */

/* Documents that decide together, with the files that they are in. */
struct difference_side {
    const char *name; /* how it is called, when there are several documents or no file; else NULL */
    char *const *paths;
    const struct policy *const *policies;
    size_t count;
    bool nameless; /* paths are not files */
};

/*
 * Compares, for requests to these services (mirror/world.h), and prints what each allows that the
 * other does not, in sentences, each with a command that shows it. EXIT_OK: the same; EXIT_FAILED: they
 * differ; EXIT_CUT; EXIT_USAGE: memory is short.
 */
int difference_print(const struct difference_side sides[2], unsigned services);

/* The same as a JSON object, owned by the caller; NULL when memory is short. */
int difference_json(const struct difference_side sides[2], json_t **out);

#endif
