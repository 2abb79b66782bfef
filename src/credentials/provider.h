/*
 * What every source of credentials offers the chain: look once, answer once. A provider is one file and one
 * row in source.c. When to look, and what becomes of the answer, is the chain's business (chain.h).
 */
#ifndef SAGEGATE_CREDENTIALS_PROVIDER_H
#define SAGEGATE_CREDENTIALS_PROVIDER_H

#include <stdbool.h>

#include "credentials/credentials.h"

enum provider_outcome {
    PROVIDER_FOUND,
    PROVIDER_EMPTY,  /* nothing here: the next provider is asked */
    PROVIDER_FAILED, /* something is here and does not work: asking on would act as somebody else */
};

/*
 * FOUND: `found` is borrowed, why_not is NULL. Otherwise `found` is NULL and why_not a phrase without a full
 * stop that says what is missing and what would be right; it never holds a secret.
 */
typedef void provider_answer(void *user, enum provider_outcome outcome, struct credentials *found,
                             const char *why_not);

struct https;
struct sts;

struct provider_setup {
    struct event_base *base;
    struct https *https;
    struct sts *sts;
    const char *profile; /* the configuration's; NULL when it names none */
    const char *file;    /* in the format of the shared files and in their place; NULL: the shared files */
    bool imds_v1;        /* the instance metadata service may be asked without a token */
    bool pinned;         /* the configuration names this source: the environment does not change its mind */
    provider_answer *answer;
    void *user;
};

struct provider {
    const char *name;      /* what it is called in messages, and the `source` of most credentials it gives */
    bool usable_after_end; /* an expired set goes on being used while there is no newer one */
    bool guessed;          /* asked though nothing says that it is there */

    /*
     * The state for the calls below; NULL when memory is short. `setup` outlives it. Without open (and
     * close), the setup is the state.
     */
    void *(*open)(const struct provider_setup *setup);

    /* Leads to exactly one answer, maybe before it returns; the chain never has two looks under way. */
    void (*look)(void *state, unsigned timeout_ms);

    /* Whether a look may come to another answer than the last one did; must be cheap. NULL: never. */
    bool (*stale)(void *state);

    void (*close)(void *state); /* no answer comes after it; NULL without open */
};

extern const struct provider environment_provider;
extern const struct provider web_identity_provider;
extern const struct provider profile_provider;
extern const struct provider file_provider;
extern const struct provider container_provider;
extern const struct provider imds_provider;

/* An environment variable's value, also of one that is hidden; NULL when it is unset or empty. */
const char *provider_variable(const char *name);

/* Moves the values of those that hold secrets to locked memory; where they were nothing is left. */
void environment_hide(void);

/*
 * SG_INVALID when these cannot be credentials: an empty id or secret, or bytes that cannot stand in a header.
 * The text names the part and never its value.
 */
enum sg_status credentials_check(struct slice access_key_id, struct slice secret_access_key,
                                 struct slice session_token, struct sg_error *err);

/* Whether both hold the same keys and the same expiration. */
bool credentials_same(const struct credentials *a, const struct credentials *b);

#endif
