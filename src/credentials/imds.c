/* The role of the EC2 instance: its name, then its keys, from the instance metadata service. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "credentials/answer.h"
#include "credentials/metadata.h"
#include "credentials/provider.h"

/* The extended form names instance profiles and is asked first; where it is not known, the old one is.
 */
static const char extended[] = "/latest/meta-data/iam/security-credentials-extended/";
static const char plain[] = "/latest/meta-data/iam/security-credentials/";

enum { ROLE_MAX = 128 }; /* IAM's limit on an instance profile's name; that on a role's is 64 */

struct imds {
    const struct provider_setup *setup;
    struct metadata *metadata;
    const char *path; /* one of the two: what this instance metadata service knows */
    unsigned timeout_ms;
};

static void *imds_open(const struct provider_setup *setup)
{
    struct imds *imds = calloc(1, sizeof(*imds));

    if (!imds)
        return NULL;
    imds->setup = setup;
    imds->path = extended;
    imds->metadata = metadata_open(setup->base, setup->imds_v1);
    if (!imds->metadata) {
        free(imds);
        return NULL;
    }
    return imds;
}

static void imds_close(void *state)
{
    struct imds *imds = state;

    metadata_close(imds->metadata);
    free(imds);
}

static void answer_none(const struct imds *imds, const char *why_not)
{
    imds->setup->answer(imds->setup->user, PROVIDER_EMPTY, NULL, why_not);
}

/* Whether the answer is a 200; else it has been answered with `otherwise` or what the problem was. */
static bool is_good(const struct imds *imds, const struct fetch_answer *answer, const char *otherwise)
{
    char text[80];

    if (answer->status == 200)
        return true;
    if (answer->status == 404) {
        answer_none(imds, otherwise);
    } else if (answer->status) {
        snprintf(text, sizeof(text), "it answered with status %d", answer->status);
        answer_none(imds, text);
    } else {
        answer_none(imds, answer->problem);
    }
    return false;
}

static void on_keys(void *user, const struct fetch_answer *answer)
{
    struct imds *imds = user;
    struct credentials *found = NULL;
    struct sg_error err;

    if (!is_good(imds, answer, "the instance's role has no keys (404): was it just detached?"))
        return;
    if (credentials_answer_parse(answer->body, ANSWER_METADATA, imds_provider.name, &found, &err)) {
        answer_none(imds, err.text);
        return;
    }
    imds->setup->answer(imds->setup->user, PROVIDER_FOUND, found, NULL);
    credentials_unref(found);
}

/* The first line of the list, when it is a role's name: it becomes part of a path. */
static bool role_of(struct slice body, struct slice *role)
{
    size_t n = 0;

    while (n < body.len &&
           (isalnum((unsigned char)body.ptr[n]) || (body.ptr[n] && strchr("_+=,.@-", body.ptr[n]))))
        n++;
    *role = slice_of(body.ptr, n);
    return n > 0 && n <= ROLE_MAX && (n == body.len || body.ptr[n] == '\n' || body.ptr[n] == '\r');
}

static void ask_roles(struct imds *imds);

static void on_roles(void *user, const struct fetch_answer *answer)
{
    struct imds *imds = user;
    char path[sizeof(extended) + ROLE_MAX];
    struct slice role;

    if (answer->status >= 400 && answer->status < 500 && imds->path == extended) {
        imds->path = plain;
        ask_roles(imds);
        return;
    }
    if (!is_good(imds, answer, "no role is attached to this instance"))
        return;
    if (!role_of(answer->body, &role)) {
        answer_none(imds,
                    answer->body.len ? "its answer is not a role's name" : "its list of roles is empty");
        return;
    }
    snprintf(path, sizeof(path), "%s%.*s", imds->path, SLICE_FMT(role));
    metadata_get(imds->metadata, path, imds->timeout_ms, on_keys, imds);
}

static void ask_roles(struct imds *imds)
{
    metadata_get(imds->metadata, imds->path, imds->timeout_ms, on_roles, imds);
}

static void imds_look(void *state, unsigned timeout_ms)
{
    struct imds *imds = state;

    imds->timeout_ms = timeout_ms;
    ask_roles(imds);
}

const struct provider imds_provider = {
    .name = "imds",
    .usable_after_end = true,
    .guessed = true,
    .open = imds_open,
    .look = imds_look,
    .close = imds_close,
};
