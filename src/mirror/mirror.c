#include "mirror/mirror.h"

#include <stdio.h>
#include <stdlib.h>

#include "mirror/document.h"
#include "mirror/store.h"

static void ignore(void *user, const struct policy_problem *problem)
{
    (void)user;
    (void)problem;
}

struct mirror *mirror_new(const struct config *config, const struct mirror_text texts[AWS_SERVICE_COUNT])
{
    struct mirror *mirror = calloc(1, sizeof(*mirror));

    if (!mirror)
        return NULL;
    mirror->users = 1;
    for (size_t i = 0; i < AWS_SERVICE_COUNT; i++) {
        struct mirror_policy *of = &mirror->of[i];
        const char *id = config->endpoints[i].vpc_endpoint_id;

        snprintf(of->name, sizeof(of->name), "%s (endpoints.%s)", id ? id : "", aws_services[i].key);
        sg_word(of->why, sizeof(of->why), "%s", texts[i].why ? texts[i].why : "");
        if (!texts[i].document.len)
            continue;
        of->policy = policy_parse(texts[i].document, ignore, NULL);
        if (!of->policy) {
            mirror_leave(mirror);
            return NULL;
        }
    }
    return mirror;
}

/* It was kept under another configuration: see document_check(). */
static void drop_full_access(struct mirror_policy *of)
{
    if (!of->policy || !document_is_full_access(of->policy))
        return;
    policy_free(of->policy);
    of->policy = NULL;
    snprintf(of->why, sizeof(of->why), "it is AWS's full-access policy, which is not accepted");
}

struct mirror *mirror_from_cache(const struct config *config)
{
    struct mirror_text texts[AWS_SERVICE_COUNT] = {0};
    struct buffer documents[AWS_SERVICE_COUNT] = {0};
    struct sg_error errors[AWS_SERVICE_COUNT];
    struct mirror *mirror;

    for (size_t i = 0; i < AWS_SERVICE_COUNT; i++) {
        if (store_read(config, i, &documents[i], &errors[i]) == SG_OK)
            texts[i].document = buffer_slice(&documents[i]);
        else
            texts[i].why = errors[i].text;
    }
    mirror = mirror_new(config, texts);
    for (size_t i = 0; i < AWS_SERVICE_COUNT; i++) {
        buffer_free(&documents[i]);
        if (mirror && !config->mirror->accept_full_access)
            drop_full_access(&mirror->of[i]);
    }
    return mirror;
}

void mirror_leave(struct mirror *mirror)
{
    if (!mirror || --mirror->users)
        return;
    for (size_t i = 0; i < AWS_SERVICE_COUNT; i++)
        policy_free(mirror->of[i].policy);
    free(mirror);
}
