#include "credentials/profile_plan.h"

#include <stdlib.h>

#include "base/log.h"

struct planner {
    const struct plan_request *request;
    struct profile_plan *plan;
    struct profile_section section;           /* the profile that is looked at */
    struct slice visited[PLAN_ROLES_MAX + 2]; /* its name is the last of them */
    size_t visited_count;
    struct sg_error err;
};

void profile_plan_free(struct profile_plan *plan)
{
    struct plan_role *roles[PLAN_ROLES_MAX + 1] = {&plan->first_role};

    for (size_t i = 0; i < PLAN_ROLES_MAX; i++)
        roles[i + 1] = &plan->roles[i];
    for (size_t i = 0; i < PLAN_ROLES_MAX + 1; i++) {
        free(roles[i]->arn);
        free(roles[i]->session_name);
        free(roles[i]->external_id);
    }
    credentials_unref(plan->keys);
    free(plan->text);
    *plan = (struct profile_plan){0};
}

static bool has(const struct planner *planner, enum profile_key key)
{
    return profile_has(&planner->section, key);
}

/* One way to say no; false, so that it can be returned. */
#define REFUSE(planner, ...) (sg_fail(&(planner)->err, SG_INVALID, __VA_ARGS__), false)
#define NAME(planner)        SLICE_FMT((planner)->section.name)

static bool take(struct planner *planner, enum profile_key key, struct slice *value)
{
    return profile_value(planner->request->files, &planner->section, key, value, &planner->err) == SG_OK;
}

/* A copy of the value, NULL when the key is not there or empty. */
static bool copy(struct planner *planner, enum profile_key key, char **out)
{
    struct slice value;

    if (!take(planner, key, &value))
        return false;
    *out = value.len ? strndup(value.ptr, value.len) : NULL;
    return *out || value.len == 0 || REFUSE(planner, "out of memory");
}

static bool take_duration(struct planner *planner, unsigned *duration_s)
{
    unsigned long long number;
    struct slice value;

    if (!take(planner, KEY_DURATION, &value))
        return false;
    if (value.len == 0)
        return true;
    if (!slice_to_u64(value, 43200, &number) || number < 900)
        return REFUSE(planner,
                      "profile \"%.*s\": duration_seconds is not a number from 900 to 43200, as STS takes it",
                      NAME(planner));
    *duration_s = (unsigned)number;
    return true;
}

static bool take_role(struct planner *planner, struct plan_role *role)
{
    return copy(planner, KEY_ROLE, &role->arn) && copy(planner, KEY_SESSION_NAME, &role->session_name) &&
           copy(planner, KEY_EXTERNAL_ID, &role->external_id) && take_duration(planner, &role->duration_s);
}

/* Static keys of one file: with an id, all that belongs to it must be right. */
static bool take_keys(struct planner *planner, enum profile_file which)
{
    const struct profile_files *files = planner->request->files;
    const struct profile_section *section = &planner->section;
    const struct ini_entry *entries = section->entries[which];
    const struct shared_file *file = &files->files[which];
    enum profile_key token_key = entries[KEY_OLD_TOKEN].line ? KEY_OLD_TOKEN : KEY_TOKEN;
    struct slice id, secret, token;
    struct sg_error part;

    if (!entries[KEY_SECRET].line)
        return REFUSE(planner, "%s, line %u: there is no aws_secret_access_key beside this key id",
                      file->path, entries[KEY_ID].line);
    if (profile_value_in(files, section, which, KEY_ID, &id, &planner->err) ||
        profile_value_in(files, section, which, KEY_SECRET, &secret, &planner->err) ||
        profile_value_in(files, section, which, token_key, &token, &planner->err))
        return false;
    if (credentials_check(id, secret, token, &part))
        return REFUSE(planner, "%s, profile \"%.*s\": %s", file->path, NAME(planner), part.text);
    if (file->seen.st_mode & (S_IWGRP | S_IRWXO))
        log_warn("the keys in %s are open to other users (mode %04o): chmod 600 would close it", file->path,
                 (unsigned)(file->seen.st_mode & 07777));
    planner->plan->base = PLAN_KEYS;
    planner->plan->keys = credentials_new(id, secret, token, 0, planner->request->source);
    return planner->plan->keys || REFUSE(planner, "out of memory");
}

/* A variable's value in place of the profile's. False when memory is short. */
static bool override(const char *variable, char **text)
{
    const char *value = provider_variable(variable);

    if (!value)
        return true;
    free(*text);
    *text = strdup(value);
    return *text != NULL;
}

/* True also when there is none: then plan->text is NULL. */
static bool take_web_identity(struct planner *planner, bool environment)
{
    struct profile_plan *plan = planner->plan;
    struct plan_role *role = &plan->first_role;

    if (!copy(planner, KEY_WEB_IDENTITY, &plan->text))
        return false;
    if (environment && !override("AWS_WEB_IDENTITY_TOKEN_FILE", &plan->text))
        return REFUSE(planner, "out of memory");
    if (!plan->text)
        return true;
    plan->base = PLAN_WEB_IDENTITY;
    /* As botocore: external_id and duration_seconds are for roles that are assumed with credentials. */
    if (!copy(planner, KEY_ROLE, &role->arn) || !copy(planner, KEY_SESSION_NAME, &role->session_name))
        return false;
    if (environment &&
        (!override("AWS_ROLE_ARN", &role->arn) || !override("AWS_ROLE_SESSION_NAME", &role->session_name)))
        return REFUSE(planner, "out of memory");
    return role->arn || REFUSE(planner,
                               "there is a web identity token file, %s, but no role for it: "
                               "role_arn of the profile or AWS_ROLE_ARN",
                               plan->text);
}

static bool take_process(struct planner *planner)
{
    planner->plan->base = PLAN_PROCESS;
    return copy(planner, KEY_PROCESS, &planner->plan->text) &&
           (planner->plan->text ||
            REFUSE(planner, "profile \"%.*s\": credential_process is empty", NAME(planner)));
}

/* The credentials of a profile without roles, in botocore's order. FOUND, EMPTY, or FAILED with err. */
static enum provider_outcome take_base(struct planner *planner, bool environment)
{
    const struct profile_section *section = &planner->section;
    bool good;

    if (!take_web_identity(planner, environment))
        return PROVIDER_FAILED;
    if (planner->plan->text)
        return PROVIDER_FOUND;
    if (has(planner, KEY_SSO_ACCOUNT) || has(planner, KEY_SSO_ROLE))
        good =
            REFUSE(planner, "profile \"%.*s\" uses single sign-on (sso_…), which needs somebody who signs in",
                   NAME(planner));
    else if (section->entries[FILE_CREDENTIALS][KEY_ID].line)
        good = take_keys(planner, FILE_CREDENTIALS);
    else if (has(planner, KEY_LOGIN))
        good = REFUSE(planner,
                      "profile \"%.*s\" uses aws login (login_session), which needs somebody who signs in",
                      NAME(planner));
    else if (has(planner, KEY_PROCESS))
        good = take_process(planner);
    else if (section->entries[FILE_CONFIG][KEY_ID].line)
        good = take_keys(planner, FILE_CONFIG);
    else
        return PROVIDER_EMPTY;
    return good ? PROVIDER_FOUND : PROVIDER_FAILED;
}

static bool take_source(struct planner *planner)
{
    static const struct {
        struct slice name;
        const struct provider *provider;
    } sources[] = {
        {SLICE_INIT("Environment"), &environment_provider},
        {SLICE_INIT("Ec2InstanceMetadata"), &imds_provider},
        {SLICE_INIT("EcsContainer"), &container_provider},
    };
    struct slice value;

    if (!take(planner, KEY_CREDENTIAL_SOURCE, &value))
        return false;
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        if (!slice_eq(value, sources[i].name))
            continue;
        planner->plan->base = PLAN_PROVIDER;
        planner->plan->provider = sources[i].provider;
        return true;
    }
    return REFUSE(planner,
                  "profile \"%.*s\": credential_source is none of Environment, Ec2InstanceMetadata and "
                  "EcsContainer",
                  NAME(planner));
}

/* Goes on to the source profile, if that is one that leads to an end. */
static bool go_to_source_profile(struct planner *planner)
{
    struct slice name, from = planner->section.name;
    bool seen = false;

    if (!take(planner, KEY_SOURCE_PROFILE, &name))
        return false;
    for (size_t i = 0; i < planner->visited_count; i++)
        seen = seen || slice_eq(planner->visited[i], name);
    profile_files_find(planner->request->files, name, &planner->section);
    if (!planner->section.exists)
        return REFUSE(planner, "profile \"%.*s\": its source_profile \"%.*s\" does not exist",
                      SLICE_FMT(from), SLICE_FMT(name));
    /* One that names itself takes its own static keys, which a role alone would hide. */
    if (seen && !(slice_eq(name, from) && (has(planner, KEY_ID) || has(planner, KEY_SECRET))))
        return REFUSE(planner,
                      "profile \"%.*s\": its source_profile \"%.*s\" leads back to it; a profile that names "
                      "itself must have static keys",
                      SLICE_FMT(from), SLICE_FMT(name));
    planner->visited[planner->visited_count++] = name;
    return true;
}

/* The role of the profile, and where its source is: *more when that is another profile. */
static bool add_role(struct planner *planner, bool *more)
{
    struct profile_plan *plan = planner->plan;
    bool source_profile = has(planner, KEY_SOURCE_PROFILE);

    *more = source_profile;
    if (has(planner, KEY_MFA))
        return REFUSE(
            planner,
            "profile \"%.*s\" has mfa_serial, but there is nobody here who could type a code: use a "
            "role that needs none",
            NAME(planner));
    if (source_profile == has(planner, KEY_CREDENTIAL_SOURCE))
        return REFUSE(planner, "profile \"%.*s\" has role_arn and %s source_profile %s credential_source",
                      NAME(planner), source_profile ? "both" : "neither", source_profile ? "and" : "nor");
    if (plan->role_count == PLAN_ROLES_MAX)
        return REFUSE(planner, "profile \"%s\" leads to more than %d roles", planner->request->profile,
                      PLAN_ROLES_MAX);
    if (!take_role(planner, &plan->roles[plan->role_count++]))
        return false;
    if (!plan->roles[plan->role_count - 1].arn)
        return REFUSE(planner, "profile \"%.*s\": role_arn is empty", NAME(planner));
    return source_profile ? go_to_source_profile(planner) : take_source(planner);
}

/* A role that is assumed with other credentials. */
static bool is_role(const struct planner *planner)
{
    return has(planner, KEY_ROLE) && !has(planner, KEY_WEB_IDENTITY);
}

static enum provider_outcome follow(struct planner *planner)
{
    bool first = true, more = true;
    enum provider_outcome outcome;

    /* Static keys count before a role of the same profile, but in the profile where it begins. */
    while (is_role(planner) && (first || !(has(planner, KEY_ID) || has(planner, KEY_SECRET)))) {
        first = false;
        if (!add_role(planner, &more))
            return PROVIDER_FAILED;
        if (!more)
            return PROVIDER_FOUND;
    }
    outcome = take_base(planner, first && planner->request->environment);
    if (outcome == PROVIDER_EMPTY && !first) {
        (void)REFUSE(planner, "the source_profile \"%.*s\" has no credentials", NAME(planner));
        return PROVIDER_FAILED;
    }
    return outcome;
}

/* For a profile that says nothing of credentials: the problems of the files may be the reason. */
static void explain_empty(const struct planner *planner, struct buffer *why)
{
    const struct plan_request *request = planner->request;
    const char *separator = " (";

    if (planner->section.exists)
        buffer_printf(why, "profile \"%s\" has no aws_access_key_id%s", request->profile,
                      has(planner, KEY_SECRET) ? " beside its aws_secret_access_key" : "");
    else
        buffer_printf(why, "there is no profile \"%s\"", request->profile);
    if (request->files->problems.len) {
        buffer_printf(why, "%s%.*s", separator, SLICE_FMT(buffer_slice(&request->files->problems)));
        separator = "; ";
    }
    for (size_t i = 0; !planner->section.exists && i < FILE_COUNT; i++) {
        if (!request->files->files[i].text)
            continue;
        buffer_printf(why, "%snot in %s", separator, request->files->files[i].path);
        separator = "; ";
    }
    if (*separator == ';')
        buffer_append_char(why, ')');
    if (request->environment)
        buffer_append(why, SLICE("; AWS_WEB_IDENTITY_TOKEN_FILE is not set"));
}

enum provider_outcome profile_plan_make(const struct plan_request *request, struct profile_plan *plan,
                                        struct buffer *why)
{
    struct planner planner = {.request = request, .plan = plan};
    enum provider_outcome outcome = PROVIDER_EMPTY;

    *plan = (struct profile_plan){0};
    planner.visited[planner.visited_count++] = slice_cstr(request->profile);
    profile_files_find(request->files, slice_cstr(request->profile), &planner.section);
    /* As botocore: a profile that somebody named has to exist, or the search ends. */
    if (request->named && !planner.section.exists)
        outcome = PROVIDER_FAILED;
    else
        outcome = follow(&planner);
    if (outcome == PROVIDER_FAILED && planner.err.text[0])
        buffer_append(why, slice_cstr(planner.err.text));
    else if (outcome != PROVIDER_FOUND)
        explain_empty(&planner, why);
    return outcome;
}
