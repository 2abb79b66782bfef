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

static void try_form(struct slice text, enum answer_form form)
{
    struct credentials *found = NULL;
    struct sg_error err = {0};

    if (credentials_answer_parse(text, form, "fuzz", &found, &err) == SG_OK) {
        require(credentials_check(found->access_key_id, found->secret_access_key, found->session_token,
                                  NULL) == SG_OK);
        require(form == ANSWER_PROCESS || (found->session_token.len > 0 && found->expiration != 0));
    } else {
        require(!found && err.text[0]);
    }
    credentials_unref(found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_of((const char *)data, size);
    int64_t seconds;

    try_form(text, ANSWER_METADATA);
    try_form(text, ANSWER_PROCESS);
    if (credentials_time_parse(text, &seconds) == SG_OK)
        require(seconds > -100000 && seconds < 253402400000);
    return 0;
}
