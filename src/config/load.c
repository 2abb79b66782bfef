/* config_load(): the file, the environment and the policies together. */
#include <stdlib.h>
#include <unistd.h>

#include "config/admin_keys.h"
#include "config/ca_file.h"
#include "config/clients.h"
#include "config/config.h"
#include "config/file.h"
#include "config/keys.h"
#include "config/mirror_keys.h"
#include "config/policies.h"
#include "config/problems.h"
#include "config/region.h"
#include "config/required_header.h"
#include "config/users.h"

static const struct mark whole_file = {0, 0};

static struct config *load_file(struct problems *problems)
{
    struct config *config = NULL;
    struct buffer text = {0};
    struct sg_error err;
    bool world_writable;

    if (file_read(problems->file, &text, &world_writable, &err) != SG_OK) {
        problem_error(problems, whole_file, "%s", err.text);
    } else {
        problem_if_world_writable(problems, world_writable);
        config = config_parse(buffer_slice(&text), environ, problems);
    }
    buffer_free(&text);
    return config;
}

/* Makes a path relative to the configuration's folder one that can be opened from anywhere. */
static void resolve(const char *config_file, char **path, struct problems *problems)
{
    char *joined = *path ? file_beside(config_file, *path) : NULL;

    if (*path && !joined)
        problem_error(problems, whole_file, "memory is short");
    free(*path);
    *path = joined;
}

/* As the SDKs do, an empty variable is none. */
static void region_from_environment(struct config *config, struct problems *problems)
{
    static const char *const names[] = {"AWS_REGION", "AWS_DEFAULT_REGION"};
    struct problems in_environment = {
        .file = "environment", .report = problems->report, .user = problems->user};
    struct sg_error err;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct slice region = slice_cstr(getenv(names[i]));

        if (region.len == 0)
            continue;
        if (region_take(config, region, &err) != SG_OK)
            problem_error(&in_environment, whole_file, "%s: %s", names[i], err.text);
        problems->errors += in_environment.errors;
        return;
    }
}

static void name_hosts(struct config *config, struct problems *problems)
{
    struct sg_error err;

    for (unsigned i = 0; i < AWS_ENDPOINT_COUNT; i++) {
        struct mark at = {config->endpoints[i].line, config->endpoints[i].column};

        if (region_name_host(config, (enum aws_service)i, &err) != SG_OK)
            problem_error(problems, at, "%s", err.text);
    }
    if (!problems->errors && config_region_warning(config))
        problem_warning(
            problems,
            (struct mark){config->endpoints[AWS_RUNTIME].line, config->endpoints[AWS_RUNTIME].column}, "%s",
            config_region_warning(config));
    if (config->zone && config_set_zone(config, slice_cstr(config->zone), &err) != SG_OK)
        problem_error(problems, whole_file, "%s", err.text);
}

static void note_caller_key(void *user, const struct policy_name *name)
{
    struct config_listener *listener = user;

    if (name->kind == POLICY_NAMES_KEY && slice_starts_nocase(name->text, SLICE("sagegate:Caller")))
        listener->identify = true;
}

/* Asking who a caller is costs a little for each connection: only where it is of use. */
static void decide_to_identify(struct config_listener *listener)
{
    listener->identify =
        listener->allow_uids.count || listener->allow_gids.count || listener->allow_executables.count;
    for (size_t i = 0; listener->policies && i < listener->policy_files.count; i++) {
        if (listener->policies[i])
            policy_each_name(listener->policies[i], note_caller_key, listener);
    }
}

/* A reload reads the files that are named here again: daemon/sandbox.c has to let it. */
static void complete(struct config *config, struct problems *problems)
{
    if (!config->region)
        region_from_environment(config, problems);
    if (config->region)
        name_hosts(config, problems);
    resolve(problems->file, &config->tls_ca_file, problems);
    ca_file_check(config, problems);
    resolve(problems->file, &config->log_file, problems);
    resolve(problems->file, &config->credentials.own.file, problems);
    for (size_t i = 0; i < config->credentials.named_count; i++)
        resolve(problems->file, &config->credentials.named[i].file, problems);
    policies_load(config, problems);
    mirror_complete(config, problems);
    for (size_t i = 0; i < config->listener_count; i++) {
        resolve(problems->file, &config->listeners[i].require_header.value_file, problems);
        required_header_load(&config->listeners[i], problems);
        decide_to_identify(&config->listeners[i]);
    }
    for (size_t i = config->listener_count; i < config->rule_count; i++)
        decide_to_identify(&config->listeners[i]);
    clients_complete(config, problems->file, problems);
    if (!users_load(config))
        problem_error(problems, whole_file, "memory is short");
}

struct config *config_load(const char *path, config_report *report, void *user)
{
    struct problems problems = {.file = path, .report = report, .user = user};
    struct config *config = load_file(&problems);

    if (!config)
        return NULL;
    complete(config, &problems);
    if (problems.errors) {
        config_free(config);
        return NULL;
    }
    return config;
}

static void ignore(void *user, const struct config_problem *problem)
{
    (void)user;
    (void)problem;
}

static struct config *admin_at(const char *address, struct problems *problems)
{
    struct config *config = calloc(1, sizeof(*config));
    const char *wrong = config ? admin_read_address(address, &config->admin) : "memory is short";

    if (!wrong)
        return config;
    problem_error(problems, whole_file, "%s", wrong);
    config_free(config);
    return NULL;
}

struct config *config_find_admin(const char *path, const char *address, config_report *report, void *user)
{
    struct problems problems = {.file = address ? address : path, .report = report, .user = user};
    struct problems quiet = {.file = path, .report = ignore};
    struct config *config;

    if (address)
        return admin_at(address, &problems);
    config = load_file(&quiet);
    if (config && (!config->admin.address || config->admin.unix_path || config->admin.host))
        return config;
    config_free(config);
    config_free(load_file(&problems)); /* which tells why */
    return NULL;
}
