/* Lines of whatever bytes: what is read of them makes a suggestion that is a policy, if there is any. */
#include <stdint.h>
#include <stdlib.h>

#include "cli/log_line.h"
#include "policy/policy.h"
#include "policy/suggest.h"

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

static bool is_plain(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~')
            return false;
    }
    return true;
}

/* What the command adds is in the table of operations, and an ARN; here, an action and an ARN of any kind. */
static void add(struct suggestion *suggestion, const struct log_line *line)
{
    static const char prefix[] = "arn:aws:sagemaker:us-west-2:123456789012:";
    struct arena arena = {.blocks = NULL};
    char *arn = arena_alloc(&arena, sizeof(prefix) - 1 + line->resource.len, 1);

    if (arn && is_plain(line->resource)) {
        memcpy(arn, prefix, sizeof(prefix) - 1);
        if (line->resource.len)
            memcpy(arn + sizeof(prefix) - 1, line->resource.ptr, line->resource.len);
        suggestion_add(suggestion, line->listener, SLICE("sagemaker:InvokeEndpoint"),
                       slice_of(arn, sizeof(prefix) - 1 + line->resource.len));
    }
    arena_free(&arena);
}

static void check_document(const struct suggestion *suggestion, bool wildcards)
{
    struct buffer out = {0};
    struct policy *policy;

    require(suggestion_write(suggestion, wildcards, &out));
    policy = policy_parse(buffer_slice(&out), ignore, NULL);
    require(policy != NULL);
    for (size_t i = 0; i < suggestion->count; i++) {
        struct request_facts facts = {.action = suggestion->at[i].action,
                                      .principal_arn = SLICE("arn:aws:iam::123456789012:root"),
                                      .resources = &suggestion->at[i].resource,
                                      .resource_count = 1};
        struct policy_reason why;

        require(policy_evaluate(policy, &facts, &why) == POLICY_ALLOWED);
    }
    policy_free(policy);
    buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = slice_of((const char *)data, size), text;
    struct suggestion suggestion = {.at = NULL};

    while (slice_split(&rest, '\n', &text)) {
        struct arena arena = {.blocks = NULL};
        struct log_line line;

        if (log_line_read(text, &arena, &line) == LOG_LINE_REQUEST) {
            require(line.listener.len && line.decision.len);
            add(&suggestion, &line);
        }
        arena_free(&arena);
    }
    check_document(&suggestion, false);
    check_document(&suggestion, true);
    suggestion_free(&suggestion);
    return 0;
}
