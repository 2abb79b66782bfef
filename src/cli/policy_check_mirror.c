/* sagegate policy check-mirror: do the local policies and those of the VPC endpoints allow the same? */
#include <stdio.h>
#include <string.h>

#include "cli/ask_ec2.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/policy.h"
#include "cli/policy_difference.h"
#include "cli/report.h"

static const char help[] =
    "usage: sagegate policy check-mirror [-c FILE] [--endpoint-policy FILE]\n"
    "\n"
    "Tells what the policy of each listener allows that the VPC endpoint would refuse, and the other way "
    "round,\n"
    "with an example request for each. Only requests to services of the configuration count. The endpoints'\n"
    "policies are asked of Amazon EC2, as `sagegate policy pull` does, or read from a file.\n"
    "\n"
    "  -c, --config FILE           the configuration (default " OPTIONS_CONFIG_DEFAULT ")\n"
    "      --endpoint-policy FILE  the policy of all endpoints, in place of what EC2 tells: nothing is "
    "asked\n"
    "  -h, --help                  this text\n"
    "\n"
    "Example:\n"
    "  sagegate policy check-mirror -c sagegate.yaml --endpoint-policy terraform/endpoint-policy.json\n"
    "\n"
    "Exit status: 0 they allow the same; 1 they differ; 2 it could not be done; 3 no difference was found, "
    "but\n"
    "not everything could be compared.\n";

/* A VPC endpoint's policy, and for requests to which services it counts. */
struct endpoint_policy {
    char *name; /* the file, or the endpoint's id */
    struct policy *policy;
    unsigned services; /* a bit for each */
};

struct check {
    struct session session;
    char *file; /* NULL: EC2 is asked */
    struct endpoint_policy endpoints[EC2_ENDPOINTS_MAX];
    size_t count;
    struct sg_error error;
};

/* From the best to the worst: each outweighs those before. */
static int worse(int a, int b)
{
    static const int weights[] = {[EXIT_OK] = 0, [EXIT_CUT] = 1, [EXIT_FAILED] = 2, [EXIT_USAGE] = 3};

    return weights[a] > weights[b] ? a : b;
}

/* "listener main (a.json and b.json)"; of a client's rules, "listener main/client (…)". */
static void name_rules(const struct config_listener *rules, struct buffer *out)
{
    buffer_printf(out, "listener %s", rules->name);
    for (size_t i = 0; i < rules->policy_files.count; i++)
        buffer_printf(out, "%s%s", i ? " and " : " (", rules->policy_files.at[i]);
    buffer_append_char(out, ')');
}

static int compare(const struct check *check, const struct config_listener *rules,
                   const struct endpoint_policy *endpoint)
{
    struct buffer name = {0};
    struct difference_side sides[] = {
        {.paths = rules->policy_files.at,
         .policies = (const struct policy *const *)rules->policies,
         .count = rules->policy_files.count},
        {.paths = &endpoint->name,
         .policies = (const struct policy *const *)&endpoint->policy,
         .count = 1,
         .nameless = !check->file},
    };
    int status = EXIT_USAGE;

    name_rules(rules, &name);
    sides[0].name = buffer_cstr(&name);
    if (sides[0].name)
        status = difference_print(sides, endpoint->services);
    buffer_free(&name);
    return status;
}

static int compare_all(const struct check *check, const struct config *config)
{
    int status = EXIT_OK;

    for (size_t i = 0; i < config->rule_count; i++) {
        for (size_t k = 0; k < check->count && config->listeners[i].policy_files.count; k++)
            status = worse(status, compare(check, &config->listeners[i], &check->endpoints[k]));
    }
    return fflush(stdout) == 0 && !ferror(stdout) ? status : EXIT_USAGE;
}

static unsigned configured_services(const struct config *config)
{
    unsigned services = 0;

    for (size_t i = 0; i < AWS_SERVICE_COUNT; i++)
        services |= config->endpoints[i].configured ? 1U << i : 0;
    return services;
}

static int check_with_file(struct check *check, const char *path)
{
    struct report report = {.file = path};
    struct config *config = config_load(path, report_config_problem, &report);
    struct endpoint_policy *endpoint = &check->endpoints[0];
    int status = EXIT_USAGE;

    endpoint->name = check->file;
    endpoint->policy = policy_load(endpoint->name);
    if (config && endpoint->policy) {
        endpoint->services = configured_services(config);
        check->count = 1;
        status = compare_all(check, config);
    }
    policy_free(endpoint->policy);
    config_free(config);
    return status;
}

/* Each endpoint once, with all services that it serves. */
static bool choose(struct check *check)
{
    const struct config *config = check->session.config;

    for (size_t i = 0; i < AWS_SERVICE_COUNT; i++) {
        char *id = config->endpoints[i].vpc_endpoint_id;
        size_t k = 0;

        if (!config->endpoints[i].configured)
            continue;
        if (!id)
            return sg_fail(&check->error, SG_INVALID,
                           "endpoints.%s does not tell which VPC endpoint it is: say vpc_endpoint: vpce-... "
                           "there, or --endpoint-policy here",
                           aws_services[i].key) == SG_OK;
        while (k < check->count && strcmp(check->endpoints[k].name, id) != 0)
            k++;
        check->endpoints[k].name = id;
        check->endpoints[k].services |= 1U << i;
        check->count = k == check->count ? k + 1 : check->count;
    }
    return true;
}

static void on_endpoint(void *user, size_t i, const struct ec2_vpc_endpoint *endpoint)
{
    struct check *check = user;

    check->endpoints[i].policy =
        policy_parse(endpoint->parts[EC2_POLICY], policy_print_problem, check->endpoints[i].name);
}

static bool are_good(struct check *check, const struct ec2_question *question)
{
    for (size_t i = 0; i < check->count; i++) {
        const struct endpoint_policy *endpoint = &check->endpoints[i];

        if (!endpoint->policy)
            return sg_fail(&check->error, SG_NOT_FOUND,
                           question->found[i] ? "the policy of %s is not understood in full"
                                              : "EC2 knows no VPC endpoint %s in this region and account",
                           endpoint->name) == SG_OK;
    }
    return true;
}

static int check_with_ec2(struct check *check, const char *path)
{
    struct ec2_question question = {.tell = on_endpoint, .user = check};
    int status = EXIT_USAGE;

    if (session_open(&check->session, path, &check->error) == SG_OK && choose(check)) {
        for (; question.count < check->count; question.count++)
            question.ids[question.count] = slice_cstr(check->endpoints[question.count].name);
        if (ask_ec2(&check->session, &question, &check->error) == SG_OK && are_good(check, &question))
            status = compare_all(check, check->session.config);
    }
    if (check->error.status)
        fprintf(stderr, "sagegate policy check-mirror: %s\n", check->error.text);
    for (size_t i = 0; i < check->count; i++)
        policy_free(check->endpoints[i].policy);
    session_close(&check->session);
    return status;
}

int cli_policy_check_mirror(int argc, char **argv)
{
    static const struct cli_command command = {"policy check-mirror", help, 0};
    char *path = options_config_default;
    struct check check = {.file = NULL};
    const struct cli_option options[] = {
        OPTIONS_CONFIG(path), {.name = "endpoint-policy", .value = &check.file}, {0}};
    int status = options_read(&command, options, argc, argv);

    if (status != OPTIONS_GOOD)
        return status;
    return check.file ? check_with_file(&check, path) : check_with_ec2(&check, path);
}
