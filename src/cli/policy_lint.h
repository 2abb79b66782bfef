/*
 * What is doubtful in a policy that is good as such: names that no operation has, statements that cannot
 * match. By the operation table, so that it says what sagegate will be asked for.
 */
#ifndef SAGEGATE_CLI_POLICY_LINT_H
#define SAGEGATE_CLI_POLICY_LINT_H

#include "policy/pattern.h"
#include "policy/policy.h"

/* Tells warnings: of each statement, then of several together. False when memory is short. */
bool policy_lint(const struct policy *policy, policy_report *report, void *user);

/* The action of an operation that is likely meant by this one; NULL when none is near. */
const char *lint_nearest_action(struct slice text);

/* Within: all names of the policy, with what their texts are as patterns. */
struct lint_name {
    struct policy_name name;
    struct pattern pattern; /* of actions and resources */
};

/* One statement's names, in the order of policy_each_name(). */
struct lint_statement {
    const struct lint_name *names;
    size_t count;
};

struct lint {
    policy_report *report;
    void *user;
    struct arena arena;
    struct lint_name *names;
    size_t count, room;
    struct lint_statement *statements;
    size_t statement_count;
    bool failed; /* memory is short */
};

void lint_warn(struct lint *lint, const struct policy_name *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Whether the pattern matches the text as it is; wildcards in the text are characters. */
bool lint_matches(const struct lint_name *name, struct slice text);

/* The parts of an ARN that patterns of resources have. */
struct lint_arn {
    struct slice partition, service, region, account, type, name;
};

/* False for "*". */
bool lint_split_arn(struct slice text, struct lint_arn *out);

bool lint_is_all(const struct lint_name *name);
bool lint_is_fixed(struct slice part); /* without wildcards and variables */
bool lint_is_our_service(struct slice service);

/* Warns of one ARN; of all of them together. */
void lint_resource(struct lint *lint, const struct lint_name *name);
void lint_resources(struct lint *lint);

/* Warns of statements that another one takes the effect from. */
void lint_shadows(struct lint *lint);

#endif
