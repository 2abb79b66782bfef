#include "config/listener_keys.h"

#include <string.h>

#include "config/address.h"
#include "config/clients.h"
#include "config/mirror_keys.h"
#include "config/required_header.h"
#include "config/users.h"
#include "config/values.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum {
    LISTENER_NAME,
    LISTENER_ADDRESS,
    LISTENER_MODE,
    LISTENER_PERMISSIONS,
    LISTENER_ALLOW_REMOTE,
    LISTENER_POLICY,
    LISTENER_UNKNOWN_CONDITIONS,
    LISTENER_PRESIGNED_URLS,
    LISTENER_HOSTS,
    LISTENER_SKIP_CHECKS,
    LISTENER_ALLOW_UIDS,
    LISTENER_ALLOW_GIDS,
    LISTENER_ALLOW_EXECUTABLES,
    LISTENER_IDENTITY,
    LISTENER_REQUIRE_HEADER,
    LISTENER_MAX_CONNECTIONS,
    LISTENER_CLIENTS,
};

enum { WORDS_MAX = 64 };

static const struct schema_choice unknown_conditions[] = {
    {"deny", UNKNOWN_DENIES}, {"defer", UNKNOWN_DEFERS}, {0}};

/* enforce or audit; of a Unix socket also what `permissions` takes, as it was first called. */
static const char *read_listener_mode(const struct schema_key *key, struct slice text, void *target)
{
    struct config_listener *listener = target;

    listener->audit = slice_eq(text, SLICE("audit"));
    if (listener->audit || slice_eq(text, SLICE("enforce")))
        return NULL;
    listener->mode_is_permissions = true;
    return read_mode(key, text, &listener->permissions);
}

/* bool: allow, deny */
static const char *read_allow(const struct schema_key *key, struct slice text, void *target)
{
    bool allow = slice_eq(text, SLICE("allow"));

    if (!allow && !slice_eq(text, SLICE("deny")))
        return key->want;
    *(bool *)target = allow;
    return NULL;
}

static const char *read_policy(const struct schema_key *key, struct slice text, void *target)
{
    (void)key;
    return words_append(target, text);
}

static const struct schema_choice checks[] = {
    {"host", CONFIG_CHECK_HOST},           {"origin", CONFIG_CHECK_ORIGIN},
    {"sec-fetch", CONFIG_CHECK_SEC_FETCH}, {"forwarded", CONFIG_CHECK_FORWARDED},
    {"upgrade", CONFIG_CHECK_UPGRADE},     {0}};

static const char *read_program(const struct schema_key *key, struct slice text, void *target)
{
    return text.ptr[0] == '/' ? words_append(target, text) : key->want;
}

static const struct schema_key listener_keys[] = {
    [LISTENER_NAME] = {.name = "name",
                       .target = offsetof(struct config_listener, name),
                       .read = read_name,
                       .max = 64,
                       .want = "it must be at most 64 letters, digits, '-' and '_'",
                       .missing = "name is missing: a listener needs one for logs and metrics"},
    [LISTENER_ADDRESS] = {.name = "address",
                          .read = read_listen_address,
                          .want =
                              "it must be an IP address and port, such as 127.0.0.1:8080 or [::1]:8080, or "
                              "localhost:8080, or unix:/run/sagegate/app.sock",
                          .missing = "address is missing: such as 127.0.0.1:8080 or "
                                     "unix:/run/sagegate/app.sock"},
    [LISTENER_MODE] = {.name = "mode",
                       .read = read_listener_mode,
                       .want = "it must be enforce or audit, or the permissions of a Unix socket in octal",
                       .initial = "enforce"},
    [LISTENER_PERMISSIONS] = {.name = "permissions",
                              .target = offsetof(struct config_listener, permissions),
                              .read = read_mode,
                              .want = "it must be the permissions of the socket in octal, such as \"0660\"",
                              .initial = "0660"},
    [LISTENER_ALLOW_REMOTE] = {.name = "allow_remote",
                               .target = offsetof(struct config_listener, allow_remote),
                               .read = read_bool,
                               .want = "it must be true or false",
                               .initial = "false"},
    [LISTENER_POLICY] = {.name = "policy",
                         .target = offsetof(struct config_listener, policy_files),
                         .max_words = CONFIG_POLICIES_MAX,
                         .mapping = &mirror_schema,
                         .mapping_target = offsetof(struct config_listener, mirror),
                         .read = read_policy,
                         .want = "it must be a file with an IAM policy document, or { from: vpc_endpoint }, "
                                 "or a list of such",
                         .missing = "policy is missing: a listener needs one, so that nothing is allowed by "
                                    "accident"},
    [LISTENER_UNKNOWN_CONDITIONS] = {.name = "unknown_conditions",
                                     .target = offsetof(struct config_listener, unknown_conditions),
                                     .read = read_choice,
                                     .choices = unknown_conditions,
                                     .want = "it must be deny or defer",
                                     .initial = "deny"},
    [LISTENER_PRESIGNED_URLS] = {.name = "presigned_urls",
                                 .target = offsetof(struct config_listener, presigned_urls),
                                 .read = read_allow,
                                 .want = "it must be deny or allow",
                                 .initial = "deny"},
    [LISTENER_HOSTS] = {.name = "hosts",
                        .target = offsetof(struct config_listener, hosts),
                        .max_words = WORDS_MAX,
                        .read = read_host,
                        .want = "it must be a DNS name or an IP address, without a port"},
    [LISTENER_SKIP_CHECKS] = {.name = "skip_checks",
                              .target = offsetof(struct config_listener, skipped_checks),
                              .max_words = COUNT(checks),
                              .read = read_flag,
                              .choices = checks,
                              .want = "it must be host, origin, sec-fetch, forwarded or upgrade"},
    [LISTENER_ALLOW_UIDS] = {.name = "allow_uids",
                             .target = offsetof(struct config_listener, allow_uids),
                             .max_words = WORDS_MAX,
                             .read = read_user,
                             .want = "it must be a user of this machine: a name that it knows, or a number"},
    [LISTENER_ALLOW_GIDS] = {.name = "allow_gids",
                             .target = offsetof(struct config_listener, allow_gids),
                             .max_words = WORDS_MAX,
                             .read = read_group,
                             .want = "it must be a group of this machine: a name that it knows, or a number"},
    [LISTENER_ALLOW_EXECUTABLES] = {.name = "allow_executables",
                                    .target = offsetof(struct config_listener, allow_executables),
                                    .max_words = WORDS_MAX,
                                    .read = read_program,
                                    .want =
                                        "it must be the absolute path of a program, without symbolic links"},
    [LISTENER_CLIENTS] = {.name = "clients",
                          .target = offsetof(struct config_listener, clients),
                          .items = &client_schema,
                          .count_target = offsetof(struct config_listener, client_count),
                          .max_items = WORDS_MAX},
    [LISTENER_REQUIRE_HEADER] = {.name = "require_header",
                                 .target = offsetof(struct config_listener, require_header),
                                 .mapping = &required_header_schema},
    [LISTENER_MAX_CONNECTIONS] = {.name = "max_connections",
                                  .target = offsetof(struct config_listener, max_connections),
                                  .read = read_number,
                                  .min = 1,
                                  .max = 1000000,
                                  .want = "it must be a number from 1 to 1000000"},
    [LISTENER_IDENTITY] = {.name = "identity",
                           .target = offsetof(struct config_listener, identity_name),
                           .read = read_name,
                           .max = 64,
                           .want = "it must be the name of one of credentials.identities"},
};

/* Both would be bound (SO_REUSEPORT), and the kernel would choose by chance which policy decides. */
static bool is_same_address(const struct config_listener *a, const struct config_listener *b)
{
    if (a->unix_path || b->unix_path)
        return a->unix_path && b->unix_path && strcmp(a->unix_path, b->unix_path) == 0;
    return a->host && b->host && a->port != 0 && a->port == b->port && strcmp(a->host, b->host) == 0;
}

static void check_listener(struct problems *problems, const struct mark *given, struct mark at, void *target,
                           size_t index)
{
    struct config_listener *listener = target;

    (void)at;
    listener->policy_line = given[LISTENER_POLICY].line;
    listener->policy_column = given[LISTENER_POLICY].column;
    listener->identity_line = given[LISTENER_IDENTITY].line;
    listener->identity_column = given[LISTENER_IDENTITY].column;
    if (listener->host && !is_loopback(listener->host) && !listener->allow_remote)
        problem_error(problems, given[LISTENER_ADDRESS],
                      "address %s can be reached from other machines, and whoever reaches it is signed for; "
                      "listen on 127.0.0.1 or [::1], or say allow_remote: true beside it",
                      listener->address);
    if (listener->mode_is_permissions && listener->host)
        problem_error(problems, given[LISTENER_MODE],
                      "permissions are only for a Unix socket; mode can be enforce or audit here");
    if (given[LISTENER_PERMISSIONS].line && listener->host)
        problem_error(problems, given[LISTENER_PERMISSIONS],
                      "permissions are only for a Unix socket; remove them");
    if (given[LISTENER_PERMISSIONS].line && listener->mode_is_permissions)
        problem_error(problems, given[LISTENER_MODE],
                      "permissions are given twice: here and as permissions; remove one of the two");
    for (size_t i = 1; i <= index; i++) {
        const struct config_listener *earlier = listener - i;

        if (listener->name && earlier->name && strcmp(listener->name, earlier->name) == 0)
            problem_error(problems, given[LISTENER_NAME],
                          "an earlier listener is named '%s' too; names must differ", listener->name);
        if (is_same_address(listener, earlier))
            problem_error(problems, given[LISTENER_ADDRESS],
                          "an earlier listener has the address %s too; addresses must differ",
                          listener->address);
    }
}

const struct schema listener_schema = {.where = "in a listener",
                                       .keys = listener_keys,
                                       .count = COUNT(listener_keys),
                                       .size = sizeof(struct config_listener),
                                       .check = check_listener};
