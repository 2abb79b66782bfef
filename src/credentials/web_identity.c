#include "credentials/web_identity.h"

#include <stdlib.h>

#include "credentials/provider.h"
#include "credentials/shared_file.h"

enum { TOKEN_MAX = 20000 }; /* STS API Reference, AssumeRoleWithWebIdentity */

/* The token, without what an editor may have left behind it. */
static enum sg_status take_token(const struct shared_file *file, struct slice *token, struct sg_error *err)
{
    *token = slice_of(file->text, file->len);
    while (token->len && strchr("\r\n\t ", token->ptr[token->len - 1]))
        token->len--;
    if (token->len == 0)
        return sg_fail(err, SG_INVALID, "%s is empty", file->path);
    if (token->len > TOKEN_MAX)
        return sg_fail(err, SG_INVALID, "%s is longer than any token (%d bytes)", file->path, TOKEN_MAX);
    for (size_t i = 0; i < token->len; i++) {
        if (token->ptr[i] <= ' ' || token->ptr[i] > '~')
            return sg_fail(err, SG_INVALID, "%s holds no token: byte %zu is not one of a JWT", file->path,
                           i + 1);
    }
    return SG_OK;
}

struct sts_call *web_identity_start(struct sts *sts, const char *token_file, const struct sts_role *role,
                                    unsigned timeout_ms, sts_done *done, void *user, struct sg_error *err)
{
    struct shared_file file = {.path = strdup(token_file)};
    struct sts_call *call = NULL;
    struct slice token;

    if (!file.path)
        (void)sg_fail(err, SG_NO_MEMORY, "out of memory");
    else if (shared_file_read(&file, err) == SG_OK && take_token(&file, &token, err) == SG_OK) {
        call = sts_assume_role_with_web_identity(sts, token, role, web_identity_provider.name, timeout_ms,
                                                 done, user);
        if (!call)
            (void)sg_fail(err, SG_NO_MEMORY, "out of memory");
    }
    shared_file_free(&file);
    return call;
}

/* The source for a configuration that pins it: the environment alone, as EKS sets it. */
struct pod {
    const struct provider_setup *setup;
    struct sts_call *call;
};

static void *pod_open(const struct provider_setup *setup)
{
    struct pod *pod = calloc(1, sizeof(*pod));

    if (pod)
        pod->setup = setup;
    return pod;
}

static void pod_close(void *state)
{
    struct pod *pod = state;

    sts_cancel(pod->call);
    free(pod);
}

static void on_role(void *user, const struct sts_result *result)
{
    struct pod *pod = user;

    pod->call = NULL;
    pod->setup->answer(pod->setup->user, result->why_not ? PROVIDER_FAILED : PROVIDER_FOUND,
                       result->credentials, result->why_not);
}

static void pod_look(void *state, unsigned timeout_ms)
{
    struct pod *pod = state;
    const char *file = provider_variable("AWS_WEB_IDENTITY_TOKEN_FILE");
    const struct sts_role role = {
        .arn = slice_cstr(provider_variable("AWS_ROLE_ARN")),
        .session_name = slice_cstr(provider_variable("AWS_ROLE_SESSION_NAME")),
    };
    struct sg_error err;

    if (!file) {
        pod->setup->answer(pod->setup->user, PROVIDER_EMPTY, NULL, "AWS_WEB_IDENTITY_TOKEN_FILE is not set");
        return;
    }
    if (role.arn.len == 0)
        (void)sg_fail(&err, SG_INVALID, "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not");
    else
        pod->call = web_identity_start(pod->setup->sts, file, &role, timeout_ms, on_role, pod, &err);
    if (!pod->call)
        pod->setup->answer(pod->setup->user, PROVIDER_FAILED, NULL, err.text);
}

const struct provider web_identity_provider = {
    .name = "web identity",
    .open = pod_open,
    .look = pod_look,
    .close = pod_close,
};
