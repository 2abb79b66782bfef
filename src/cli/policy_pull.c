/* sagegate policy pull: the policies of the VPC endpoints themselves, and what EC2 knows of these endpoints.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/ask_ec2.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/policy.h"
#include "mirror/document.h"
#include "mirror/store.h"

static const char help[] =
    "usage: sagegate policy pull [-c FILE] [--vpc-endpoint ID] [-o PATH]\n"
    "\n"
    "Asks Amazon EC2 (DescribeVpcEndpoints) for the VPC endpoints of the configuration and writes the "
    "policy\n"
    "document of each: to standard output, or to a file. On standard error it says of each endpoint its "
    "state,\n"
    "subnets, zones, security groups, names in DNS and whether private DNS is on. It takes the permission\n"
    "ec2:DescribeVpcEndpoints, and the credentials of the first listener. EC2 is asked at endpoints.ec2.\n"
    "\n"
    "  -c, --config FILE      the configuration (default " OPTIONS_CONFIG_DEFAULT ")\n"
    "      --vpc-endpoint ID  this endpoint, such as vpce-0123456789abcdef0, in place of the "
    "configuration's\n"
    "  -o, --output PATH      the file for the document, or a folder for several: SERVICE.json, such as\n"
    "                         runtime.json\n"
    "  -h, --help             this text\n"
    "\n"
    "Example:\n"
    "  sagegate policy pull -c sagegate.yaml -o policy.json\n"
    "\n"
    "Exit status: 0 when there is a document of each endpoint that sagegate understands in full; 1 when "
    "not;\n"
    "2 when EC2 could not be asked, or a document not be written.\n";

/* An endpoint that is asked for. */
struct wanted {
    const char *service; /* key of the configuration; NULL: given on the command line */
    struct slice id;
};

struct pull {
    struct session session;
    struct wanted wanted[EC2_ENDPOINTS_MAX];
    size_t count;
    bool named;       /* the one on the command line */
    char *output;     /* NULL: standard output */
    bool into_folder; /* `output` is one */
    bool bad;         /* a document is missing, or not understood */
    struct sg_error error;
};

static const char *label_of(const struct wanted *wanted)
{
    return wanted->service ? wanted->service : wanted->id.ptr;
}

static void print_list(const char *name, const struct ec2_vpc_endpoint *endpoint, enum ec2_list list)
{
    fprintf(stderr, "  %-16s", name);
    for (size_t i = 0; i < endpoint->lists[list].count; i++)
        fprintf(stderr, "%s%.*s", i ? ", " : "", SLICE_FMT(endpoint->lists[list].at[i]));
    fputs("\n", stderr);
}

static void print_zones(const struct ec2_vpc_endpoint *endpoint)
{
    const char *between = "";

    fprintf(stderr, "  %-16s", "zones");
    for (size_t i = 0; i < endpoint->lists[EC2_DNS_NAMES].count; i++) {
        struct slice zone = aws_zone_of_name(endpoint->lists[EC2_DNS_NAMES].at[i]);

        if (!zone.len)
            continue;
        fprintf(stderr, "%s%.*s", between, SLICE_FMT(zone));
        between = ", ";
    }
    fputs("\n", stderr);
}

static void print_facts(const struct wanted *wanted, const struct ec2_vpc_endpoint *endpoint)
{
    bool private_dns = slice_eq(endpoint->parts[EC2_PRIVATE_DNS], SLICE("true"));

    fprintf(stderr, "%s: %.*s of %.*s in %.*s\n  %-16s%.*s\n", label_of(wanted), SLICE_FMT(wanted->id),
            SLICE_FMT(endpoint->parts[EC2_SERVICE]), SLICE_FMT(endpoint->parts[EC2_VPC]), "state",
            SLICE_FMT(endpoint->parts[EC2_STATE]));
    print_list("subnets", endpoint, EC2_SUBNETS);
    print_zones(endpoint);
    print_list("security groups", endpoint, EC2_GROUPS);
    fprintf(stderr, "  %-16s%s\n", "private DNS", private_dns ? "on" : "off");
    print_list("DNS names", endpoint, EC2_DNS_NAMES);
}

/* What the document is worth, on standard error. */
static void judge(struct pull *pull, const struct wanted *wanted, struct slice document)
{
    char name[80];
    struct policy *policy;

    snprintf(name, sizeof(name), "%.*s", SLICE_FMT(wanted->id));
    policy = policy_parse(document, policy_print_problem, name);
    if (!policy) {
        fprintf(stderr, "%s: its policy is not understood in full, and so no allowlist for sagegate\n",
                label_of(wanted));
        pull->bad = true;
    } else if (document_is_full_access(policy)) {
        fprintf(stderr,
                "%s: WARNING: this is AWS's full-access policy: the endpoint allows everyone every action on "
                "every resource. It is no allowlist; give the endpoint a policy of its own\n",
                label_of(wanted));
    }
    policy_free(policy);
}

static void write_file(struct pull *pull, const struct wanted *wanted, struct slice document)
{
    mode_t mask = umask(0);
    struct buffer path = {0};
    const char *text;

    umask(mask);
    buffer_printf(&path, "%s", pull->output);
    if (pull->into_folder)
        buffer_printf(&path, "/%s.json", label_of(wanted));
    text = buffer_cstr(&path);
    if (!text)
        (void)sg_fail(&pull->error, SG_NO_MEMORY, "out of memory");
    else if (store_write(text, document, 0666 & ~mask, &pull->error) == SG_OK)
        fprintf(stderr, "  %-16s%s\n", "policy", text);
    buffer_free(&path);
}

static void take_document(struct pull *pull, const struct wanted *wanted, struct slice document)
{
    if (!document.len) {
        fprintf(stderr, "%s: EC2 tells no policy of it\n", label_of(wanted));
        pull->bad = true;
        return;
    }
    if (pull->output)
        write_file(pull, wanted, document);
    else
        printf("%.*s\n", SLICE_FMT(document));
    judge(pull, wanted, document);
}

static void on_endpoint(void *user, size_t i, const struct ec2_vpc_endpoint *endpoint)
{
    struct pull *pull = user;

    print_facts(&pull->wanted[i], endpoint);
    take_document(pull, &pull->wanted[i], endpoint->parts[EC2_POLICY]);
}

static void ask(struct pull *pull)
{
    struct ec2_question question = {.count = pull->count, .tell = on_endpoint, .user = pull};

    for (size_t i = 0; i < pull->count; i++)
        question.ids[i] = pull->wanted[i].id;
    if (ask_ec2(&pull->session, &question, &pull->error) != SG_OK)
        return;
    for (size_t i = 0; i < pull->count && pull->error.status == SG_OK; i++) {
        if (question.found[i])
            continue;
        fprintf(stderr, "%s: EC2 knows no VPC endpoint %.*s in this region and account\n",
                label_of(&pull->wanted[i]), SLICE_FMT(pull->wanted[i].id));
        pull->bad = true;
    }
}

/* The endpoints of the configuration. False when there are none, or not as many as the output can hold. */
static bool choose(struct pull *pull)
{
    const struct config *config = pull->session.config;

    for (size_t i = 0; i < AWS_SERVICE_COUNT && !pull->named; i++) {
        if (config->endpoints[i].configured && config->endpoints[i].vpc_endpoint_id)
            pull->wanted[pull->count++] = (struct wanted){
                .service = aws_services[i].key, .id = slice_cstr(config->endpoints[i].vpc_endpoint_id)};
    }
    if (pull->count == 0)
        return sg_fail(&pull->error, SG_INVALID,
                       "no endpoint of the configuration tells which VPC endpoint it is: say vpc_endpoint: "
                       "vpce-... there, or --vpc-endpoint here") == SG_OK;
    if (pull->count > 1 && pull->output && !pull->into_folder)
        return sg_fail(&pull->error, SG_INVALID,
                       "%s is to be one file, but there are %zu endpoints: say a folder, or --vpc-endpoint",
                       pull->output, pull->count) == SG_OK;
    return true;
}

static int run(struct pull *pull, const char *path)
{
    struct sg_error *err = &pull->error;
    struct stat st;

    pull->into_folder = pull->output && stat(pull->output, &st) == 0 && S_ISDIR(st.st_mode);
    if (session_open(&pull->session, path, err) == SG_OK && choose(pull))
        ask(pull);
    if (err->status == SG_OK && (fflush(stdout) != 0 || ferror(stdout)))
        (void)sg_fail(err, SG_IO, "cannot write to standard output");
    if (err->status)
        fprintf(stderr, "sagegate policy pull: %s\n", err->text);
    session_close(&pull->session);
    return err->status ? EXIT_USAGE : pull->bad ? EXIT_FAILED : EXIT_OK;
}

int cli_policy_pull(int argc, char **argv)
{
    static const struct cli_command command = {"policy pull", help, 0};
    char *path = options_config_default, *id = NULL;
    struct pull pull = {.count = 0};
    const struct cli_option options[] = {
        OPTIONS_CONFIG(path),
        {.name = "vpc-endpoint", .value = &id},
        {.name = "output", .letter = 'o', .value = &pull.output},
        {0},
    };
    int status = options_read(&command, options, argc, argv);

    if (status != OPTIONS_GOOD)
        return status;
    if (id) {
        pull.wanted[0].id = slice_cstr(id);
        pull.count = 1;
        pull.named = true;
        if (!slice_eq(aws_vpc_endpoint_id(pull.wanted[0].id), pull.wanted[0].id))
            return options_wrong(&command,
                                 "--vpc-endpoint '%s' is no id of a VPC endpoint, such as "
                                 "vpce-0123456789abcdef0.",
                                 id);
    }
    return run(&pull, path);
}
