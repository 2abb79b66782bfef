/* Patterns of policy documents: '*' stands for any bytes, '?' for one. */
#ifndef SAGEGATE_POLICY_PATTERN_H
#define SAGEGATE_POLICY_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* In time proportional to both lengths multiplied at worst; never exponential. */
bool pattern_matches(struct slice pattern, struct slice text, bool ignore_case);

/*
 * A Resource pattern. "*" matches everything. Otherwise both are split at their first five colons and
 * compared part by part: wildcards do not reach over the parts of an ARN (IAM User Guide, "IAM JSON policy
 * elements: Resource"). What is not an ARN with six parts matches nothing but "*".
 */
bool pattern_matches_arn(struct slice pattern, struct slice arn);

#endif
