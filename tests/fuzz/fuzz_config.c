/* Any bytes as a configuration: no crash, no leak, and what is called good is complete. Opens no file. */
#include <stdlib.h>

#include "config/keys.h"

static void check_problem(void *user, const struct config_problem *problem)
{
    bool has_place = strcmp(problem->file, "environment") != 0;

    (void)user;
    if (problem->text[0] == '\0' || (problem->line != 0) != has_place || (problem->column != 0) != has_place)
        abort();
}

static void check_complete(const struct config *config)
{
    size_t services = 0;

    for (size_t i = 0; i < AWS_SERVICE_COUNT; i++) {
        const struct config_endpoint *endpoint = &config->endpoints[i];

        if (!endpoint->configured)
            continue;
        services++;
        if (!endpoint->host || !endpoint->authority || endpoint->port == 0)
            abort();
    }
    for (size_t i = 0; i < config->listener_count; i++) {
        const struct config_listener *listener = &config->listeners[i];

        if (!listener->name || !listener->policy_files.count || !listener->unix_path == !listener->host)
            abort();
    }
    /* Who is not told the account asks STS, or knows the caller. */
    for (size_t i = 0; i < config_identity_count(config); i++) {
        if (!config->account_id && !config->endpoints[AWS_STS].configured &&
            config_identity_is_used(config, i) && !config_identity(config, i)->principal_arn)
            abort();
    }
    if (services == 0 || config->listener_count == 0 || config->workers == 0 || config->max_body == 0 ||
        config->connect_timeout_ms == 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char region_variable[] = "SAGEGATE_REGION=us-west-2", *variables[] = {region_variable, NULL};
    struct problems problems = {.file = "fuzz", .report = check_problem};
    struct config *config = config_parse(slice_of((const char *)data, size), variables, &problems);

    if (!config && problems.errors == 0)
        abort();
    if (config && problems.errors == 0) {
        struct slice region = config->region ? slice_cstr(config->region) : SLICE("us-east-1");
        enum sg_status status = config_set_region(config, region, NULL);

        /* SG_INVALID: an endpoint's name is of another region. */
        if (status != SG_OK && status != SG_INVALID)
            abort();
        if (status == SG_OK)
            check_complete(config);
    }
    config_free(config);
    return 0;
}
