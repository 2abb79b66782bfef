#include <string.h>

#include "cli/doctor.h"

struct review {
    struct doctor *doctor;
    const char *file;
    size_t allows; /* actions in Allow statements */
    size_t bad;
};

/* No wildcard and no variable: it stands for itself alone. */
static bool is_fixed(struct slice part)
{
    return part.len && !memchr(part.ptr, '*', part.len) && !memchr(part.ptr, '?', part.len) &&
           !memchr(part.ptr, '$', part.len);
}

/* A resource of another region or account is never asked for: the ARNs of requests are made of ours. */
static void review_arn(struct review *review, const struct policy_name *name)
{
    const struct config *config = review->doctor->config;
    const struct slice ours[] = {slice_cstr(config->region), slice_cstr(config->account_id)};
    static const char *const what[] = {"region", "account"};
    struct slice rest = name->text, part = {0};

    for (size_t i = 0; i < 3; i++) {
        if (!slice_split(&rest, ':', &part))
            return;
    }
    for (size_t i = 0; i < 2; i++) {
        if (!slice_split(&rest, ':', &part))
            return;
        if (!is_fixed(part) || !ours[i].len ||
            slice_eq(part, ours[i])) /* an account may be known to STS alone */
            continue;
        review->bad++;
        doctor_say(review->doctor, FINDING_BAD, NULL, "policy",
                   "correct the resource, or region and account_id of the configuration",
                   "%s:%u:%u: %.*s is of another %s than the configuration's, %.*s, so that it never matches",
                   review->file, name->line, name->column, SLICE_FMT(name->text), what[i],
                   SLICE_FMT(ours[i]));
    }
}

static void on_name(void *user, const struct policy_name *name)
{
    struct review *review = user;

    if (name->kind == POLICY_NAMES_ACTION && !name->deny)
        review->allows++;
    if (name->kind == POLICY_NAMES_RESOURCE && !name->deny && !name->negated)
        review_arn(review, name);
}

/* Whether an earlier listener, or this one before, names the same file. */
static bool is_reviewed(const struct config *config, size_t index, size_t file)
{
    const struct policy *policy = config->listeners[index].policies[file];

    for (size_t i = 0; i <= index; i++) {
        const struct config_listener *listener = &config->listeners[i];
        size_t count = i < index ? listener->policy_files.count : file;

        for (size_t k = 0; k < count; k++) {
            if (listener->policies[k] == policy)
                return true;
        }
    }
    return false;
}

static void review_policy(struct doctor *doctor, const struct config_listener *listener, size_t i)
{
    struct review review = {.doctor = doctor, .file = listener->policy_files.at[i]};

    policy_each_name(listener->policies[i], on_name, &review);
    if (review.allows == 0)
        doctor_say(doctor, FINDING_BAD, NULL, "policy", "allow the actions that applications need",
                   "%s allows nothing: every request on listener %s will be refused", review.file,
                   listener->name);
    else if (review.bad == 0)
        doctor_say(doctor, FINDING_GOOD, NULL, "policy", NULL, "%s, of listener %s", review.file,
                   listener->name);
}

void doctor_policies(struct doctor *doctor)
{
    const struct config *config = doctor->config;

    for (size_t i = 0; i < config->listener_count; i++) {
        for (size_t k = 0; k < config->listeners[i].policy_files.count; k++) {
            if (!is_reviewed(config, i, k))
                review_policy(doctor, &config->listeners[i], k);
        }
    }
}
