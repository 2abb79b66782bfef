#include "config/clients.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"
#include "config/file.h"
#include "config/mirror_keys.h"
#include "config/secret_file.h"
#include "config/users.h"
#include "config/values.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { USERS_MAX = 64 };

enum {
    CLIENT_NAME,
    CLIENT_ACCESS_KEY_ID,
    CLIENT_SECRET_FILE,
    CLIENT_POLICY,
    CLIENT_IDENTITY,
    CLIENT_VEND_TO
};

static const char *read_policy_file(const struct schema_key *key, struct slice text, void *target)
{
    (void)key;
    return words_append(target, text);
}

static const struct schema_key keys[] = {
    [CLIENT_NAME] = {.name = "name",
                     .target = offsetof(struct config_client, name),
                     .read = read_name,
                     .max = 64,
                     .want = "it must be at most 64 letters, digits, '-' and '_'",
                     .missing = "name is missing: a client needs one for logs"},
    [CLIENT_ACCESS_KEY_ID] =
        {.name = "access_key_id",
         .target = offsetof(struct config_client, access_key_id),
         .read = read_name,
         .max = 128,
         .want = "it must be at most 128 letters, digits, '-' and '_'; \"sagegate keys new\" makes one",
         .missing = "access_key_id is missing: the public half of the client's key"},
    [CLIENT_SECRET_FILE] = {.name = "secret_file",
                            .target = offsetof(struct config_client, secret_file),
                            .read = read_text,
                            .want = "it must be the file that holds the secret half of the client's key",
                            .missing =
                                "secret_file is missing: the file that holds the secret half of the key"},
    [CLIENT_POLICY] = {.name = "policy",
                       .target = offsetof(struct config_client, policy_files),
                       .max_words = CONFIG_POLICIES_MAX,
                       .mapping = &mirror_schema,
                       .mapping_target = offsetof(struct config_client, mirror),
                       .read = read_policy_file,
                       .want = "it must be a file with an IAM policy document, or { from: vpc_endpoint }, or "
                               "a list of such",
                       .missing =
                           "policy is missing: a client needs one, so that nothing is allowed by accident"},
    [CLIENT_IDENTITY] = {.name = "identity",
                         .target = offsetof(struct config_client, identity_name),
                         .read = read_name,
                         .max = 64,
                         .want = "it must be the name of one of credentials.identities"},
    [CLIENT_VEND_TO] = {.name = "vend_to",
                        .target = offsetof(struct config_client, vend_to),
                        .max_words = USERS_MAX,
                        .read = read_user,
                        .want = "it must be a user of this machine: a name that it knows, or a number"},
};

static void check_client(struct problems *problems, const struct mark *given, struct mark at, void *target,
                         size_t index)
{
    struct config_client *client = target;

    (void)at;
    client->policy_line = given[CLIENT_POLICY].line;
    client->policy_column = given[CLIENT_POLICY].column;
    client->vend_line = given[CLIENT_VEND_TO].line;
    client->vend_column = given[CLIENT_VEND_TO].column;
    client->identity_line = given[CLIENT_IDENTITY].line;
    client->identity_column = given[CLIENT_IDENTITY].column;
    for (size_t i = 1; i <= index; i++) {
        const struct config_client *earlier = client - i;

        if (client->access_key_id && earlier->access_key_id &&
            strcmp(client->access_key_id, earlier->access_key_id) == 0)
            problem_error(problems, given[CLIENT_ACCESS_KEY_ID],
                          "an earlier client has this access_key_id too; they must differ");
    }
}

const struct schema client_schema = {.where = "in a client",
                                     .keys = keys,
                                     .count = COUNT(keys),
                                     .size = sizeof(struct config_client),
                                     .check = check_client};

static char *rules_name(const struct config_listener *listener, const struct config_client *client)
{
    char name[160];

    snprintf(name, sizeof(name), "%s/%s", listener->name ? listener->name : "",
             client->name ? client->name : "");
    return strdup(name);
}

/* What is the client's alone moves to its rules. */
static bool make_rules(struct config_listener *rules, const struct config_listener *listener,
                       struct config_client *client)
{
    *rules = (struct config_listener){.name = rules_name(listener, client),
                                      .policy_files = client->policy_files,
                                      .mirror = client->mirror,
                                      .policy_line = client->policy_line,
                                      .policy_column = client->policy_column,
                                      .identity_name = client->identity_name,
                                      .identity_line = client->identity_line,
                                      .identity_column = client->identity_column};
    client->policy_files = (struct config_words){0};
    client->mirror = (struct config_mirror){0};
    client->identity_name = NULL;
    return rules->name != NULL;
}

bool clients_expand(struct config *config)
{
    size_t count = config->listener_count;
    struct config_listener *grown;

    for (size_t i = 0; i < config->listener_count; i++)
        count += config->listeners[i].client_count;
    config->rule_count = config->listener_count;
    if (count == config->listener_count)
        return true;
    grown = realloc(config->listeners, count * sizeof(*grown));
    if (!grown)
        return false;
    config->listeners = grown;
    for (size_t i = 0; i < config->listener_count; i++) {
        for (size_t k = 0; k < grown[i].client_count; k++) {
            struct config_client *client = &grown[i].clients[k];

            client->rules = config->rule_count++;
            if (!make_rules(&grown[client->rules], &grown[i], client))
                return false;
        }
    }
    return true;
}

/* All but what a client has for itself is its listener's. */
static void inherit(struct config_listener *rules, struct config_listener *listener)
{
    const struct config_listener own = *rules;

    listener->identify = listener->identify || own.identify;
    *rules = *listener;
    rules->name = own.name;
    rules->policy_files = own.policy_files;
    rules->policies = own.policies;
    rules->mirror = own.mirror;
    rules->policy_line = own.policy_line;
    rules->policy_column = own.policy_column;
    rules->identity_name = own.identity_name;
    rules->identity = own.identity;
    rules->clients = NULL;
    rules->client_count = 0;
}

static bool has_unix_socket(const struct config *config)
{
    for (size_t i = 0; i < config->listener_count; i++) {
        if (config->listeners[i].unix_path)
            return true;
    }
    return false;
}

static void complete(struct config_client *client, const char *config_file, struct problems *problems)
{
    char *joined = client->secret_file ? file_beside(config_file, client->secret_file) : NULL;

    if (!joined)
        return; /* it is missing, which has been told, or memory is short */
    free(client->secret_file);
    client->secret_file = joined;
    secret_file_load(joined, &client->secret, problems);
}

void clients_complete(struct config *config, const char *config_file, struct problems *problems)
{
    for (size_t i = 0; i < config->listener_count; i++) {
        struct config_listener *listener = &config->listeners[i];

        for (size_t k = 0; k < listener->client_count; k++) {
            struct config_client *client = &listener->clients[k];

            if (client->rules < config->rule_count && client->rules >= config->listener_count)
                inherit(&config->listeners[client->rules], listener);
            complete(client, config_file, problems);
            if (client->vend_to.count && !has_unix_socket(config))
                problem_error(problems, (struct mark){client->vend_line, client->vend_column},
                              "vend_to takes a listener on a Unix socket: that is where users get the key");
            if (!client->secret && problems->errors == 0)
                problem_error(problems, (struct mark){0, 0}, "memory is short");
        }
    }
}

void client_free(struct config_client *client)
{
    free(client->name);
    free(client->access_key_id);
    free(client->secret_file);
    secret_free(client->secret);
    free(client->vend_to.at);
    for (size_t i = 0; i < client->policy_files.count; i++)
        free(client->policy_files.at[i]);
    free(client->policy_files.at);
    free(client->mirror.cache);
    free(client->identity_name);
}
