/* A context file: a JSON object that maps condition keys to a string or a list of strings. */
#ifndef SAGEGATE_CLI_POLICY_CONTEXT_H
#define SAGEGATE_CLI_POLICY_CONTEXT_H

#include <jansson.h>

#include "base/error.h"
#include "policy/policy.h"

struct policy_context; /* opaque; freed by its owner */

/* Keys stand in any case of letters. SG_OK; SG_INVALID with err naming the key that is neither a string nor a
 * list of strings, or stands there twice; SG_NO_MEMORY. Keeps a reference to the object. */
enum sg_status policy_context_new(json_t *object, struct policy_context **out, struct sg_error *err);
void policy_context_free(struct policy_context *context);

/* For request_facts.context, with the policy_context as user: a key that does not stand in the file is
 * absent. A list is a list, even of one value. */
enum context_lookup policy_context_find(void *user, struct slice key, struct context_values *out);

#endif
