#include "mirror/document.h"

#include <stdint.h>

#include "base/log.h"
#include "config/policies.h"

struct look {
    size_t all_actions; /* the last statement that allows all of them, … */
    bool full;          /* … and one of these names all resources */
    bool denies;
};

/* A statement's actions come before its resources. */
static void look_at(void *user, const struct policy_name *name)
{
    struct look *look = user;
    bool all = slice_eq(name->text, SLICE("*")) && !name->negated && name->unconditional && !name->deny;

    look->denies = look->denies || name->deny;
    if (all && name->kind == POLICY_NAMES_ACTION)
        look->all_actions = name->statement;
    if (all && name->kind == POLICY_NAMES_RESOURCE && name->statement == look->all_actions)
        look->full = true;
}

bool document_is_full_access(const struct policy *policy)
{
    struct look look = {.all_actions = SIZE_MAX};

    policy_each_name(policy, look_at, &look);
    return look.full && !look.denies;
}

/* Warnings are kept until it is known that the document is good; of errors, the first says why it is not. */
struct verdict {
    struct buffer warnings; /* lines */
    char first[SG_TEXT];
};

static void note(void *user, const struct config_problem *problem)
{
    struct verdict *verdict = user;

    if (!problem->is_error)
        buffer_printf(&verdict->warnings, "%s:%u:%u: %s\n", problem->file, problem->line, problem->column,
                      problem->text);
    else if (!verdict->first[0])
        sg_word(verdict->first, sizeof(verdict->first), "%u:%u: %s", problem->line, problem->column,
                problem->text);
}

static void tell_warnings(const struct buffer *warnings)
{
    struct slice rest = buffer_slice(warnings), line;

    while (rest.len && slice_split(&rest, '\n', &line)) {
        if (line.len)
            log_warn("%.*s", SLICE_FMT(line));
    }
}

enum sg_status document_check(const struct config *config, const char *name, struct slice document,
                              struct sg_error *err)
{
    struct verdict verdict = {.first = ""};
    struct problems problems = {.file = name, .report = note, .user = &verdict};
    struct policy *policy = policies_parse(config, document, &problems);
    enum sg_status status = SG_OK;

    if (!policy)
        status = sg_fail(err, SG_INVALID, "it is not understood in full: %s", verdict.first);
    else if (document_is_full_access(policy) && !config->mirror->accept_full_access)
        status = sg_fail(
            err, SG_INVALID,
            "it is AWS's full-access policy, which allows everyone everything and so is no allowlist: "
            "give the endpoint a policy of its own, or say accept_full_access: true");
    else
        tell_warnings(&verdict.warnings);
    if (policy && document_is_full_access(policy) && status == SG_OK)
        log_warn(
            "%s has AWS's full-access policy, which allows everyone everything (accept_full_access: true)",
            name);
    policy_free(policy);
    buffer_free(&verdict.warnings);
    return status;
}
