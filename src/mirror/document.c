#include "mirror/document.h"

#include <stdint.h>

struct look {
    size_t all_actions; /* the last statement that allows all of them, … */
    bool full;          /* … and one of these names all resources */
    bool denies;
};

/* A statement's actions come before its resources. */
static void look_at(void *user, const struct policy_name *name)
{
    struct look *look = user;
    bool all = slice_eq(name->text, SLICE("*")) && !name->negated && name->unconditional && !name->deny;

    look->denies = look->denies || name->deny;
    if (all && name->kind == POLICY_NAMES_ACTION)
        look->all_actions = name->statement;
    if (all && name->kind == POLICY_NAMES_RESOURCE && name->statement == look->all_actions)
        look->full = true;
}

bool document_is_full_access(const struct policy *policy)
{
    struct look look = {.all_actions = SIZE_MAX};

    policy_each_name(policy, look_at, &look);
    return look.full && !look.denies;
}
