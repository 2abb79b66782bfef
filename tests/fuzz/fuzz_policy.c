/*
 * Any bytes as a policy document: no crash, no leak, each problem at a place of the document; and what loads
 * decides in the same way each time, denies no less when unknown keys deny, and allows nothing it does not
 * name.
 */
#include <stdint.h>
#include <stdlib.h>

#include "policy/policy.h"

static void check(bool good)
{
    if (!good)
        abort();
}

struct document {
    struct slice text;
    unsigned lines;
    size_t errors;
};

static void check_problem(void *user, const struct policy_problem *problem)
{
    struct document *document = user;

    check(problem->text[0] && problem->line >= 1 && problem->line <= document->lines && problem->column >= 1);
    document->errors += problem->is_error;
}

static void check_name(void *user, const struct policy_name *name)
{
    const struct document *document = user;

    check(name->text.len && name->line >= 1 && name->line <= document->lines);
}

/* Every third key is unknown, every third absent; the others have one value or a list. */
static enum context_lookup find(void *user, struct slice key, struct context_values *out)
{
    static const struct slice values[] = {SLICE_INIT("a"), SLICE_INIT("10.0.0.1"),
                                          SLICE_INIT("arn:aws:iam::1:role/a")};

    (void)user;
    if (key.len % 3 == 0)
        return CONTEXT_UNKNOWN;
    if (key.len % 3 == 1)
        return CONTEXT_ABSENT;
    *out = (struct context_values){values + key.len % 2, 1 + key.len % 2, key.len % 5 == 0};
    return CONTEXT_FOUND;
}

static enum policy_decision decide(const struct policy *policy, struct request_facts facts,
                                   enum policy_unknown unknown)
{
    struct policy_reason why, again;
    enum policy_decision decision;

    facts.unknown = unknown;
    decision = policy_evaluate(policy, &facts, &why);
    check(policy_evaluate(policy, &facts, &again) == decision && again.statement == why.statement);
    check(why.matched == (decision != POLICY_IMPLICIT_DENY));
    check(!why.deferred || (decision == POLICY_ALLOWED && why.unknown.len));
    return decision;
}

static void check_decisions(const struct policy *policy)
{
    static const struct slice resources[] = {
        SLICE_INIT("arn:aws:sagemaker:us-east-1:123456789012:endpoint/a"),
        SLICE_INIT("arn:aws:sagemaker:us-east-1:123456789012:endpoint/ab"), SLICE_INIT("x")};
    static const struct slice beginnings[] = {
        SLICE_INIT("arn:aws:sagemaker:us-east-1:123456789012:endpoint/*")};
    struct request_facts facts = {.action = SLICE("sagemaker:InvokeEndpoint"),
                                  .resources = resources,
                                  .beginnings = beginnings,
                                  .context = find};

    for (size_t i = 0; i < 8; i++) {
        enum policy_decision denying, deferring;

        facts.resource_count = i % 4;
        facts.beginning_count = i >= 4;
        facts.principal_arn = i % 2 ? SLICE("arn:aws:sts::123456789012:assumed-role/App/i") : SLICE("");
        denying = decide(policy, facts, UNKNOWN_DENIES);
        deferring = decide(policy, facts, UNKNOWN_DEFERS);
        check(denying != POLICY_ALLOWED || deferring == POLICY_ALLOWED);
        check(deferring != POLICY_EXPLICIT_DENY || denying == POLICY_EXPLICIT_DENY);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct document document = {slice_of((const char *)data, size), 1, 0};
    struct policy *policy;

    for (size_t i = 0; i < size; i++)
        document.lines += data[i] == '\n';
    policy = policy_parse(document.text, check_problem, &document);
    check((policy == NULL) == (document.errors > 0));
    if (policy) {
        policy_each_name(policy, check_name, &document);
        check_decisions(policy);
    }
    policy_free(policy);
    return 0;
}
