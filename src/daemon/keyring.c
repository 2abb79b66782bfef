#include "daemon/keyring.h"

#include <stdlib.h>

struct key {
    struct keyring *keyring;
    struct credentials_source *source; /* NULL: not started, or no listener uses it */
    bool answered;
    struct credentials *current; /* NULL: there are none, … */
    char why[SG_TEXT];           /* … because */
};

struct keyring {
    const struct config *config;
    keyring_changed *changed;
    void *user;
    size_t count;
    struct key keys[];
};

static void tell(struct key *key)
{
    struct keyring *keyring = key->keyring;

    keyring->changed(keyring->user, (size_t)(key - keyring->keys), key->current, key->why);
}

static void on_changed(void *user, struct credentials *current, const char *why)
{
    struct key *key = user;

    credentials_unref(key->current);
    key->current = current ? credentials_ref(current) : NULL;
    sg_word(key->why, sizeof(key->why), "%s", why ? why : "");
    key->answered = true;
    tell(key);
}

struct keyring *keyring_new(const struct config *config, keyring_changed *changed, void *user,
                            struct sg_error *err)
{
    size_t count = config_identity_count(config);
    struct keyring *keyring = calloc(1, sizeof(*keyring) + count * sizeof(struct key));

    if (!keyring) {
        sg_fail(err, SG_NO_MEMORY, "out of memory");
        return NULL;
    }
    keyring->config = config;
    keyring->changed = changed;
    keyring->user = user;
    keyring->count = count;
    for (size_t i = 0; i < count; i++)
        keyring->keys[i].keyring = keyring;
    return keyring;
}

enum sg_status keyring_start(struct keyring *keyring, struct https *https, struct sg_error *err)
{
    const struct config *config = keyring->config;

    for (size_t i = 0; i < keyring->count; i++) {
        struct key *key = &keyring->keys[i];

        if (!config_identity_is_used(config, i))
            continue;
        key->source = credentials_start(https, config, config_identity(config, i), on_changed, key, err);
        if (!key->source)
            return err->status;
    }
    return SG_OK;
}

void keyring_renew(struct keyring *keyring, size_t identity)
{
    if (identity < keyring->count && keyring->keys[identity].source)
        credentials_renew(keyring->keys[identity].source);
}

void keyring_tell(struct keyring *keyring)
{
    for (size_t i = 0; i < keyring->count; i++) {
        if (keyring->keys[i].answered)
            tell(&keyring->keys[i]);
    }
}

bool keyring_has_answered(const struct keyring *keyring)
{
    for (size_t i = 0; i < keyring->count; i++) {
        if (keyring->keys[i].source && !keyring->keys[i].answered)
            return false;
    }
    return true;
}

bool keyring_is_complete(const struct keyring *keyring)
{
    for (size_t i = 0; i < keyring->count; i++) {
        if (!keyring->keys[i].current && config_identity_is_used(keyring->config, i))
            return false;
    }
    return true;
}

struct keyring_state keyring_state(const struct keyring *keyring, size_t identity)
{
    const struct key *key = &keyring->keys[identity];

    return (struct keyring_state){
        .current = key->current,
        .why = key->answered ? key->why : "the first answer of their source is awaited",
        .failures = key->source ? credentials_failures(key->source) : 0,
    };
}

void keyring_free(struct keyring *keyring)
{
    if (!keyring)
        return;
    for (size_t i = 0; i < keyring->count; i++) {
        credentials_stop(keyring->keys[i].source);
        credentials_unref(keyring->keys[i].current);
    }
    free(keyring);
}
