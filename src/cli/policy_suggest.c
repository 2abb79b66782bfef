/* sagegate policy suggest: the policy that recorded traffic needs. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/operation.h"
#include "aws/resource.h"
#include "base/quote.h"
#include "cli/cli.h"
#include "cli/log_line.h"
#include "cli/options.h"
#include "cli/policy.h"
#include "policy/suggest.h"

static const char help[] =
    "usage: sagegate policy suggest [--listener NAME] [--wildcards] LOG...\n"
    "\n"
    "Reads sagegate's access log (text or JSON, also as journalctl prints it) and writes the smallest "
    "readable\n"
    "policy that allows the requests that were let through, and nothing else: for a VPC endpoint and for\n"
    "sagegate. Record in audit mode (mode: audit), where everything is let through. Requests that were "
    "refused\n"
    "are left out. Statements are grouped by listener: Main1 is the first of the listener main.\n"
    "\n"
    "      --listener NAME  only what came to this listener\n"
    "      --wildcards      train-* in place of train-2026-01 and train-2026-02\n"
    "  -h, --help           this text\n"
    "\n"
    "LOG may be \"-\", for standard input.\n"
    "\n"
    "Example:\n"
    "  journalctl -u sagegate -o cat | sagegate policy suggest - >policy.json\n"
    "\n"
    "Exit status: 0 it is written; 1 no request was let through, or lines were damaged, so that something "
    "may\n"
    "be missing; 2 it could not be done.\n";

/* Of the policy of a VPC endpoint, with white space.
 * https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-limits-endpoints.html */
enum { ENDPOINT_POLICY_MAX = 20480 };

struct reading {
    struct suggestion suggestion;
    char *listener; /* NULL: all */
    size_t refused; /* requests */
    size_t damaged; /* lines */
    size_t unknown; /* requests for actions that this version does not know */
};

static bool is_arn(struct slice text)
{
    int colons = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~')
            return false;
        colons += text.ptr[i] == ':';
    }
    return slice_starts(text, SLICE("arn:")) && colons >= 5;
}

/* All resources of a line, parted by blanks; false when one is none. */
static bool are_resources(struct slice list)
{
    struct slice one;

    while (slice_split(&list, ' ', &one)) {
        if (!slice_eq(one, SLICE("*")) && !is_arn(one))
            return false;
    }
    return true;
}

static void add(struct reading *reading, const struct log_line *line)
{
    struct slice list = line->resource.len ? line->resource : SLICE("*"), one;

    if (!are_resources(list) || (line->resource.len == 0 && line->cut.len)) {
        reading->damaged++;
        return;
    }
    while (slice_split(&list, ' ', &one))
        suggestion_add(&reading->suggestion, line->listener, line->action, one);
}

static void read_line(struct reading *reading, struct slice text)
{
    struct arena arena = {.blocks = NULL};
    struct log_line line;
    enum log_line_kind kind = log_line_read(text, &arena, &line);

    reading->suggestion.failed |= arena.failed;
    if (kind == LOG_LINE_BROKEN)
        reading->damaged++;
    else if (kind == LOG_LINE_OTHER ||
             (reading->listener && !slice_eq(line.listener, slice_cstr(reading->listener))))
        ;
    else if (!slice_eq(line.decision, SLICE("allowed")) && line.audit.len == 0)
        reading->refused++;
    else if (!operation_by_action(line.action))
        reading->unknown++;
    else
        add(reading, &line);
    arena_free(&arena);
}

static bool read_file(struct reading *reading, const char *path)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    char *text = NULL;
    size_t size = 0;
    ssize_t len;
    bool good;

    if (!file) {
        fprintf(stderr, "%s: error: cannot be opened: %s\n", path, strerror(errno));
        return false;
    }
    while ((len = getline(&text, &size, file)) > 0)
        read_line(reading, slice_of(text, (size_t)len - (text[len - 1] == '\n')));
    good = feof(file); /* else it could not be read on, or memory is short */
    if (!good)
        fprintf(stderr, "%s: error: cannot be read: %s\n", path, strerror(errno));
    free(text);
    if (file != stdin)
        fclose(file);
    return good;
}

/* Says what is broader than what was seen, since the language has no other words for it. */
static void warn_of_any(const struct suggestion *suggestion)
{
    for (size_t i = 0; i < suggestion->count; i++) {
        const struct sighting *one = &suggestion->at[i];
        const struct operation *operation = operation_by_action(one->action);
        struct slice type;

        if (slice_eq(one->resource, SLICE("*")) && resource_type_at(operation, 0, &type))
            fprintf(stderr,
                    "warning: listener %.*s: a request for %.*s did not tell its resource: the action is "
                    "allowed on all\n",
                    SLICE_FMT(one->listener), SLICE_FMT(one->action));
    }
}

/* The document must allow what it was made of. */
static bool is_right(const struct suggestion *suggestion, struct slice document)
{
    char name[] = "the suggested policy";
    struct policy *policy = policy_parse(document, policy_print_problem, name);
    bool right = policy != NULL;

    for (size_t i = 0; i < suggestion->count && right; i++) {
        const struct sighting *one = &suggestion->at[i];
        struct request_facts facts = {
            .action = one->action,
            .principal_arn = SLICE("arn:aws:iam::111122223333:root"),
            .resources = &one->resource,
            .beginnings = &one->resource,
        };
        struct policy_reason why;

        if (one->resource.len > 1 && one->resource.ptr[one->resource.len - 1] == '*')
            facts.beginning_count = 1;
        else
            facts.resource_count = !slice_eq(one->resource, SLICE("*"));
        right = policy_evaluate(policy, &facts, &why) == POLICY_ALLOWED;
    }
    policy_free(policy);
    return right;
}

static void warn(const struct reading *reading, size_t length)
{
    if (reading->refused)
        fprintf(stderr, "note: %zu lines of requests that were refused are left out\n", reading->refused);
    if (reading->unknown)
        fprintf(stderr, "warning: %zu lines are of operations that this sagegate does not know\n",
                reading->unknown);
    if (reading->damaged)
        fprintf(stderr, "warning: %zu lines are damaged or cut short: what they tell may be missing\n",
                reading->damaged);
    if (length > ENDPOINT_POLICY_MAX)
        fprintf(stderr, "warning: a VPC endpoint's policy has at most %d characters, and this one has %zu\n",
                ENDPOINT_POLICY_MAX, length);
}

static int write_policy(const struct reading *reading, bool wildcards)
{
    struct buffer out = {0};
    int status = EXIT_USAGE;

    if (reading->suggestion.count == 0 && !reading->suggestion.failed) {
        warn(reading, 0);
        fputs("sagegate policy suggest: no request in the logs was let through\n", stderr);
        return EXIT_FAILED;
    }
    if (!suggestion_write(&reading->suggestion, wildcards, &out) ||
        !is_right(&reading->suggestion, buffer_slice(&out))) {
        fputs("sagegate policy suggest: no policy could be written; is memory short?\n", stderr);
    } else if (fwrite(out.data, 1, out.len, stdout) != out.len || fflush(stdout) != 0) {
        fprintf(stderr, "sagegate policy suggest: cannot be written: %s\n", strerror(errno));
    } else {
        warn_of_any(&reading->suggestion);
        warn(reading, out.len);
        status = reading->damaged || reading->unknown ? EXIT_FAILED : EXIT_OK;
    }
    buffer_free(&out);
    return status;
}

int cli_policy_suggest(int argc, char **argv)
{
    static const struct cli_command command = {"policy suggest", help, INT_MAX};
    struct reading reading = {.listener = NULL};
    bool wildcards = false, good = true;
    const struct cli_option options[] = {
        {.name = "listener", .value = &reading.listener}, {.name = "wildcards", .given = &wildcards}, {0}};
    int status = options_read(&command, options, argc, argv);

    if (status != OPTIONS_GOOD)
        return status;
    if (optind == argc)
        return options_wrong(&command, "name at least one log.");
    status = EXIT_USAGE;
    for (; optind < argc; optind++)
        good &= read_file(&reading, argv[optind]);
    if (good)
        status = write_policy(&reading, wildcards);
    suggestion_free(&reading.suggestion);
    return status;
}
