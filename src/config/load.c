/* config_load(): the file, the environment and the policies together. */
#include <stdlib.h>
#include <unistd.h>

#include "config/config.h"
#include "config/file.h"
#include "config/keys.h"
#include "config/problems.h"
#include "config/users.h"

static const struct mark whole_file = {0, 0};

static void warn_if_world_writable(struct problems *problems, bool world_writable)
{
    if (world_writable)
        problem_warning(
            problems, whole_file,
            "every user of this machine may change this file, and so what is signed; chmod o-w it");
}

static struct config *load_file(struct problems *problems)
{
    struct config *config = NULL;
    struct buffer text = {0};
    struct sg_error err;
    bool world_writable;

    if (file_read(problems->file, &text, &world_writable, &err) != SG_OK) {
        problem_error(problems, whole_file, "%s", err.text);
    } else {
        warn_if_world_writable(problems, world_writable);
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

/* Passes a policy's problem on under the name of the policy's file. */
static void pass_policy_problem(void *user, const struct policy_problem *problem)
{
    struct problems *problems = user;
    struct mark at = {problem->line, problem->column};

    if (problem->is_error)
        problem_error(problems, at, "%s", problem->text);
    else
        problem_warning(problems, at, "%s", problem->text);
}

/* The listener before this one that names the same policy; NULL when there is none. */
static const struct config_listener *find_sharer(const struct config *config, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        const char *file = config->listeners[i].policy_file;

        if (file && strcmp(file, config->listeners[index].policy_file) == 0)
            return &config->listeners[i];
    }
    return NULL;
}

static void load_policy(struct config_listener *listener, struct problems *problems)
{
    struct problems in_policy = {
        .file = listener->policy_file, .report = problems->report, .user = problems->user};
    struct mark named_at = {listener->policy_line, listener->policy_column};
    struct buffer text = {0};
    struct sg_error err;
    bool world_writable;

    if (file_read(listener->policy_file, &text, &world_writable, &err) != SG_OK) {
        problem_error(problems, named_at, "policy %s %s", listener->policy_file, err.text);
    } else {
        warn_if_world_writable(&in_policy, world_writable);
        listener->policy = policy_parse(buffer_slice(&text), pass_policy_problem, &in_policy);
        if (!listener->policy && !in_policy.errors)
            problem_error(&in_policy, whole_file, "memory is short");
        problems->errors += in_policy.errors;
    }
    buffer_free(&text);
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
        if (config_set_region(config, region, &err) != SG_OK)
            problem_error(&in_environment, whole_file, "%s: %s", names[i], err.text);
        problems->errors += in_environment.errors;
        return;
    }
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
    if (listener->policy)
        policy_each_name(listener->policy, note_caller_key, listener);
}

static void complete(struct config *config, struct problems *problems)
{
    struct sg_error err;

    if (!config->region)
        region_from_environment(config, problems);
    else if (config_set_region(config, slice_cstr(config->region), &err) != SG_OK)
        problem_error(problems, whole_file, "%s", err.text);
    resolve(problems->file, &config->tls_ca_file, problems);
    for (size_t i = 0; i < config->listener_count; i++) {
        struct config_listener *listener = &config->listeners[i];
        const struct config_listener *sharer;

        resolve(problems->file, &listener->policy_file, problems);
        if (!listener->policy_file)
            continue;
        sharer = find_sharer(config, i);
        if (sharer)
            listener->policy = sharer->policy;
        else
            load_policy(listener, problems);
        decide_to_identify(listener);
    }
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
