/*
 * What a decision costs by one statement and by a thousand, in nanoseconds. With the name of a shape and a
 * number, only makes that many decisions: for those who count instructions.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "policy/policy.h"

enum { DECISIONS = 200000, ROUNDS = 5, LAST = 777 };

#define ARN "arn:aws:sagemaker:us-east-1:123456789012:endpoint/team"

/* Statement i of a policy; the last of them that matters to the request is number LAST. */
struct shape {
    const char *name;
    int statements;
    const char *format; /* takes i four times */
};

static const struct shape shapes[] = {
    {"one", 1, "'Action':'sagemaker:InvokeEndpoint','Resource':'" ARN "777-*'"},
    {"resources", 1000, "'Action':'sagemaker:InvokeEndpoint','Resource':'" ARN "%d-*'"},
    {"regions", 1000, "'Action':'sagemaker:Invoke*','Resource':'arn:aws:sagemaker:*:*:endpoint/team%d-*'"},
    {"actions", 1000, "'Action':['sagemaker:Describe%d*','sagemaker:Invoke%d*'],'Resource':'*'"},
    {"principals", 1000,
     "'Principal':{'AWS':'arn:aws:iam::123456789012:role/Team%d'},'Action':'sagemaker:*','Resource':'" ARN
     "%d-*'"},
    {"conditions", 1000,
     "'Action':'sagemaker:InvokeEndpoint','Resource':'" ARN "%d-*','Condition':{'StringEquals':"
     "{'aws:SourceVpce':'vpce-%d'}}"},
    {"variables", 1000, "'Action':'sagemaker:InvokeEndpoint','Resource':'" ARN "%d-${aws:SourceVpce}*'"},
};

static void write_statement(struct buffer *out, const struct shape *shape, int i, const char *effect)
{
    buffer_printf(out, "%s{'Effect':'%s',", i ? "," : "", effect);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
    buffer_printf(out, shape->format, i, i, i, i);
#pragma GCC diagnostic pop
    buffer_append_char(out, '}');
}

static void report(void *user, const struct policy_problem *problem)
{
    (void)user;
    if (problem->is_error)
        fprintf(stderr, "%u:%u: %s\n", problem->line, problem->column, problem->text);
}

/* One statement in ten is a Deny of something else, but for the one that allows. */
static struct policy *make_policy(const struct shape *shape)
{
    struct buffer text = {0};
    struct policy *policy;

    buffer_append(&text, SLICE("{'Version':'2012-10-17','Statement':["));
    for (int i = 0; i < shape->statements; i++)
        write_statement(&text, shape, i, i % 10 == 3 ? "Deny" : "Allow");
    buffer_append(&text, SLICE("]}"));
    for (size_t i = 0; i < text.len; i++)
        text.data[i] = text.data[i] == '\'' ? '"' : text.data[i];
    policy = policy_parse(buffer_slice(&text), report, NULL);
    buffer_free(&text);
    return policy;
}

static enum context_lookup find(void *user, struct slice key, struct context_values *out)
{
    static const struct slice endpoint = SLICE_INIT("vpce-777");

    (void)user;
    if (!slice_eq_nocase(key, SLICE("aws:SourceVpce")))
        return CONTEXT_ABSENT;
    *out = (struct context_values){&endpoint, 1, false};
    return CONTEXT_FOUND;
}

static struct request_facts request(const struct shape *shape)
{
    static const struct slice arn = SLICE_INIT(ARN "777-vpce-777-x");
    bool by_action = strcmp(shape->name, "actions") == 0;

    return (struct request_facts){
        .action = by_action ? SLICE("sagemaker:Invoke777Endpoint") : SLICE("sagemaker:InvokeEndpoint"),
        .principal_arn = SLICE("arn:aws:sts::123456789012:assumed-role/Team777/i-1"),
        .resources = &arn,
        .resource_count = 1,
        .context = find,
    };
}

/* False when one is not as it must be. */
static bool decide(const struct shape *shape, const struct policy *policy, int count)
{
    struct request_facts facts = request(shape);

    for (int i = 0; i < count; i++) {
        struct policy_reason why;

        if (policy_evaluate(policy, &facts, &why) != POLICY_ALLOWED)
            return false;
    }
    return true;
}

static double now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/* The best of several rounds, in nanoseconds a decision; negative when it went wrong. */
static double measure(const struct shape *shape)
{
    struct policy *policy = make_policy(shape);
    double best = -1;

    for (int round = 0; policy && round < ROUNDS; round++) {
        double began = now(), took;

        if (!decide(shape, policy, DECISIONS)) {
            best = -1;
            break;
        }
        took = (now() - began) / DECISIONS;
        best = best < 0 || took < best ? took : best;
    }
    policy_free(policy);
    return best;
}

static int run_one(const char *name, int count)
{
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        struct policy *policy;
        bool good;

        if (strcmp(shapes[i].name, name) != 0)
            continue;
        policy = make_policy(&shapes[i]);
        good = policy && decide(&shapes[i], policy, count);
        policy_free(policy);
        return good ? 0 : 1;
    }
    return 2;
}

int main(int argc, char **argv)
{
    double one = 0;

    if (argc == 3)
        return run_one(argv[1], atoi(argv[2]));
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        double took = measure(&shapes[i]);

        if (took < 0)
            return 1;
        one = i ? one : took;
        printf("a decision by %4d statement%s that differ in %-10s: %6.0f ns, %.1f times that by one\n",
               shapes[i].statements, i ? "s" : " ", i ? shapes[i].name : "nothing", took, took / one);
    }
    return 0;
}
