/*
 * IAM policy documents (AWS IAM User Guide, "Grammar of the IAM JSON policy language"), compiled once and
 * evaluated against facts of a request without allocating. Immutable after parsing, so workers share it.
 * Whatever the compiler does not understand is an error at load: nothing is silently ignored.
 */
#ifndef SAGEGATE_POLICY_POLICY_H
#define SAGEGATE_POLICY_POLICY_H

#include <stdbool.h>

#include "base/error.h"
#include "base/slice.h"

/* The values of one context key. A key found without values counts as absent. */
struct context_values {
    const struct slice *values;
    size_t count;
    bool multivalued; /* the key is a list by its type (ArrayOf…), even when it has one value here: only
                         ForAllValues and ForAnyValue can read it */
};

enum context_lookup { CONTEXT_FOUND, CONTEXT_ABSENT, CONTEXT_UNKNOWN /* only AWS can know it */ };

/* What follows from a condition that hangs on a key that only AWS can know. */
enum policy_unknown {
    UNKNOWN_DENIES, /* an Allow that hangs on it does not allow, a Deny that hangs on it denies */
    UNKNOWN_DEFERS, /* taken as met in an Allow, as not met in a Deny: the endpoint decides it anyway */
};

struct request_facts {
    struct slice action;        /* "sagemaker:InvokeEndpoint" */
    struct slice principal_arn; /* of the credentials that will sign: a user, an assumed-role session, a role
                                   whose session is not known, …; len 0 when not known at all */
    const struct slice *resources; /* ARNs */
    size_t resource_count;
    /* Resources that are told up to a '*' at the end: each may be any that begins so. It is allowed when all
       of them are, and denied when any is. Where there are no resources of either kind, "*" alone matches. */
    const struct slice *beginnings;
    size_t beginning_count;
    /* Context key by name (any case), computed on demand, maybe several times; may be NULL: every key is then
       absent. The values stay where they are until the decision is made. */
    enum context_lookup (*context)(void *user, struct slice key, struct context_values *out);
    void *context_user;
    enum policy_unknown unknown;
};

enum policy_decision { POLICY_ALLOWED, POLICY_EXPLICIT_DENY, POLICY_IMPLICIT_DENY };

/* Which statement made a decision. Slices live as long as policy and facts. */
struct policy_reason {
    size_t document;       /* index from 0, of those that policy_evaluate_all() was given */
    struct slice sid;      /* len 0 when it has none */
    size_t statement;      /* index from 0 */
    unsigned line, column; /* of the statement in its document, from 1 */
    struct slice resource; /* the resource that was not allowed or was denied */
    bool matched;          /* false for an implicit deny: no statement matched */
    bool deferred; /* allowed, if the endpoint finds a condition on `unknown` met, or not met in a Deny */
    struct slice unknown; /* the key that only AWS can know which the decision hangs on; "Principal" when it
                             is the caller that is not known; len 0 when it hangs on none */
};

struct policy;

/* One finding about a document. */
struct policy_problem {
    bool is_error; /* else a warning */
    unsigned line, column;
    char text[SG_TEXT]; /* see sg_word() */
};

/* Told each problem, in the order of the document. */
typedef void policy_report(void *user, const struct policy_problem *problem);

/* Compiles a document. NULL when there was an error; every problem has been reported. Owned by the caller. */
struct policy *policy_parse(struct slice text, policy_report *report, void *user);

void policy_free(struct policy *policy);

/*
 * Decides. Every resource must be allowed; a deny of any denies (Deny wins). `why` is always filled.
 * Allocates nothing; safe from several threads.
 */
enum policy_decision policy_evaluate(const struct policy *policy, const struct request_facts *facts,
                                     struct policy_reason *why);

/*
 * Decides by several documents together, as an endpoint policy and an identity policy are: a Deny in any
 * denies; else each must allow. `why` tells of the document that denied, else of the first that does not
 * allow, else of the first whose answer was deferred, else of the first. count must not be 0.
 */
enum policy_decision policy_evaluate_all(const struct policy *const *policies, size_t count,
                                         const struct request_facts *facts, struct policy_reason *why);

/* One statement of a document, as it is spoken of. */
struct policy_statement {
    struct slice sid; /* len 0 when it has none */
    bool deny;
    unsigned line, column; /* from 1 */
};

/* By index from 0, in the order of the document. */
size_t policy_statement_count(const struct policy *policy);
struct policy_statement policy_statement_at(const struct policy *policy, size_t index);

/* Whether the statements have a Principal, as those of an endpoint policy do. */
bool policy_has_principals(const struct policy *policy);

enum policy_name_kind { POLICY_NAMES_ACTION, POLICY_NAMES_RESOURCE, POLICY_NAMES_KEY };

/* What a condition or a variable wants of a key. */
enum policy_key_use {
    POLICY_KEY_ONE,     /* its value, and that it has one: an operator alone, a variable */
    POLICY_KEY_ALL,     /* ForAllValues */
    POLICY_KEY_ANY,     /* ForAnyValue */
    POLICY_KEY_PRESENT, /* Null: false */
    POLICY_KEY_NULL,    /* Null otherwise */
};

/* One action pattern, ARN pattern or condition key that stands in a document. */
struct policy_name {
    enum policy_name_kind kind;
    struct slice text;       /* as written; a key: of a condition, or of a variable */
    size_t statement;        /* index from 0 */
    struct slice sid;        /* len 0 when it has none */
    bool deny;               /* the statement's effect */
    bool negated;            /* in NotAction, NotResource */
    bool unconditional;      /* the statement has no Condition, and is for everyone */
    enum policy_key_use use; /* of a key */
    unsigned line, column;   /* where it stands, from 1 */
};

/* Tells all of them, statement by statement, for who checks them against tables that are not known here. */
void policy_each_name(const struct policy *policy, void (*tell)(void *user, const struct policy_name *name),
                      void *user);

#endif
