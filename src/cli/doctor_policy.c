#include <stdio.h>
#include <string.h>

#include "cli/doctor.h"

struct review {
    const struct config *config;
    size_t allows;              /* actions in Allow statements */
    size_t ours, foreign;       /* resources in Allow statements */
    struct policy_name strange; /* the first of the foreign ones, … */
    const char *what;           /* … and what of it is of another: "region" or "account" */
};

/* No wildcard and no variable: it stands for itself alone. */
static bool is_fixed(struct slice part)
{
    return part.len && !memchr(part.ptr, '*', part.len) && !memchr(part.ptr, '?', part.len) &&
           !memchr(part.ptr, '$', part.len);
}

/* "region" or "account" when the resource is of another than ours, and so is never asked for; else NULL. */
static const char *foreign_part(const struct config *config, struct slice arn)
{
    const struct slice ours[] = {slice_cstr(config->region), slice_cstr(config->account_id)};
    static const char *const what[] = {"region", "account"};
    struct slice part = {0};

    for (size_t i = 0; i < 3; i++) {
        if (!slice_split(&arn, ':', &part))
            return NULL;
    }
    for (size_t i = 0; i < 2 && slice_split(&arn, ':', &part); i++) {
        if (is_fixed(part) && !slice_eq(part, ours[i]))
            return what[i];
    }
    return NULL;
}

static void review_resource(struct review *review, const struct policy_name *name)
{
    const char *what = name->negated ? NULL : foreign_part(review->config, name->text);

    if (!what) {
        review->ours++;
    } else if (review->foreign++ == 0) {
        review->strange = *name;
        review->what = what;
    }
}

static void on_name(void *user, const struct policy_name *name)
{
    struct review *review = user;

    if (name->deny)
        return;
    if (name->kind == POLICY_NAMES_ACTION)
        review->allows++;
    else if (name->kind == POLICY_NAMES_RESOURCE)
        review_resource(review, name);
}

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

/* One document may serve several regions and accounts: foreign resources matter when there are no others. */
void doctor_policy(struct doctor *doctor, const char *service, const struct doctor_document *document)
{
    struct review review = {.config = doctor->config};
    const char *name = document->name, *whose = document->whose;

    policy_each_name(document->policy, on_name, &review);
    if (review.allows == 0)
        doctor_say(doctor, FINDING_BAD, service, "policy", "allow the actions that applications need",
                   "%s allows nothing: every request on %s will be refused", name, whose);
    else if (review.foreign && review.ours == 0)
        doctor_say(
            doctor, FINDING_BAD, service, "policy",
            "correct the resources, or region and account_id of the configuration",
            "%s:%u:%u: %.*s is of another %s than the configuration's, and so are all resources: nothing is "
            "allowed",
            name, review.strange.line, review.strange.column, SLICE_FMT(review.strange.text), review.what);
    else if (review.foreign)
        doctor_say(doctor, FINDING_GOOD, service, "policy", NULL,
                   "%s, of %s; %zu of its resources are of another region or account", name, whose,
                   review.foreign);
    else
        doctor_say(doctor, FINDING_GOOD, service, "policy", NULL, "%s, of %s", name, whose);
}

static void review_file(struct doctor *doctor, const struct config_listener *listener, size_t i)
{
    char whose[160];

    snprintf(whose, sizeof(whose), "listener %s", listener->name);
    doctor_policy(doctor, NULL,
                  &(struct doctor_document){listener->policies[i], listener->policy_files.at[i], whose});
}

void doctor_policies(struct doctor *doctor)
{
    const struct config *config = doctor->config;

    for (size_t i = 0; i < config->rule_count; i++) {
        for (size_t k = 0; k < config->listeners[i].policy_files.count; k++) {
            if (!is_reviewed(config, i, k))
                review_file(doctor, &config->listeners[i], k);
        }
    }
}
