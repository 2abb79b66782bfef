/* An answer of EC2 of whatever bytes: what is found lies within its memory, or there is a reason. */
#include <stdint.h>
#include <stdlib.h>

#include "mirror/ec2_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
    if (!truth)
        abort();
}

static void check(const struct ec2_answer *answer, struct slice text)
{
    const char *begin = answer->memory.data, *end = begin + answer->memory.size;

    require(text.len == 0 || (text.ptr >= begin && text.ptr + text.len <= end));
}

static void check_endpoint(const struct ec2_answer *answer, const struct ec2_vpc_endpoint *endpoint)
{
    for (size_t i = 0; i < EC2_PART_COUNT; i++)
        check(answer, endpoint->parts[i]);
    for (size_t i = 0; i < EC2_LIST_COUNT; i++) {
        require(endpoint->lists[i].count <= EC2_LIST_MAX);
        for (size_t k = 0; k < endpoint->lists[i].count; k++)
            check(answer, endpoint->lists[i].at[k]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ec2_answer answer;
    struct sg_error err = {0};

    if (ec2_answer_parse(slice_of((const char *)data, size), &answer, &err))
        require(err.status == SG_INVALID && err.text[0]);
    require(answer.count <= EC2_ENDPOINTS_MAX);
    for (size_t i = 0; i < answer.count; i++)
        check_endpoint(&answer, &answer.endpoints[i]);
    check(&answer, answer.next_token);
    check(&answer, answer.error_code);
    check(&answer, answer.error_message);
    ec2_answer_free(&answer);
    return 0;
}
