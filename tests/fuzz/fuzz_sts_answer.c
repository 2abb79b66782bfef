/* An answer of STS of whatever bytes: its parts lie within its memory, or there is a reason. */
#include <stdint.h>
#include <stdlib.h>

#include "credentials/sts_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
    if (!truth)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sts_answer answer;
    struct sg_error err = {0};

    if (sts_answer_parse(slice_of((const char *)data, size), &answer, &err))
        require(err.status == SG_INVALID && err.text[0]);
    for (size_t i = 0; i < STS_PART_COUNT; i++) {
        struct slice part = answer.parts[i];

        require(part.len == 0 || (part.ptr >= answer.memory.data &&
                                  part.ptr + part.len <= answer.memory.data + answer.memory.size));
    }
    sts_answer_free(&answer);
    return 0;
}
