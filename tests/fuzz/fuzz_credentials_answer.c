/* An answer of whatever bytes: it gives credentials that can be used, or a reason. */
#include <stdint.h>
#include <stdlib.h>

#include "credentials/answer.h"
#include "credentials/provider.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
    if (!truth)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_of((const char *)data, size);
    struct credentials *found = NULL;
    struct sg_error err = {0};
    int64_t seconds;

    if (credentials_answer_parse(text, ANSWER_METADATA, "fuzz", &found, &err) == SG_OK) {
        require(credentials_check(found->access_key_id, found->secret_access_key, found->session_token,
                                  NULL) == SG_OK);
        require(found->session_token.len > 0 && found->expiration != 0);
    } else {
        require(!found && err.text[0]);
    }
    credentials_unref(found);
    if (credentials_time_parse(text, &seconds) == SG_OK)
        require(seconds > -100000 && seconds < 253402400000);
    return 0;
}
