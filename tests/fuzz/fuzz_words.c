/* A command line of whatever bytes: its words are together no longer than it, or there is a reason. */
#include <stdint.h>
#include <stdlib.h>

#include "credentials/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
    if (!truth)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sg_error err = {0};
    char **words = words_split(slice_of((const char *)data, size), &err);
    size_t count = 0, total = 0;

    if (!words) {
        require(err.status == SG_INVALID && err.text[0]);
        return 0;
    }
    for (; words[count]; count++)
        total += strlen(words[count]);
    require(count > 0 && total <= size);
    free(words);
    return 0;
}
