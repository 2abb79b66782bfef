/* Callers: those that the documents name, others of the same accounts, and one of an account that none names.
 */
#include <stdarg.h>
#include <stdio.h>

#include "policy/witness.h"

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
    char text[512];
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (len > 0 && (size_t)len < sizeof(text))
        add_caller(w, arena_copy(w->scratch, slice_of(text, (size_t)len)));
}

/* Somebody whom no document names, unless it does so to outwit us: a role's session, a user, the root. */
static void add_others(struct witness *w, struct slice partition, struct slice account)
{
    add_named(w, "arn:%.*s:sts::%.*s:assumed-role/Application/session", SLICE_FMT(partition),
              SLICE_FMT(account));
    add_named(w, "arn:%.*s:sts::%.*s:assumed-role/AnotherRole/session", SLICE_FMT(partition),
              SLICE_FMT(account));
    add_named(w, "arn:%.*s:iam::%.*s:user/somebody", SLICE_FMT(partition), SLICE_FMT(account));
    add_named(w, "arn:%.*s:iam::%.*s:user/another", SLICE_FMT(partition), SLICE_FMT(account));
    add_named(w, "arn:%.*s:iam::%.*s:root", SLICE_FMT(partition), SLICE_FMT(account));
}

static void add_listed(struct witness *w, const struct principal *listed)
{
    struct slice partition = listed->partition.len ? listed->partition : SLICE("aws");

    if (listed->kind == PRINCIPAL_EVERYONE || listed->kind == PRINCIPAL_OTHER)
        return;
    if (listed->kind == PRINCIPAL_ROLE || listed->kind == PRINCIPAL_SESSION) {
        add_named(w, "arn:%.*s:sts::%.*s:assumed-role/%.*s/session", SLICE_FMT(partition),
                  SLICE_FMT(listed->account), SLICE_FMT(listed->role));
        add_named(w, "arn:%.*s:sts::%.*s:assumed-role/%.*s/another", SLICE_FMT(partition),
                  SLICE_FMT(listed->account), SLICE_FMT(listed->role));
    }
    if (listed->kind == PRINCIPAL_SESSION || listed->kind == PRINCIPAL_USER)
        add_caller(w, listed->arn);
    add_others(w, partition, listed->account);
    if (listed->partition.len && !slice_eq(listed->partition, SLICE("aws")))
        add_others(w, SLICE("aws"), listed->account);
}

void witness_callers(struct witness *w)
{
    static const struct slice strangers[] = {SLICE_INIT("111122223333"), SLICE_INIT("444455556666"),
                                             SLICE_INIT("777788889999")};

    for (size_t i = 0; i < w->count; i++) {
        const struct principals *principals = &w->statements[i]->principals;

        for (size_t k = 0; k < principals->count && !w->arena.failed; k++)
            add_listed(w, &principals->at[k]);
    }
    for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++)
        add_others(w, SLICE("aws"), strangers[i]);
}
