/* What profiles lead to: the first credentials, the roles after them, and the ways that lead nowhere. */
#include <stdlib.h>

#include "base/log.h"
#include "credentials/profile_plan.h"

#include "unit/unit.h"

#define KEYS "aws_access_key_id=AKIDX\naws_secret_access_key=s\n"

static void describe_role(const struct plan_role *role, struct buffer *out)
{
    buffer_printf(out, " > %s", role->arn);
    if (role->session_name)
        buffer_printf(out, " as %s", role->session_name);
    if (role->external_id)
        buffer_printf(out, " for %s", role->external_id);
    if (role->duration_s)
        buffer_printf(out, " %u s", role->duration_s);
}

/* "keys AKIDX > role > role", in the order of doing. */
static void describe(const struct profile_plan *plan, struct buffer *out)
{
    switch (plan->base) {
    case PLAN_KEYS:
        buffer_printf(out, "keys %.*s", SLICE_FMT(plan->keys->access_key_id));
        break;
    case PLAN_PROCESS:
        buffer_printf(out, "process %s", plan->text);
        break;
    case PLAN_WEB_IDENTITY:
        buffer_printf(out, "token %s", plan->text);
        describe_role(&plan->first_role, out);
        break;
    case PLAN_PROVIDER:
        buffer_printf(out, "%s", plan->provider->name);
        break;
    }
    for (size_t i = plan->role_count; i-- > 0;)
        describe_role(&plan->roles[i], out);
}

static void put_text(struct profile_files *files, enum profile_file which, const char *text)
{
    files->files[which].path = strdup(which == FILE_CONFIG ? "config" : "credentials");
    files->files[which].text = text ? strdup(text) : NULL;
    files->files[which].len = text ? strlen(text) : 0;
}

static void plan_is(size_t row, const char *credentials, const char *config, const char *profile,
                    bool environment, const char *wanted)
{
    struct profile_files files = {0};
    const struct plan_request request = {.files = &files,
                                         .profile = profile,
                                         .source = "profile",
                                         .named = strcmp(profile, "default") != 0,
                                         .environment = environment};
    struct profile_plan plan;
    struct buffer text = {0};
    enum provider_outcome outcome;

    put_text(&files, FILE_CREDENTIALS, credentials);
    put_text(&files, FILE_CONFIG, config);
    outcome = profile_plan_make(&request, &plan, &text);
    if (outcome == PROVIDER_FOUND)
        describe(&plan, &text);
    if (strcmp(buffer_cstr(&text), wanted) != 0)
        fail_msg("row %zu: \"%s\"", row, buffer_cstr(&text));
    profile_plan_free(&plan);
    profile_files_free(&files);
    buffer_free(&text);
}

static void test_plans(void **state)
{
    static const struct {
        const char *credentials, *config, *profile, *plan;
    } rows[] = {
        {"[default]\n" KEYS, NULL, "default", "keys AKIDX"},
        {NULL, "[profile p]\ncredential_process = /opt/x 'a b'\n", "p", "process /opt/x 'a b'"},
        {"[b]\n" KEYS, "[profile p]\nrole_arn=R\nsource_profile=b\n", "p", "keys AKIDX > R"},
        {"[p]\nrole_arn=R\nsource_profile=b\n[b]\n" KEYS, NULL, "p", "keys AKIDX > R"},
        {"[b]\n" KEYS,
         "[profile p]\nrole_arn=R\nsource_profile=b\nrole_session_name=me\nexternal_id=x/1\n"
         "duration_seconds=900\n",
         "p", "keys AKIDX > R as me for x/1 900 s"},
        /* A chain. */
        {"[c]\n" KEYS,
         "[default]\nrole_arn=R1\nsource_profile=a\n[profile a]\nrole_arn=R2\nsource_profile=b\n"
         "[profile b]\nrole_arn=R3\nsource_profile=c\n",
         "default", "keys AKIDX > R3 > R2 > R1"},
        {NULL,
         "[profile p]\nrole_arn=R1\nsource_profile=a\n[profile a]\nrole_arn=R2\n"
         "credential_source=Ec2InstanceMetadata\n",
         "p", "imds > R2 > R1"},
        {NULL, "[profile p]\nrole_arn=R\ncredential_source=Environment\n", "p", "environment > R"},
        {NULL, "[profile p]\nrole_arn=R\ncredential_source=EcsContainer\n", "p", "container > R"},
        {NULL, "[profile p]\nrole_arn=R1\nsource_profile=a\n[profile a]\ncredential_process=x\n", "p",
         "process x > R1"},
        {NULL,
         "[profile p]\nrole_arn=R1\nsource_profile=a\n[profile a]\nrole_arn=R2\n"
         "web_identity_token_file=/t\n",
         "p", "token /t > R2 > R1"},
        {NULL,
         "[profile p]\nrole_arn=R\nweb_identity_token_file=/t\nrole_session_name=me\nsource_profile=no\n"
         "external_id=x\nduration_seconds=900\n",
         "p", "token /t > R as me"},
        /* Keys count before the source's own role, and after the role where it begins. */
        {"[b]\n" KEYS,
         "[profile p]\nrole_arn=R1\nsource_profile=b\n[profile b]\nrole_arn=R2\n"
         "source_profile=c\n",
         "p", "keys AKIDX > R1"},
        {"[p]\n" KEYS "[b]\n" KEYS, "[profile p]\nrole_arn=R1\nsource_profile=b\n", "p", "keys AKIDX > R1"},
        /* Itself. */
        {"[p]\n" KEYS, "[profile p]\nrole_arn=R\nsource_profile=p\n", "p", "keys AKIDX > R"},
        {NULL, "[profile p]\nrole_arn=R\nsource_profile=p\n", "p",
         "profile \"p\": its source_profile \"p\" leads back to it; a profile that names itself must have "
         "static keys"},
        {NULL,
         "[profile p]\nrole_arn=R1\nsource_profile=a\n[profile a]\nrole_arn=R2\nsource_profile=b\n"
         "[profile b]\nrole_arn=R3\nsource_profile=a\n",
         "p",
         "profile \"b\": its source_profile \"a\" leads back to it; a profile that names itself must have "
         "static keys"},
        {"[p]\n" KEYS,
         "[profile p]\nrole_arn=R1\nsource_profile=a\n[profile a]\nrole_arn=R2\nsource_profile=p\n", "p",
         "profile \"a\": its source_profile \"p\" leads back to it; a profile that names itself must have "
         "static keys"},
        /* What cannot be. */
        {NULL, "[profile p]\nrole_arn=R\n", "p",
         "profile \"p\" has role_arn and neither source_profile nor credential_source"},
        {NULL, "[profile p]\nrole_arn=R\nsource_profile=p\ncredential_source=Environment\n", "p",
         "profile \"p\" has role_arn and both source_profile and credential_source"},
        {NULL, "[profile p]\nrole_arn=R\nsource_profile=q\n", "p",
         "profile \"p\": its source_profile \"q\" does not exist"},
        {NULL, "[profile p]\nrole_arn=R\nsource_profile=q\n[profile q]\nregion=x\n", "p",
         "the source_profile \"q\" has no credentials"},
        {NULL, "[profile p]\nrole_arn=R\ncredential_source=environment\n", "p",
         "profile \"p\": credential_source is none of Environment, Ec2InstanceMetadata and EcsContainer"},
        {"[b]\n" KEYS, "[profile p]\nrole_arn=R\nsource_profile=b\nmfa_serial=m\n", "p",
         "profile \"p\" has mfa_serial, but there is nobody here who could type a code: use a role that "
         "needs "
         "none"},
        {"[b]\n" KEYS, "[profile p]\nrole_arn=R\nsource_profile=b\nduration_seconds=1h\n", "p",
         "profile \"p\": duration_seconds is not a number from 900 to 43200, as STS takes it"},
        {"[b]\n" KEYS, "[profile p]\nrole_arn=R\nsource_profile=b\nduration_seconds=899\n", "p",
         "profile \"p\": duration_seconds is not a number from 900 to 43200, as STS takes it"},
        {"[b]\n" KEYS, "[profile p]\nrole_arn=\nsource_profile=b\n", "p", "profile \"p\": role_arn is empty"},
        {NULL, "[profile p]\nweb_identity_token_file=/t\n", "p",
         "there is a web identity token file, /t, but no role for it: role_arn of the profile or "
         "AWS_ROLE_ARN"},
        {NULL, "[profile p]\nsso_account_id=1\n", "p",
         "profile \"p\" uses single sign-on (sso_…), which needs somebody who signs in"},
        {NULL, "[profile p]\nlogin_session=s\n" KEYS, "p",
         "profile \"p\" uses aws login (login_session), which needs somebody who signs in"},
        {"[p]\n" KEYS, "[profile p]\nlogin_session=s\n", "p", "keys AKIDX"},
        {NULL, "[profile p]\ncredential_process=\n", "p", "profile \"p\": credential_process is empty"},
        {NULL, "[profile p]\nrole_arn=R\nsource_profile=a\n  b\n[profile a]\n" KEYS, "p",
         "config, line 3: the value of source_profile goes on in the next, indented line"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        plan_is(i, rows[i].credentials, rows[i].config, rows[i].profile, false, rows[i].plan);
}

/* The environment's web identity comes after a profile's role and before a profile's keys, key by key. */
static void test_environment(void **state)
{
    static const struct {
        const char *config, *role, *session, *plan;
    } rows[] = {
        {"[default]\n" KEYS, "E", NULL, "token /e > E"},
        {"[default]\n" KEYS, "E", "me", "token /e > E as me"},
        {"[default]\nweb_identity_token_file=/t\nrole_arn=R\nrole_session_name=s\n", NULL, NULL,
         "token /e > R as s"},
        {"[default]\nweb_identity_token_file=/t\nrole_arn=R\nrole_session_name=s\n", "E", "me",
         "token /e > E as me"},
        {"[default]\nrole_arn=R\nsource_profile=b\n[profile b]\n" KEYS, "E", NULL, "keys AKIDX > R"},
        {"[default]\nrole_arn=R\nsource_profile=b\n[profile b]\nregion=x\n", "E", NULL,
         "the source_profile \"b\" has no credentials"},
        {"[default]\n" KEYS, NULL, NULL,
         "there is a web identity token file, /e, but no role for it: role_arn of the profile or "
         "AWS_ROLE_ARN"},
        {NULL, "E", NULL, "token /e > E"},
    };

    (void)state;
    setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "/e", 1);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        setenv("AWS_ROLE_ARN", rows[i].role ? rows[i].role : "", 1);
        setenv("AWS_ROLE_SESSION_NAME", rows[i].session ? rows[i].session : "", 1);
        plan_is(i, NULL, rows[i].config, "default", true, rows[i].plan);
    }
    /* Not for a profile that the configuration names. */
    plan_is(0, NULL, "[profile p]\n" KEYS, "p", false, "keys AKIDX");
    unsetenv("AWS_WEB_IDENTITY_TOKEN_FILE");
}

static void test_too_many_roles(void **state)
{
    struct buffer config = {0};

    (void)state;
    for (int i = 0; i <= PLAN_ROLES_MAX; i++)
        buffer_printf(&config, "[profile p%d]\nrole_arn=R\nsource_profile=p%d\n", i, i + 1);
    buffer_printf(&config, "[profile p%d]\n" KEYS, PLAN_ROLES_MAX + 1);
    plan_is(0, NULL, buffer_cstr(&config), "p0", false, "profile \"p0\" leads to more than 8 roles");
    plan_is(1, NULL, buffer_cstr(&config), "p1", false, "keys AKIDX > R > R > R > R > R > R > R > R");
    buffer_free(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plans),
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_too_many_roles),
    };

    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
