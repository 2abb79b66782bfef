#include "config/credentials_keys.h"

#include <string.h>

#include "aws/caller_identity.h"
#include "config/values.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HOUR         (UINT64_C(60) * 60 * 1000)

enum { IDENTITIES_MAX = 64, TAGS_MAX = 50 /* STS API Reference, AssumeRole */ };

static const struct schema_choice providers[] = {{"default", CONFIG_CREDENTIALS_DEFAULT},
                                                 {"environment", CONFIG_CREDENTIALS_ENVIRONMENT},
                                                 {"web_identity", CONFIG_CREDENTIALS_WEB_IDENTITY},
                                                 {"profile", CONFIG_CREDENTIALS_PROFILE},
                                                 {"file", CONFIG_CREDENTIALS_FILE},
                                                 {"container", CONFIG_CREDENTIALS_CONTAINER},
                                                 {"imds", CONFIG_CREDENTIALS_IMDS},
                                                 {0}};

static const struct schema_key tag_keys[] = {
    {.name = "key",
     .target = offsetof(struct config_tag, key),
     .read = read_text,
     .want = "it must be the name of a session tag",
     .missing = "key is missing: a tag has a key and a value"},
    {.name = "value",
     .target = offsetof(struct config_tag, value),
     .read = read_text,
     .want = "it must be the value of a session tag",
     .missing = "value is missing: a tag has a key and a value"},
};

static const struct schema tag_schema = {
    .where = "in a tag", .keys = tag_keys, .count = COUNT(tag_keys), .size = sizeof(struct config_tag)};

static const struct schema_key role_keys[] = {
    {.name = "role_arn",
     .target = offsetof(struct config_role, arn),
     .read = read_principal,
     .want = "it must be the ARN of a role, such as arn:aws:iam::123456789012:role/inference",
     .missing = "role_arn is missing: it says which role is assumed"},
    {.name = "session_name",
     .target = offsetof(struct config_role, session_name),
     .read = read_session_name,
     .want = "it must be 2 to 64 letters, digits and the characters _=,.@-"},
    {.name = "external_id",
     .target = offsetof(struct config_role, external_id),
     .read = read_text,
     .want = "it must be the external id that the role's trust policy asks for"},
    {.name = "duration",
     .target = offsetof(struct config_role, duration_ms),
     .read = read_duration,
     .min = 15 * 60 * 1000,
     .max = 12 * HOUR,
     .want = "it must be a duration from 15m to 12h"},
    {.name = "tags",
     .target = offsetof(struct config_role, tags),
     .items = &tag_schema,
     .count_target = offsetof(struct config_role, tag_count),
     .max_items = TAGS_MAX},
};

static const struct schema role_schema = {
    .where = "in assume_role", .keys = role_keys, .count = COUNT(role_keys)};

/* The keys that each identity has, the default one and those with a name. */
enum {
    IDENTITY_PROVIDER,
    IDENTITY_PROFILE,
    IDENTITY_FILE,
    IDENTITY_SYSTEMD,
    IDENTITY_IMDS_V1,
    IDENTITY_ROLE,
    IDENTITY_PRINCIPAL_ARN,
    IDENTITY_KEYS
};

#define IDENTITY_ROWS                                                                                        \
    [IDENTITY_PROVIDER] =                                                                                    \
        {.name = "provider",                                                                                 \
         .target = offsetof(struct config_identity, provider),                                               \
         .read = read_choice,                                                                                \
         .choices = providers,                                                                               \
         .want = "it must be default, environment, web_identity, profile, file, container or imds",          \
         .initial = "default"},                                                                              \
    [IDENTITY_PROFILE] = {.name = "profile",                                                                 \
                          .target = offsetof(struct config_identity, profile),                               \
                          .read = read_text,                                                                 \
                          .want = "it must be the name of a profile in the shared AWS files"},               \
    [IDENTITY_FILE] = {.name = "file",                                                                       \
                       .target = offsetof(struct config_identity, file),                                     \
                       .read = read_text,                                                                    \
                       .want = "it must be a file in the format of ~/.aws/credentials"},                     \
    [IDENTITY_SYSTEMD] =                                                                                     \
        {.name = "systemd_credential",                                                                       \
         .target = offsetof(struct config_identity, systemd_credential),                                     \
         .read = read_credential_name,                                                                       \
         .want = "it must be the name of a LoadCredential= of the unit: letters, digits, '.', '-' and '_'"}, \
    [IDENTITY_IMDS_V1] = {.name = "imds_v1",                                                                 \
                          .target = offsetof(struct config_identity, imds_v1),                               \
                          .read = read_bool,                                                                 \
                          .want = "it must be true or false"},                                               \
    [IDENTITY_ROLE] = {.name = "assume_role",                                                                \
                       .target = offsetof(struct config_identity, role),                                     \
                       .mapping = &role_schema},                                                             \
    [IDENTITY_PRINCIPAL_ARN] = {.name = "principal_arn",                                                     \
                                .target = offsetof(struct config_identity, principal_arn),                   \
                                .read = read_principal,                                                      \
                                .want = "it must be the ARN of the role (not of its session) or user, such " \
                                        "as arn:aws:iam::123456789012:role/inference"}

static void check_identity(struct problems *problems, const struct mark *given,
                           const struct config_identity *identity)
{
    bool is_default = identity->provider == CONFIG_CREDENTIALS_DEFAULT;
    bool is_file = identity->provider == CONFIG_CREDENTIALS_FILE;

    if (given[IDENTITY_PROFILE].line && !is_default && !is_file &&
        identity->provider != CONFIG_CREDENTIALS_PROFILE)
        problem_error(
            problems, given[IDENTITY_PROFILE],
            "profile has no meaning with this provider; it goes with provider default, profile or file");
    if (is_file && !given[IDENTITY_FILE].line == !given[IDENTITY_SYSTEMD].line)
        problem_error(problems, given[IDENTITY_PROVIDER],
                      "provider file needs exactly one of file and systemd_credential");
    for (size_t i = IDENTITY_FILE; i <= IDENTITY_SYSTEMD && !is_file; i++) {
        if (given[i].line)
            problem_error(problems, given[i], "this goes with provider file alone");
    }
    if (given[IDENTITY_IMDS_V1].line && !is_default && identity->provider != CONFIG_CREDENTIALS_IMDS)
        problem_error(problems, given[IDENTITY_IMDS_V1],
                      "imds_v1 has no meaning with this provider; it goes with provider default or imds");
}

enum { NAMED_NAME = IDENTITY_KEYS };

static const struct schema_key named_keys[] = {
    IDENTITY_ROWS,
    [NAMED_NAME] = {.name = "name",
                    .target = offsetof(struct config_identity, name),
                    .read = read_name,
                    .max = 64,
                    .want = "it must be at most 64 letters, digits, '-' and '_'",
                    .missing = "name is missing: listeners say by it which identity is theirs"},
};

static void check_named(struct problems *problems, const struct mark *given, struct mark at, void *target,
                        size_t index)
{
    struct config_identity *identity = target;

    (void)at;
    identity->line = given[NAMED_NAME].line;
    identity->column = given[NAMED_NAME].column;
    check_identity(problems, given, identity);
    for (size_t i = 1; i <= index; i++) {
        const struct config_identity *earlier = identity - i;

        if (identity->name && earlier->name && strcmp(identity->name, earlier->name) == 0)
            problem_error(problems, given[NAMED_NAME],
                          "an earlier identity is named '%s' too; names must differ", identity->name);
    }
}

static const struct schema named_schema = {.where = "in an identity",
                                           .keys = named_keys,
                                           .count = COUNT(named_keys),
                                           .size = sizeof(struct config_identity),
                                           .check = check_named};

/* The default identity is the first member of struct config_credentials. */
static const struct schema_key credentials_keys[] = {
    IDENTITY_ROWS,
    {.name = "wait",
     .target = offsetof(struct config_credentials, wait_ms),
     .read = read_duration,
     .min = 1,
     .max = HOUR,
     .want = "it must be a duration up to 1h: a number with ms, s, m or h, such as 2s",
     .initial = "2s"},
    {.name = "identities",
     .target = offsetof(struct config_credentials, named),
     .items = &named_schema,
     .count_target = offsetof(struct config_credentials, named_count),
     .max_items = IDENTITIES_MAX},
};

static void check_credentials(struct problems *problems, const struct mark *given, struct mark at,
                              void *target, size_t index)
{
    (void)at;
    (void)index;
    check_identity(problems, given, target);
}

const struct schema credentials_schema = {.where = "in credentials",
                                          .keys = credentials_keys,
                                          .count = COUNT(credentials_keys),
                                          .check = check_credentials};

static void find_identity(struct problems *problems, const struct config *config,
                          struct config_listener *listener)
{
    const struct mark at = {listener->identity_line, listener->identity_column};

    listener->identity = 0;
    if (!listener->identity_name)
        return;
    for (size_t i = 1; i < config_identity_count(config); i++) {
        const char *name = config_identity(config, i)->name;

        if (name && strcmp(name, listener->identity_name) == 0)
            listener->identity = i;
    }
    if (listener->identity == 0)
        problem_error(problems, at, "identity is '%s'; it must be the name of one of credentials.identities",
                      listener->identity_name);
}

/* Two accounts for one caller: one of them would decide by a policy for the other. */
static void check_account(struct problems *problems, struct mark account_at, const struct config *config)
{
    const char *arn = config->credentials.own.principal_arn;
    struct buffer memory = {0};
    struct caller_identity who;

    if (config->account_id && arn && caller_identity_read(slice_cstr(arn), &memory, &who) == SG_OK &&
        !slice_eq(who.account, slice_cstr(config->account_id)))
        problem_error(
            problems, account_at,
            "account_id is not the account of credentials.principal_arn, %.*s; they must be the same",
            SLICE_FMT(who.account));
    buffer_free(&memory);
}

/* ARNs are made of it: whoever is not told must be able to ask. */
static void check_account_is_known(struct problems *problems, struct mark account_at, struct mark at,
                                   const struct config *config)
{
    if (account_at.line || config->endpoints[AWS_STS].configured)
        return;
    for (size_t i = 0; i < config_identity_count(config); i++) {
        if (!config_identity_is_used(config, i) || config_identity(config, i)->principal_arn)
            continue;
        problem_error(
            problems, at,
            "account_id is missing: the 12 digits of the AWS account whose resources are called, such "
            "as \"123456789012\"; with endpoints.sts, STS is asked for it");
        return;
    }
}

/* Nobody defines one for nothing: it is a listener that lacks the name, and signs as somebody else. */
static void check_each_is_used(struct problems *problems, const struct config *config)
{
    for (size_t i = 1; i < config_identity_count(config); i++) {
        const struct config_identity *identity = config_identity(config, i);
        const struct mark at = {identity->line, identity->column};

        if (!config_identity_is_used(config, i))
            problem_warning(problems, at, "no listener names the identity '%s' of credentials.identities",
                            identity->name);
    }
}

void check_identities(struct problems *problems, struct mark account_at, struct mark at,
                      struct config *config)
{
    check_account(problems, account_at, config);
    for (size_t i = 0; i < config->rule_count; i++)
        find_identity(problems, config, &config->listeners[i]);
    check_account_is_known(problems, account_at, at, config);
    if (!problems->errors)
        check_each_is_used(problems, config);
}
