/* The values of typed condition keys that matter to a comparison. Only for this folder. */
#ifndef SAGEGATE_COMPARE_WITNESS_VALUES_H
#define SAGEGATE_COMPARE_WITNESS_VALUES_H

#include "policy/condition.h"

/* Tells values so that each combination in which the operands of that kind (OPERAND_NUMBER, OPERAND_DATE,
 * OPERAND_NETWORK) can be met is there; none when the conditions have no such operand. False when one is too
 * long, and so is left out. */
bool witness_values(const struct condition *const *conditions, size_t count, enum operand_kind kind,
                    struct arena *arena, void (*tell_text)(void *user, struct slice text), void *user);

#endif
