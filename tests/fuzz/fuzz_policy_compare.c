/* Two documents of whatever bytes, parted by a zero: what is told to differ does, and a document is as
 * itself. */
#include <stdint.h>
#include <stdlib.h>

#include "compare/compare.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
    if (!truth)
        abort();
}

static void ignore(void *user, const struct policy_problem *problem)
{
    (void)user;
    (void)problem;
}

static void check(const struct policy *const policies[2])
{
    static const struct slice actions[] = {SLICE_INIT("sagemaker:InvokeEndpoint"),
                                           SLICE_INIT("sagemaker:DeleteModel")};
    static const struct slice any = SLICE_INIT("arn:*:*:*:*:*");
    const struct compare_world world = {
        .actions = actions, .action_count = 2, .resources = &any, .resource_count = 1, .effort = 20000000};
    const struct compare_side sides[] = {{&policies[0], 1}, {&policies[1], 1}};
    struct comparison comparison = {.count = 0};

    require(policy_compare(sides, &world, &comparison) == SG_OK);
    require(comparison.count == 0 || policies[0] != policies[1]);
    require(!strstr(comparison.cut, "does not hold"));
    for (size_t i = 0; i < comparison.count; i++) {
        struct compare_difference *difference = &comparison.differences[i];
        struct request_facts facts = {.action = difference->action,
                                      .principal_arn = difference->principal,
                                      .resources = &difference->resource,
                                      .resource_count = difference->resource.len > 0,
                                      .context = compare_context,
                                      .context_user = difference};
        struct policy_reason why;

        for (size_t k = 0; k < 2; k++)
            require((policy_evaluate(policies[k], &facts, &why) == POLICY_ALLOWED) ==
                    (k == difference->allowed_by));
    }
    comparison_free(&comparison);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = slice_of((const char *)data, size), first = {NULL, 0};
    struct policy *one, *other;

    slice_split(&rest, '\0', &first);
    one = policy_parse(first, ignore, NULL);
    other = rest.ptr ? policy_parse(rest, ignore, NULL) : NULL;
    if (one)
        check((const struct policy *const[]){one, one});
    if (one && other)
        check((const struct policy *const[]){one, other});
    policy_free(one);
    policy_free(other);
    return 0;
}
