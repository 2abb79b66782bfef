/* Prints what the profile source answers in this environment, as JSON, for the comparison with botocore. */
#include <stdio.h>

#include <jansson.h>

#include "base/log.h"
#include "credentials/provider.h"

static void print_answer(void *user, enum provider_outcome outcome, struct credentials *found,
                         const char *why_not)
{
    static const char *const outcomes[] = {
        [PROVIDER_FOUND] = "found", [PROVIDER_EMPTY] = "empty", [PROVIDER_FAILED] = "failed"};
    json_t *answer = json_pack("{s:s}", "outcome", outcomes[outcome]);

    (void)user;
    if (found)
        json_object_set_new(answer, "keys",
                            json_pack("[s#,s#,s#]", found->access_key_id.ptr, (int)found->access_key_id.len,
                                      found->secret_access_key.ptr, (int)found->secret_access_key.len,
                                      found->session_token.ptr, (int)found->session_token.len));
    else
        json_object_set_new(answer, "why_not", json_string(why_not));
    json_dumpf(answer, stdout, 0);
    json_decref(answer);
}

/* The profile that the configuration names, or nothing. */
int main(int argc, char **argv)
{
    struct provider_setup setup = {.profile = argc > 1 ? argv[1] : NULL, .answer = print_answer};
    void *profile;

    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    profile = profile_provider.open(&setup);
    if (!profile)
        return 1;
    profile_provider.look(profile, 0);
    profile_provider.close(profile);
    return ferror(stdout) ? 1 : 0;
}
