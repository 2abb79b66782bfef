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

/* The values of one context key. count 0 with found true is a key with no values. */
struct context_values {
    const struct slice *values;
    size_t count;
};

enum context_lookup { CONTEXT_FOUND, CONTEXT_ABSENT, CONTEXT_UNKNOWN /* only AWS can know it */ };

struct request_facts {
    struct slice action;           /* "sagemaker:InvokeEndpoint" */
    struct slice principal_arn;    /* of the credentials that will sign; len 0 when not known */
    const struct slice *resources; /* ARNs; none means "*" */
    size_t resource_count;
    bool any_resource; /* the resource can't be told: only a Resource of "*" matches it */
    /* Context key by name (any case), computed on demand; may be NULL: every key is then absent. */
    enum context_lookup (*context)(void *user, struct slice key, struct context_values *out);
    void *context_user;
};

enum policy_decision { POLICY_ALLOWED, POLICY_EXPLICIT_DENY, POLICY_IMPLICIT_DENY };

/* Which statement made a decision. */
struct policy_reason {
    struct slice sid;      /* len 0 when it has none */
    size_t statement;      /* index from 0 */
    unsigned line, column; /* of the statement in its document, from 1 */
    struct slice resource; /* the resource that was not allowed or was denied */
    bool matched;          /* false for an implicit deny: no statement matched */
};

struct policy;

/* One finding about a document. */
struct policy_problem {
    bool is_error; /* else a warning */
    unsigned line, column;
    char text[256];
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

#endif
