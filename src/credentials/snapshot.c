#include <stdatomic.h>
#include <stdlib.h>

#include "base/secret.h"
#include "credentials/provider.h"

/* What is handed out is the first member; the rest is how it is released. */
struct snapshot {
    struct credentials credentials;
    atomic_uint references;
    char *access_key_id;
    char *secret_access_key;
    char *session_token;
    char *identity; /* the text of credentials.identity */
};

static atomic_uint_fast64_t generations;

static void snapshot_free(struct snapshot *snapshot)
{
    secret_free(snapshot->access_key_id);
    secret_free(snapshot->secret_access_key);
    secret_free(snapshot->session_token);
    free(snapshot->identity);
    free(snapshot);
}

struct credentials *credentials_new(struct slice access_key_id, struct slice secret_access_key,
                                    struct slice session_token, int64_t expiration, const char *source)
{
    struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

    if (!snapshot)
        return NULL;
    snapshot->access_key_id = secret_copy(access_key_id);
    snapshot->secret_access_key = secret_copy(secret_access_key);
    snapshot->session_token = secret_copy(session_token);
    if (!snapshot->access_key_id || !snapshot->secret_access_key || !snapshot->session_token) {
        snapshot_free(snapshot);
        return NULL;
    }
    atomic_init(&snapshot->references, 1);
    snapshot->credentials = (struct credentials){
        .access_key_id = slice_of(snapshot->access_key_id, access_key_id.len),
        .secret_access_key = slice_of(snapshot->secret_access_key, secret_access_key.len),
        .session_token = slice_of(snapshot->session_token, session_token.len),
        .expiration = expiration,
        .generation = atomic_fetch_add_explicit(&generations, 1, memory_order_relaxed) + 1,
        .source = source,
    };
    return &snapshot->credentials;
}

/* Moves the parts of the snapshot's identity to memory of its own. */
static bool own_identity(struct snapshot *snapshot)
{
    struct caller_identity *who = &snapshot->credentials.identity;
    struct slice *parts[] = {&who->account,        &who->partition, &who->arn,     &who->principal_arn,
                             &who->principal_type, &who->user_id,   &who->username};
    size_t total = 0;
    char *end;

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        total += parts[i]->len;
    snapshot->identity = end = malloc(total + 1);
    if (!end)
        return false;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (parts[i]->len)
            memcpy(end, parts[i]->ptr, parts[i]->len);
        parts[i]->ptr = end;
        end += parts[i]->len;
    }
    return true;
}

struct credentials *credentials_identified(const struct credentials *credentials,
                                           const struct caller_identity *who)
{
    struct credentials *copy =
        credentials_new(credentials->access_key_id, credentials->secret_access_key,
                        credentials->session_token, credentials->expiration, credentials->source);

    if (!copy)
        return NULL;
    copy->generation = credentials->generation;
    copy->identity = *who;
    if (!own_identity((struct snapshot *)copy)) {
        credentials_unref(copy);
        return NULL;
    }
    return copy;
}

struct credentials *credentials_ref(struct credentials *credentials)
{
    struct snapshot *snapshot = (struct snapshot *)credentials;

    atomic_fetch_add_explicit(&snapshot->references, 1, memory_order_relaxed);
    return credentials;
}

void credentials_unref(struct credentials *credentials)
{
    struct snapshot *snapshot = (struct snapshot *)credentials;

    if (!snapshot)
        return;
    /* Release, so that every thread's reads are done; acquire, so that the wiping comes after all of them. */
    if (atomic_fetch_sub_explicit(&snapshot->references, 1, memory_order_acq_rel) == 1)
        snapshot_free(snapshot);
}

/* Visible ASCII: what may stand in a header without being folded, trimmed or split. */
static enum sg_status check_part(struct slice part, const char *name, struct sg_error *err)
{
    for (size_t i = 0; i < part.len; i++) {
        if (part.ptr[i] <= ' ' || part.ptr[i] > '~')
            return sg_fail(err, SG_INVALID, "the %s has a blank or a control character at byte %zu", name,
                           i + 1);
    }
    return SG_OK;
}

enum sg_status credentials_check(struct slice access_key_id, struct slice secret_access_key,
                                 struct slice session_token, struct sg_error *err)
{
    if (access_key_id.len == 0)
        return sg_fail(err, SG_INVALID, "the access key id is empty");
    if (secret_access_key.len == 0)
        return sg_fail(err, SG_INVALID, "the secret access key is empty");
    if (check_part(access_key_id, "access key id", err) ||
        check_part(secret_access_key, "secret access key", err) ||
        check_part(session_token, "session token", err))
        return SG_INVALID;
    return SG_OK;
}

bool credentials_same(const struct credentials *a, const struct credentials *b)
{
    return a->expiration == b->expiration && slice_eq(a->access_key_id, b->access_key_id) &&
           slice_eq(a->secret_access_key, b->secret_access_key) &&
           slice_eq(a->session_token, b->session_token);
}
