/* Profiles of the shared files, and what they lead to: runs the plan that profile_plan.h makes of them. */
#include <stdio.h>
#include <stdlib.h>

#include "credentials/process.h"
#include "credentials/profile_plan.h"
#include "credentials/sts.h"
#include "credentials/web_identity.h"

struct profile {
    const struct provider_setup *setup;
    const char *name;
    bool named; /* by somebody, not by default */
    struct profile_files files;
    unsigned timeout_ms;
    struct profile_plan plan; /* of the look under way */
    size_t roles_left;
    bool failed; /* the last look, by what the files lead to: that may be otherwise the next time */
    struct process *process;
    struct sts_call *call;
    const struct provider *source; /* credential_source, once it was asked; its state is kept */
    struct provider_setup of_source;
    void *source_state;
};

static void end_look(struct profile *profile, enum provider_outcome outcome, struct credentials *found,
                     const char *why_not)
{
    /* Done with before the answer: it may begin the next look. */
    profile_plan_free(&profile->plan);
    profile->setup->answer(profile->setup->user, outcome, found, why_not);
}

static void fail(struct profile *profile, const char *why_not)
{
    profile->failed = true;
    end_look(profile, PROVIDER_FAILED, NULL, why_not);
}

static void go_on(struct profile *profile, struct credentials *credentials);

static void on_role(void *user, const struct sts_result *result)
{
    struct profile *profile = user;

    profile->call = NULL;
    if (result->why_not)
        fail(profile, result->why_not);
    else
        go_on(profile, result->credentials);
}

static struct sts_role role_of(const struct plan_role *role)
{
    return (struct sts_role){.arn = slice_cstr(role->arn),
                             .session_name = slice_cstr(role->session_name),
                             .external_id = slice_cstr(role->external_id),
                             .duration_s = role->duration_s};
}

/* Assumes the next role with these, or answers with them. */
static void go_on(struct profile *profile, struct credentials *credentials)
{
    struct sts_role role;

    if (profile->roles_left == 0) {
        end_look(profile, PROVIDER_FOUND, credentials, NULL);
        return;
    }
    role = role_of(&profile->plan.roles[--profile->roles_left]);
    profile->call = sts_assume_role(profile->setup->sts, credentials, &role, "assume role",
                                    profile->timeout_ms, on_role, profile);
    if (!profile->call)
        fail(profile, "out of memory");
}

static void on_process(void *user, struct credentials *found, const char *why_not)
{
    struct profile *profile = user;
    char text[700];

    profile->process = NULL;
    if (found) {
        go_on(profile, found);
        return;
    }
    sg_word(text, sizeof(text), "credential_process: %s", why_not);
    fail(profile, text);
}

static void on_source(void *user, enum provider_outcome outcome, struct credentials *found,
                      const char *why_not)
{
    struct profile *profile = user;
    char text[900];

    if (outcome == PROVIDER_FOUND) {
        go_on(profile, found);
        return;
    }
    sg_word(text, sizeof(text), "credential_source, %s: %s", profile->source->name, why_not);
    fail(profile, text);
}

static void close_source(struct profile *profile)
{
    if (profile->source_state && profile->source->close)
        profile->source->close(profile->source_state);
    profile->source_state = NULL;
}

static void ask_source(struct profile *profile)
{
    if (profile->source != profile->plan.provider)
        close_source(profile);
    profile->source = profile->plan.provider;
    if (!profile->source_state) {
        profile->of_source = *profile->setup;
        profile->of_source.answer = on_source;
        profile->of_source.user = profile;
        profile->source_state =
            profile->source->open ? profile->source->open(&profile->of_source) : (void *)&profile->of_source;
    }
    if (profile->source_state)
        profile->source->look(profile->source_state, profile->timeout_ms);
    else
        fail(profile, "out of memory");
}

static void run(struct profile *profile)
{
    const struct profile_plan *plan = &profile->plan;
    struct credentials *keys;
    struct sts_role role;
    struct sg_error err;

    profile->roles_left = plan->role_count;
    switch (plan->base) {
    case PLAN_KEYS:
        keys = credentials_ref(plan->keys);
        go_on(profile, keys);
        credentials_unref(keys);
        return;
    case PLAN_PROVIDER:
        ask_source(profile);
        return;
    case PLAN_PROCESS:
        profile->process = process_start(profile->setup->base, slice_cstr(plan->text), PROCESS_LIMIT_MS,
                                         on_process, profile, &err);
        if (!profile->process)
            fail(profile, err.text);
        return;
    case PLAN_WEB_IDENTITY:
        role = role_of(&plan->first_role);
        profile->call = web_identity_start(profile->setup->sts, plan->text, &role, profile->timeout_ms,
                                           on_role, profile, &err);
        if (!profile->call)
            fail(profile, err.text);
        return;
    }
}

static void profile_look(void *state, unsigned timeout_ms)
{
    struct profile *profile = state;
    const struct plan_request request = {.files = &profile->files,
                                         .profile = profile->name,
                                         .source = profile->setup->file ? file_provider.name
                                                                        : profile_provider.name,
                                         .named = profile->named,
                                         .environment = !profile->setup->pinned};
    enum provider_outcome outcome = PROVIDER_FAILED;
    struct buffer why = {0};
    struct sg_error err;
    const char *text;

    profile->timeout_ms = timeout_ms;
    profile->failed = false;
    if (profile_files_read(&profile->files, &err) == SG_OK)
        outcome = profile_plan_make(&request, &profile->plan, &why);
    else
        buffer_append(&why, slice_cstr(err.text));
    profile_files_drop(&profile->files);
    text = buffer_cstr(&why);
    if (outcome == PROVIDER_FOUND)
        run(profile);
    else
        end_look(profile, outcome, NULL, text ? text : "out of memory");
    buffer_free(&why);
}

static void profile_close(void *state)
{
    struct profile *profile = state;

    process_cancel(profile->process);
    sts_cancel(profile->call);
    close_source(profile);
    profile_plan_free(&profile->plan);
    profile_files_free(&profile->files);
    free(profile);
}

static bool profile_stale(void *state)
{
    const struct profile *profile = state;

    return profile->failed || profile_files_changed(&profile->files);
}

static void *open_with(const struct provider_setup *setup, const char *file)
{
    /* botocore lets AWS_DEFAULT_PROFILE win, though AWS_PROFILE is the documented one. */
    const char *const names[] = {setup->profile, file ? NULL : provider_variable("AWS_DEFAULT_PROFILE"),
                                 file ? NULL : provider_variable("AWS_PROFILE")};
    struct profile *profile = calloc(1, sizeof(*profile));

    if (!profile)
        return NULL;
    profile->setup = setup;
    profile->name = "default";
    for (size_t i = sizeof(names) / sizeof(names[0]); i-- > 0;) {
        if (names[i]) {
            profile->name = names[i];
            profile->named = true;
        }
    }
    if (!profile_files_locate(&profile->files, file)) {
        profile_close(profile);
        return NULL;
    }
    return profile;
}

static void *profile_open(const struct provider_setup *setup)
{
    return open_with(setup, NULL);
}

static void *file_open(const struct provider_setup *setup)
{
    return open_with(setup, setup->file);
}

const struct provider profile_provider = {
    .name = "profile",
    .open = profile_open,
    .look = profile_look,
    .stale = profile_stale,
    .close = profile_close,
};

const struct provider file_provider = {
    .name = "file",
    .open = file_open,
    .look = profile_look,
    .stale = profile_stale,
    .close = profile_close,
};
