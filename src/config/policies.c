#include "config/policies.h"

#include <stdlib.h>

#include "aws/condition_keys.h"
#include "aws/service.h"
#include "config/file.h"
#include "config/suggest.h"
#include "policy/pattern.h"

static const struct mark whole_file = {0, 0};

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

struct name_check {
    const struct config *config;
    struct problems *problems;
    bool allows_here;             /* some Allow may match requests here, as far as its resources tell */
    struct policy_name elsewhere; /* the first resource of one that cannot; line 0: there is none */
};

static bool any_vpc_endpoint(const struct config *config)
{
    for (size_t i = 0; i < AWS_SERVICE_COUNT; i++) {
        if (config->endpoints[i].vpc_endpoint_id)
            return true;
    }
    return false;
}

/* What would tell the key's value; NULL when it is told, "" when nothing would. */
static const char *missing_for(const struct config *config, struct slice key)
{
    if (!condition_keys_is_told(key))
        return "";
    if (slice_eq_nocase(key, SLICE("aws:SourceVpce")))
        return config->source_vpce || any_vpc_endpoint(config) ? NULL : "context.source_vpce";
    if (slice_eq_nocase(key, SLICE("aws:SourceVpc")))
        return config->source_vpc ? NULL : "context.source_vpc";
    if (slice_eq_nocase(key, SLICE("aws:VpcSourceIp")))
        return config->vpc_source_ip ? NULL : "context.vpc_source_ip";
    return NULL;
}

/* Whether a part of a pattern of ARNs may match; with a wildcard it may. */
static bool may_match(struct slice part, struct slice ours)
{
    return ours.len == 0 || slice_eq(part, ours) || memchr(part.ptr, '*', part.len) ||
           memchr(part.ptr, '?', part.len);
}

/* Whether requests here can name such a resource: of this region, and but for a whole ARN, of this account.
 */
static bool is_here(const struct config *config, struct slice pattern)
{
    struct slice region = slice_cstr(config->region), account = slice_cstr(config->account_id),
                 part[ARN_COLONS];

    for (size_t i = 0; i < ARN_COLONS; i++) {
        if (!slice_split(&pattern, ':', &part[i]) || !pattern.ptr)
            return true; /* "*" */
    }
    if (region.len && (!may_match(part[3], region) || !may_match(part[1], aws_partition(region))))
        return false;
    /* Other credentials may be another account's, and some resources are AWS's own. */
    return config->credentials.named_count || slice_eq(part[4], SLICE("aws")) || may_match(part[4], account);
}

static void check_resource(struct name_check *check, const struct policy_name *name)
{
    if (name->deny)
        return;
    if (name->negated || is_here(check->config, name->text))
        check->allows_here = true;
    else if (!check->elsewhere.line)
        check->elsewhere = *name;
}

/* As of an example whose region and account nobody put in. */
static void warn_of_elsewhere(const struct name_check *check)
{
    struct mark at = {check->elsewhere.line, check->elsewhere.column};
    const char *region = check->config->region, *account = check->config->account_id;
    char quoted[QUOTE_SIZE];

    if (check->allows_here || !at.line)
        return;
    problem_warning(
        check->problems, at,
        "'%s', as all that the policy allows, is of another region or account than requests here, "
        "which are for %s%s%s: at most one that carries such an ARN whole can be allowed",
        quote_text(check->elsewhere.text, quoted), region ? region : "", region && account ? " and " : "",
        account ? account : "");
}

/* The name of a tag aside. */
static struct slice without_tag(struct slice key)
{
    const char *slash = memchr(key.ptr, '/', key.len);

    return slash ? slice_of(key.ptr, (size_t)(slash - key.ptr) + 1) : key;
}

const char *policies_nearest_key(struct slice key)
{
    struct slice text = without_tag(key);
    unsigned nearest = SUGGEST_FAR;
    const char *found = NULL, *name;

    /* No slip of the pen: of AWS's own keys that no request tells, the one that is near another. */
    if (slice_eq_nocase(key, SLICE("aws:ResourceAccount")))
        return NULL;
    for (size_t i = 0; (name = condition_keys_name(i)); i++) {
        unsigned distance = suggest_distance(text, slice_cstr(name));

        if (distance < nearest && suggest_is_near(text, slice_cstr(name))) {
            nearest = distance;
            found = name;
        }
    }
    return nearest ? found : NULL;
}

/* A condition on a key that is never known decides the same way for every request: nobody should find that
 * out by a refusal. */
static void check_key(const struct name_check *check, const struct policy_name *name)
{
    struct mark at = {name->line, name->column};
    char statement[QUOTE_SIZE], key[QUOTE_SIZE];
    const char *missing = missing_for(check->config, name->text), *nearest;

    if (!missing)
        return;
    nearest = missing[0] ? NULL : policies_nearest_key(name->text);
    quote_text(name->sid, statement);
    quote_text(name->text, key);
    problem_warning(check->problems, at,
                    "statement %zu%s%s hangs on %s, which %s%s%s%s%s; under unknown_conditions: deny it "
                    "%s, under defer the endpoint decides",
                    name->statement + 1, name->sid.len ? " " : "", statement, key,
                    missing[0] ? "is not known without " : "only AWS knows", missing, nearest ? " (is " : "",
                    nearest ? nearest : "", nearest ? " meant?)" : "",
                    name->deny ? "denies all that it may concern" : "allows nothing");
}

static void check_name(void *user, const struct policy_name *name)
{
    if (name->kind == POLICY_NAMES_KEY)
        check_key(user, name);
    else if (name->kind == POLICY_NAMES_RESOURCE)
        check_resource(user, name);
}

struct policy *policies_parse(const struct config *config, struct slice text, struct problems *problems)
{
    struct policy *policy = policy_parse(text, pass_policy_problem, problems);
    struct name_check check = {.config = config, .problems = problems};

    if (policy) {
        policy_each_name(policy, check_name, &check);
        warn_of_elsewhere(&check);
    } else if (!problems->errors) {
        problem_error(problems, whole_file, "memory is short");
    }
    return policy;
}

static struct policy *load(const struct config *config, const char *file, struct mark named_at,
                           struct problems *problems)
{
    struct problems in_policy = {.file = file, .report = problems->report, .user = problems->user};
    struct policy *policy = NULL;
    struct buffer text = {0};
    struct sg_error err;
    bool world_writable;

    if (file_read(file, &text, &world_writable, &err) != SG_OK) {
        problem_error(problems, named_at, "policy %s %s", file, err.text);
    } else {
        problem_if_world_writable(&in_policy, world_writable);
        policy = policies_parse(config, buffer_slice(&text), &in_policy);
        problems->errors += in_policy.errors;
    }
    buffer_free(&text);
    return policy;
}

/* A policy by its place: those of the first listener, then those of the second, … */
static struct policy **policy_at(const struct config *config, size_t place, const char **file)
{
    for (size_t i = 0; i < config->rule_count; i++) {
        const struct config_listener *listener = &config->listeners[i];

        if (place < listener->policy_files.count) {
            *file = listener->policy_files.at[place];
            return listener->policies ? &listener->policies[place] : NULL;
        }
        place -= listener->policy_files.count;
    }
    return NULL;
}

/* The first that names the same file. */
static struct policy **first_of(const struct config *config, const char *wanted)
{
    struct policy **policy;
    const char *file;

    for (size_t place = 0; (policy = policy_at(config, place, &file)); place++) {
        if (strcmp(file, wanted) == 0)
            break;
    }
    return policy;
}

static void load_all(struct config *config, struct config_listener *listener, struct problems *problems)
{
    struct mark named_at = {listener->policy_line, listener->policy_column};

    for (size_t i = 0; i < listener->policy_files.count; i++) {
        struct policy **first = first_of(config, listener->policy_files.at[i]);

        if (first == &listener->policies[i])
            listener->policies[i] = load(config, listener->policy_files.at[i], named_at, problems);
        else
            listener->policies[i] = first ? *first : NULL;
    }
}

void policies_load(struct config *config, struct problems *problems)
{
    for (size_t i = 0; i < config->rule_count; i++) {
        struct config_listener *listener = &config->listeners[i];
        struct config_words *files = &listener->policy_files;

        for (size_t k = 0; k < files->count; k++) {
            char *joined = file_beside(problems->file, files->at[k]);

            if (!joined) {
                problem_error(problems, whole_file, "memory is short");
                return;
            }
            free(files->at[k]);
            files->at[k] = joined;
        }
        listener->policies = calloc(files->count + 1, sizeof(*listener->policies));
        if (!listener->policies) {
            problem_error(problems, whole_file, "memory is short");
            return;
        }
        load_all(config, listener, problems);
    }
}

void policies_free(struct config *config)
{
    struct policy **policy;
    const char *file;

    for (size_t place = 0; (policy = policy_at(config, place, &file)); place++) {
        if (policy == first_of(config, file))
            policy_free(*policy);
    }
    for (size_t i = 0; i < config->rule_count; i++) {
        free(config->listeners[i].policies);
        config->listeners[i].policies = NULL;
    }
}
