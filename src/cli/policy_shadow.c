/* Statements that never decide: all that an Allow allows, an earlier or later Deny denies to everyone. */
#include "cli/policy_lint.h"

/*
 * Whether all that `inner` matches, `outer` matches. For certain only: a '*' of the inner pattern, taken as a
 * character, is matched by a '*' alone, but also by a '?', which stands for less.
 */
static bool covers(const struct lint_name *outer, const struct lint_name *inner)
{
    if (slice_eq(outer->name.text, inner->name.text))
        return true;
    if (memchr(outer->name.text.ptr, '?', outer->name.text.len))
        return false;
    return !memchr(outer->name.text.ptr, '$', outer->name.text.len) && lint_matches(outer, inner->name.text);
}

/* Whether one of the statement's names of that kind covers the inner one. */
static bool has_cover(const struct lint_statement *statement, const struct lint_name *inner)
{
    for (size_t i = 0; i < statement->count; i++) {
        const struct lint_name *outer = &statement->names[i];

        if (outer->name.kind == inner->name.kind && !outer->name.negated && covers(outer, inner))
            return true;
    }
    return false;
}

static bool is_shadowed(const struct lint_statement *inner, const struct lint_statement *outer)
{
    for (size_t i = 0; i < inner->count; i++) {
        const struct lint_name *name = &inner->names[i];

        if (name->name.kind != POLICY_NAMES_KEY && (name->name.negated || !has_cover(outer, name)))
            return false;
    }
    return true;
}

/* Variables are keys among the names: a statement with one is left out, as one with a Condition is. */
static bool denies_outright(const struct lint_statement *statement)
{
    return statement->count && statement->names->name.deny && statement->names->name.unconditional;
}

static void warn(struct lint *lint, const struct lint_statement *inner, const struct policy_name *outer)
{
    lint_warn(lint, &inner->names->name,
              "this Allow has no effect: statement %zu%s%.*s denies all of it to everyone",
              outer->statement + 1, outer->sid.len ? ", " : "",
              (int)(outer->sid.len < 64 ? outer->sid.len : 64), outer->sid.ptr ? outer->sid.ptr : "");
}

void lint_shadows(struct lint *lint)
{
    for (size_t i = 0; i < lint->statement_count; i++) {
        const struct lint_statement *inner = &lint->statements[i];

        if (inner->count == 0 || inner->names->name.deny)
            continue;
        for (size_t j = 0; j < lint->statement_count; j++) {
            if (denies_outright(&lint->statements[j]) && is_shadowed(inner, &lint->statements[j])) {
                warn(lint, inner, &lint->statements[j].names->name);
                break;
            }
        }
    }
}
