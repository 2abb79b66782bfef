#include "credentials/sts.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "credentials/answer.h"
#include "credentials/provider.h"
#include "credentials/query.h"
#include "credentials/sts_answer.h"

enum {
    CHAINED_S = 3600,
    PARAMETERS_MAX = 16 * 1024, /* bytes of a body, beside the web identity token */
    SESSION_NAME_MAX = 64,
};

struct sts {
    struct query_service *service;
};

struct sts_call {
    struct sts *sts;
    const char *action;
    const char *source;
    char *role_arn;           /* as it is asked for; NULL: none is */
    struct sts_answer answer; /* the last one */
    struct query_call *query;
    sts_done *done;
    void *user;
};

struct sts *sts_new(struct https *https, const struct config *config)
{
    const struct query_service_setup setup = {.service = AWS_STS, .name = "STS", .version = "2011-06-15"};
    struct sts *sts = calloc(1, sizeof(*sts));

    if (!sts)
        return NULL;
    sts->service = query_service_new(https, config, &setup);
    if (!sts->service) {
        sts_free(sts);
        return NULL;
    }
    return sts;
}

void sts_free(struct sts *sts)
{
    if (!sts)
        return;
    query_service_free(sts->service);
    free(sts);
}

void sts_cancel(struct sts_call *call)
{
    if (!call)
        return;
    query_cancel(call->query);
    sts_answer_free(&call->answer);
    free(call->role_arn);
    free(call);
}

/* The query goes by itself. */
static void finish(struct sts_call *call, const struct sts_result *result)
{
    call->query = NULL;
    call->done(call->user, result);
    sts_cancel(call);
}

static void finish_failed(struct sts_call *call, const char *why_not)
{
    const struct sts_result result = {.why_not = why_not};

    finish(call, &result);
}

static const char *part_names[STS_PART_COUNT] = {
    [STS_ACCESS_KEY_ID] = "AccessKeyId",
    [STS_SECRET_ACCESS_KEY] = "SecretAccessKey",
    [STS_SESSION_TOKEN] = "SessionToken",
    [STS_EXPIRATION] = "Expiration",
    [STS_ACCOUNT] = "Account",
    [STS_ARN] = "Arn",
    [STS_USER_ID] = "UserId",
};

static bool has_parts(const struct sts_answer *answer, enum sts_part first, enum sts_part last,
                      struct sg_error *err)
{
    for (unsigned part = first; part <= last; part++) {
        if (answer->parts[part].len == 0) {
            (void)sg_fail(err, SG_INVALID, "its answer has no %s", part_names[part]);
            return false;
        }
    }
    return true;
}

/* The role's ARN, which tells its path, in place of what is made of its session's, which does not. */
static void take_path(const struct sts_call *call, struct caller_identity *who)
{
    struct slice arn = slice_cstr(call->role_arn);
    struct buffer none = {0};
    struct caller_identity role;

    if (caller_identity_read(arn, &none, &role) == SG_OK && caller_identity_is_same(&role, who))
        who->principal_arn = arn;
    buffer_free(&none);
}

/* Takes over credentials; returns them with the identity of the session, as far as the answer tells it. NULL
 * when memory is short. */
static struct credentials *with_session(const struct sts_call *call, struct credentials *credentials,
                                        const struct sts_answer *answer)
{
    struct credentials *identified = NULL;
    struct buffer memory = {0};
    struct caller_identity who;

    if (!credentials || caller_identity_read(answer->parts[STS_ASSUMED_ARN], &memory, &who) == SG_INVALID)
        return credentials;
    take_path(call, &who);
    who.user_id = answer->parts[STS_USER_ID];
    if (!memory.failed)
        identified = credentials_identified(credentials, &who);
    buffer_free(&memory);
    credentials_unref(credentials);
    return identified;
}

/* The credentials of the role; NULL with err. */
static struct credentials *role_credentials(const struct sts_call *call, const struct sts_answer *answer,
                                            struct sg_error *err)
{
    const struct slice *parts = answer->parts;
    struct credentials *credentials;
    struct sg_error part;
    int64_t end;

    if (!has_parts(answer, STS_ACCESS_KEY_ID, STS_EXPIRATION, err))
        return NULL;
    if (credentials_time_parse(parts[STS_EXPIRATION], &end) || end <= 0) {
        (void)sg_fail(err, SG_INVALID, "its answer's Expiration is not a time like 2026-01-31T23:59:59Z");
        return NULL;
    }
    if (credentials_check(parts[STS_ACCESS_KEY_ID], parts[STS_SECRET_ACCESS_KEY], parts[STS_SESSION_TOKEN],
                          &part)) {
        (void)sg_fail(err, SG_INVALID, "its answer is no good: %s", part.text);
        return NULL;
    }
    credentials = credentials_new(parts[STS_ACCESS_KEY_ID], parts[STS_SECRET_ACCESS_KEY],
                                  parts[STS_SESSION_TOKEN], end, call->source);
    credentials = with_session(call, credentials, answer);
    if (!credentials)
        (void)sg_fail(err, SG_NO_MEMORY, "out of memory");
    return credentials;
}

/* A good answer, if it holds what it should. */
static void finish_good(struct sts_call *call, const struct sts_answer *answer)
{
    struct sts_result result = {.account = answer->parts[STS_ACCOUNT],
                                .user_id = answer->parts[STS_USER_ID],
                                .arn = answer->parts[STS_ARN]};
    struct sg_error err;
    char why_not[600];
    bool good;

    if (call->source) {
        result.arn = answer->parts[STS_ASSUMED_ARN];
        result.credentials = role_credentials(call, answer, &err);
        good = result.credentials != NULL;
    } else {
        good = has_parts(answer, STS_ACCOUNT, STS_USER_ID, &err);
    }
    if (good) {
        finish(call, &result);
    } else {
        sg_word(why_not, sizeof(why_not), "%s, %s: %s", query_service_name(call->sts->service), call->action,
                err.text);
        finish_failed(call, why_not);
    }
    credentials_unref(result.credentials);
}

static enum sg_status read_answer(void *user, struct slice xml, struct query_error *error,
                                  struct sg_error *err)
{
    struct sts_answer *answer = &((struct sts_call *)user)->answer;
    enum sg_status status;

    sts_answer_free(answer);
    status = sts_answer_parse(xml, answer, err);
    *error = (struct query_error){answer->parts[STS_ERROR_CODE], answer->parts[STS_ERROR_MESSAGE]};
    return status;
}

static void on_answer(void *user, const char *why_not)
{
    struct sts_call *call = user;

    if (why_not)
        finish_failed(call, why_not);
    else
        finish_good(call, &call->answer);
}

static struct sts_call *call_new(struct sts *sts, const char *action, size_t token_len, sts_done *done,
                                 void *user)
{
    struct sts_call *call = calloc(1, sizeof(*call));
    const struct query_handler handler = {read_answer, on_answer, call};

    if (!call)
        return NULL;
    call->sts = sts;
    call->action = action;
    call->done = done;
    call->user = user;
    call->query = query_new(sts->service, action, PARAMETERS_MAX + 3 * token_len, &handler);
    if (!call->query) {
        free(call);
        return NULL;
    }
    return call;
}

/* NULL when memory is short: the call is gone. */
static struct sts_call *start(struct sts_call *call, struct credentials *keys, unsigned timeout_ms)
{
    if (call->source && !call->role_arn) {
        sts_cancel(call);
        return NULL;
    }
    if (query_start(call->query, keys, timeout_ms))
        return call;
    call->query = NULL;
    sts_cancel(call);
    return NULL;
}

static bool is_named(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
}

/* "sagegate-HOST", of the characters that STS takes. */
static struct slice own_session_name(char name[SESSION_NAME_MAX + 1])
{
    size_t len = (size_t)snprintf(name, SESSION_NAME_MAX + 1, "sagegate-");

    if (gethostname(name + len, SESSION_NAME_MAX + 1 - len) != 0)
        name[len] = '\0';
    name[SESSION_NAME_MAX] = '\0';
    for (size_t i = 0; name[i]; i++) {
        if (!is_named(name[i]))
            name[i] = '-';
    }
    return slice_cstr(name);
}

/* The parameters of a role. An own session name when it has none; at most longest_s of duration. */
static void add_role(struct sts_call *call, const struct sts_role *role, unsigned longest_s)
{
    struct query_call *query = call->query;
    char own[SESSION_NAME_MAX + 1], name[40], number[16];
    unsigned duration_s = role->duration_s;

    if (duration_s > longest_s) {
        log_warn("role %.*s: %u s were asked for, but a role that is assumed with another role's credentials "
                 "lasts at most %u s",
                 SLICE_FMT(role->arn), duration_s, longest_s);
        duration_s = longest_s;
    }
    call->role_arn = strndup(role->arn.ptr, role->arn.len);
    query_add(query, "RoleArn", role->arn);
    query_add(query, "RoleSessionName", role->session_name.len ? role->session_name : own_session_name(own));
    query_add(query, "ExternalId", role->external_id);
    if (duration_s) {
        snprintf(number, sizeof(number), "%u", duration_s);
        query_add(query, "DurationSeconds", slice_cstr(number));
    }
    for (size_t i = 0; i < role->tag_count; i++) {
        snprintf(name, sizeof(name), "Tags.member.%zu.Key", i + 1);
        query_add(query, name, slice_cstr(role->tags[i].key));
        snprintf(name, sizeof(name), "Tags.member.%zu.Value", i + 1);
        query_add(query, name, slice_cstr(role->tags[i].value));
    }
}

struct sts_call *sts_get_caller_identity(struct sts *sts, struct credentials *keys, unsigned timeout_ms,
                                         sts_done *done, void *user)
{
    struct sts_call *call = call_new(sts, "GetCallerIdentity", 0, done, user);

    return call ? start(call, keys, timeout_ms) : NULL;
}

struct sts_call *sts_assume_role(struct sts *sts, struct credentials *keys, const struct sts_role *role,
                                 const char *source, unsigned timeout_ms, sts_done *done, void *user)
{
    struct sts_call *call = call_new(sts, "AssumeRole", 0, done, user);

    if (!call)
        return NULL;
    call->source = source;
    add_role(call, role, keys->session_token.len ? CHAINED_S : UINT_MAX);
    return start(call, keys, timeout_ms);
}

struct sts_call *sts_assume_role_with_web_identity(struct sts *sts, struct slice token,
                                                   const struct sts_role *role, const char *source,
                                                   unsigned timeout_ms, sts_done *done, void *user)
{
    struct sts_call *call = call_new(sts, "AssumeRoleWithWebIdentity", token.len, done, user);

    if (!call)
        return NULL;
    call->source = source;
    add_role(call, role, UINT_MAX);
    query_add(call->query, "WebIdentityToken", token);
    return start(call, NULL, timeout_ms);
}
