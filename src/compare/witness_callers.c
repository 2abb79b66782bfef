/* Callers: those that the documents name, others of the same accounts, and one of an account that none names.
 */
#include <stdarg.h>
#include <stdio.h>

#include "compare/witness.h"

static void add_caller(struct witness *w, struct slice arn)
{
    struct option option = {.on = NULL, .text = arn};
    struct principal caller;
    uint64_t *bits;

    if (!principal_read(arn, &caller) || caller.kind == PRINCIPAL_EVERYONE)
        return;
    bits = witness_bits(w);
    for (size_t i = 0; bits && i < w->count; i++) {
        const struct statement *statement = w->statements[i];

        if (witness_is_on(statement, principals_match(&statement->principals, &caller)))
            witness_set(bits, i);
    }
    option.on = bits;
    witness_add(w, &w->callers, option);
}

static void __attribute__((format(printf, 2, 3))) add_named(struct witness *w, const char *format, ...)
{
    struct slice text;
    va_list args;
    bool fits;

    va_start(args, format);
    fits = arena_vprintf(w->scratch, ARENA_TEXT, &text, format, args);
    va_end(args);
    if (fits)
        add_caller(w, text);
    else
        witness_cut(w, "the name of a principal is too long");
}

/* Whether the text stands in any principal of the documents, in any case of letters. */
static bool is_named(const struct witness *w, struct slice text)
{
    for (size_t i = 0; i < w->count; i++) {
        const struct principals *principals = &w->statements[i]->principals;

        for (size_t k = 0; k < principals->count; k++) {
            struct slice arn = principals->at[k].arn;

            for (; arn.len >= text.len; arn = slice_from(arn, 1)) {
                if (slice_starts_nocase(arn, text))
                    return true;
            }
        }
    }
    return false;
}

/* "NAME", or the first of "NAME1", "NAME2", … that no document has. */
static struct slice unnamed(struct witness *w, const char *name)
{
    char text[64];

    snprintf(text, sizeof(text), "%s", name);
    for (unsigned i = 1; is_named(w, slice_cstr(text)); i++)
        snprintf(text, sizeof(text), "%s%u", name, i);
    return arena_copy(w->scratch, slice_cstr(text));
}

struct strangers {
    struct slice role, user, session;
};

/* Somebody of the account whom no document names: a role's session, a user; and its root. */
static void add_others(struct witness *w, const struct strangers *strangers, struct slice partition,
                       struct slice account)
{
    add_named(w, "arn:%.*s:sts::%.*s:assumed-role/%.*s/session", SLICE_FMT(partition), SLICE_FMT(account),
              SLICE_FMT(strangers->role));
    add_named(w, "arn:%.*s:iam::%.*s:user/%.*s", SLICE_FMT(partition), SLICE_FMT(account),
              SLICE_FMT(strangers->user));
    add_named(w, "arn:%.*s:iam::%.*s:root", SLICE_FMT(partition), SLICE_FMT(account));
}

static void add_listed(struct witness *w, const struct strangers *strangers, const struct principal *listed)
{
    struct slice partition = listed->partition.len ? listed->partition : SLICE("aws");

    if (listed->kind == PRINCIPAL_EVERYONE || listed->kind == PRINCIPAL_OTHER)
        return;
    if (listed->kind == PRINCIPAL_ROLE || listed->kind == PRINCIPAL_SESSION)
        add_named(w, "arn:%.*s:sts::%.*s:assumed-role/%.*s/%.*s", SLICE_FMT(partition),
                  SLICE_FMT(listed->account), SLICE_FMT(listed->role), SLICE_FMT(strangers->session));
    if (listed->kind == PRINCIPAL_SESSION || listed->kind == PRINCIPAL_USER)
        add_caller(w, listed->arn);
    add_others(w, strangers, partition, listed->account);
}

static struct slice unnamed_account(struct witness *w)
{
    unsigned long long number = 111122223333;
    char text[SLICE_U64_MAX];

    while (is_named(w, slice_from_u64(number, text)))
        number += 111111111111 / 9;
    return arena_copy(w->scratch, slice_from_u64(number, text));
}

void witness_callers(struct witness *w)
{
    const struct strangers strangers = {unnamed(w, "Application"), unnamed(w, "somebody"),
                                        unnamed(w, "session")};

    for (size_t i = 0; i < w->count; i++) {
        const struct principals *principals = &w->statements[i]->principals;

        for (size_t k = 0; k < principals->count && !w->arena.failed; k++)
            add_listed(w, &strangers, &principals->at[k]);
    }
    if (!w->arena.failed)
        add_others(w, &strangers, SLICE("aws"), unnamed_account(w));
}
