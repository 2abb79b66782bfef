/*
 * Finds the statements that may match, without looking at all: by the literal beginnings of their actions, or
 * of the last parts of their resources' ARNs, whichever tells a statement apart from more others. What it
 * finds still has to be matched. Only for this folder.
 */
#ifndef SAGEGATE_POLICY_INDEX_H
#define SAGEGATE_POLICY_INDEX_H

#include "policy/prefix.h"

struct policy;

/* Each statement stands in one of the two. */
struct statement_index {
    struct prefix_index by_action; /* in lower case */
    struct prefix_index by_resource;
};

/* What by_resource is asked with: what follows an ARN's fifth colon; nothing when there are fewer. */
struct slice index_resource_key(struct slice arn);

/* Of all the policy's statements. False when memory is short. */
bool index_build(struct policy *policy);

#endif
