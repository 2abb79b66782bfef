/*
 * Credentials and where they come from. A provider finds them on the control thread's event loop, keeps them
 * fresh, and hands out immutable, reference-counted snapshots; secrets are in locked memory, wiped on
 * release.
 */
#ifndef SAGEGATE_CREDENTIALS_CREDENTIALS_H
#define SAGEGATE_CREDENTIALS_CREDENTIALS_H

#include <stdbool.h>
#include <stdint.h>

#include "aws/caller_identity.h"
#include "base/error.h"
#include "base/slice.h"
#include "config/config.h"

struct https;

/* Immutable. Atomically counted: share freely between threads. */
struct credentials {
    struct slice access_key_id;
    struct slice secret_access_key;
    struct slice session_token;      /* len 0 when there is none */
    int64_t expiration;              /* wall seconds; 0: never */
    uint64_t generation;             /* unique in the process */
    const char *source;              /* "environment", "profile", "imds" */
    struct caller_identity identity; /* whose they are, as far as that is known */
    bool identity_asked;             /* STS is being asked whose they are, and has not told yet */
    bool identity_pending;           /* likewise, and more than the account is not known */
};

/* Copies the slices into locked memory. One reference, the caller's. NULL when memory is short. */
struct credentials *credentials_new(struct slice access_key_id, struct slice secret_access_key,
                                    struct slice session_token, int64_t expiration, const char *source);
/*
 * The same keys, of the same generation, as those of `who`, which is copied. One reference, the caller's;
 * `credentials` stays as it was. NULL when memory is short.
 */
struct credentials *credentials_identified(const struct credentials *credentials,
                                           const struct caller_identity *who);
struct credentials *credentials_ref(struct credentials *credentials);
void credentials_unref(struct credentials *credentials); /* NULL is fine */

/*
 * Once at start, before threads and before libevent is used: from here on no library through which secrets
 * pass gives back memory unwiped, and the secrets in the environment are moved out of it into locked memory,
 * where only the providers find them.
 */
void credentials_guard(void);

/*
 * Where the sources of a configuration's identities may lead, as far as it can be known before they are
 * started: for who closes what is not needed.
 */
struct credentials_reach {
    bool programs;                              /* one is to be run: a shared file has a credential_process */
    bool anywhere;                              /* a shared file names another file */
    void (*file)(void *user, const char *path); /* called with each file that may be read */
    void *user;
};
void credentials_reach(const struct config *config, struct credentials_reach *reach);

/* The path of the file that the configuration names for an identity, for the caller to free; NULL when it
 * names none. */
enum sg_status credentials_file(const struct config_identity *identity, char **path, struct sg_error *err);

struct credentials_source;

/*
 * Told, on the control thread, of each new snapshot (borrowed: take a reference to keep it), or of NULL when
 * there are none or they have expired. `why` says which sources were asked before and what each answered,
 * "environment: …; profile: …"; NULL when there is nothing to say.
 */
typedef void credentials_changed(void *user, struct credentials *current, const char *why);

/*
 * Starts looking, on the loop of https (which is shared by all sources, and outlives them), for the
 * credentials of an identity of the configuration, whose region must be known. Never blocks but for reading
 * small files; calls `changed` at the first result and at each change. Tries again with growing, jittered
 * pauses (1 s to 60 s) while there are none; refreshes before expiry; keeps a good set while a refresh fails.
 * NULL with err when the configuration cannot work at all (unknown profile is not that: it may appear later).
 */
struct credentials_source *credentials_start(struct https *https, const struct config *config,
                                             const struct config_identity *identity,
                                             credentials_changed *changed, void *user, struct sg_error *err);

/*
 * The current snapshot is said to be accepted no more: its source is asked for a newer one, at most once in
 * 10 to 15 s however often this is called. `changed` is called when it is known how it stands, even if
 * nothing has changed.
 */
void credentials_renew(struct credentials_source *source);

/* Which of those that were asked has given them, "profile", "imds"; the `source` of a snapshot tells what
 * that led to, "assume role". */
const char *credentials_provider(const struct credentials_source *source);

/* How often it could not find, or not refresh, credentials. */
uint64_t credentials_failures(const struct credentials_source *source);

void credentials_stop(struct credentials_source *source);

#endif
