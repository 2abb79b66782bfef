/*
 * Prints what the shared files lead to in this environment, as JSON, for the comparison with botocore: the
 * keys, or what would be done to get them, as "role(ARN, session, id, duration) < …", the last thing first.
 */
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/log.h"
#include "credentials/profile_plan.h"

static void describe_role(const char *kind, const struct plan_role *role, struct buffer *out)
{
    buffer_printf(out, "%s(%s, %s, %s, %u)", kind, role->arn, role->session_name ? role->session_name : "-",
                  role->external_id ? role->external_id : "-", role->duration_s);
}

static void describe(const struct profile_plan *plan, struct buffer *out)
{
    for (size_t i = 0; i < plan->role_count; i++) {
        describe_role("role", &plan->roles[i], out);
        buffer_append(out, SLICE(" < "));
    }
    switch (plan->base) {
    case PLAN_KEYS:
        buffer_printf(out, "keys %.*s %.*s %.*s", SLICE_FMT(plan->keys->access_key_id),
                      SLICE_FMT(plan->keys->secret_access_key), SLICE_FMT(plan->keys->session_token));
        break;
    case PLAN_PROCESS:
        buffer_printf(out, "process %s", plan->text);
        break;
    case PLAN_WEB_IDENTITY:
        buffer_printf(out, "token %s ", plan->text);
        describe_role("web", &plan->first_role, out);
        break;
    case PLAN_PROVIDER:
        buffer_printf(out, "source %s", plan->provider->name);
        break;
    }
}

/* The profile, whether somebody named it, and whether the environment's web identity counts. */
int main(int argc, char **argv)
{
    static const char *const outcomes[] = {
        [PROVIDER_FOUND] = "found", [PROVIDER_EMPTY] = "empty", [PROVIDER_FAILED] = "failed"};
    struct profile_files files = {0};
    const struct plan_request request = {.files = &files,
                                         .profile = argc > 1 ? argv[1] : "default",
                                         .source = "profile",
                                         .named = argc > 2 && *argv[2] == '1',
                                         .environment = argc > 3 && *argv[3] == '1'};
    enum provider_outcome outcome = PROVIDER_FAILED;
    struct profile_plan plan = {0};
    struct buffer text = {0};
    struct sg_error err;
    json_t *answer;

    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    if (!profile_files_locate(&files, NULL))
        return 1;
    if (profile_files_read(&files, &err) == SG_OK)
        outcome = profile_plan_make(&request, &plan, &text);
    else
        buffer_append(&text, slice_cstr(err.text));
    if (outcome == PROVIDER_FOUND)
        describe(&plan, &text);
    answer = json_pack("[s, s]", outcomes[outcome], buffer_cstr(&text));
    json_dumpf(answer, stdout, 0);
    json_decref(answer);
    profile_plan_free(&plan);
    profile_files_free(&files);
    buffer_free(&text);
    return ferror(stdout) ? 1 : 0;
}
