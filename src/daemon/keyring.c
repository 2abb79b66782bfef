#include "daemon/keyring.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct key {
    struct keyring *keyring;
    struct credentials_source *source; /* NULL: not started, or no listener uses it */
    bool found;
    int64_t expiration; /* wall seconds; 0: never */
    struct event renew;
};

struct keyring {
    const struct config *config;
    keyring_changed *changed;
    void *user;
    int *renew_fds;
    size_t count; /* of the identities whose descriptor and event are there */
    struct key *keys;
};

static size_t index_of(const struct key *key)
{
    return (size_t)(key - key->keyring->keys);
}

static void on_renew(evutil_socket_t fd, short what, void *user)
{
    struct key *key = user;
    uint64_t count;

    (void)what;
    if (read(fd, &count, sizeof(count)) == sizeof(count) && key->source)
        credentials_renew(key->source);
}

static void on_changed(void *user, struct credentials *current, const char *why)
{
    struct key *key = user;

    key->found = current != NULL;
    key->expiration = current ? current->expiration : 0;
    key->keyring->changed(key->keyring->user, index_of(key), current, why);
}

static bool add_key(struct keyring *keyring, struct event_base *base)
{
    struct key *key = &keyring->keys[keyring->count];
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

    if (fd < 0)
        return false;
    key->keyring = keyring;
    keyring->renew_fds[keyring->count++] = fd;
    event_assign(&key->renew, base, fd, EV_READ | EV_PERSIST, on_renew, key);
    return event_add(&key->renew, NULL) == 0;
}

struct keyring *keyring_new(struct event_base *base, const struct config *config, keyring_changed *changed,
                            void *user, struct sg_error *err)
{
    size_t count = config_identity_count(config);
    struct keyring *keyring = calloc(1, sizeof(*keyring));
    bool good = keyring != NULL;

    if (good) {
        keyring->config = config;
        keyring->changed = changed;
        keyring->user = user;
        keyring->keys = calloc(count, sizeof(*keyring->keys));
        keyring->renew_fds = calloc(count, sizeof(*keyring->renew_fds));
        good = keyring->keys && keyring->renew_fds;
    }
    while (good && keyring->count < count)
        good = add_key(keyring, base);
    if (good)
        return keyring;
    sg_fail(err, SG_IO, "the credentials could not be set up: %s", strerror(errno));
    keyring_free(keyring);
    return NULL;
}

const int *keyring_renew_fds(const struct keyring *keyring)
{
    return keyring->renew_fds;
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

bool keyring_is_complete(const struct keyring *keyring, int64_t *expiration)
{
    *expiration = 0;
    for (size_t i = 0; i < keyring->count; i++) {
        const struct key *key = &keyring->keys[i];

        if (config_identity_is_used(keyring->config, i) && !key->found)
            return false;
        if (key->expiration && (*expiration == 0 || key->expiration < *expiration))
            *expiration = key->expiration;
    }
    return true;
}

void keyring_free(struct keyring *keyring)
{
    if (!keyring)
        return;
    for (size_t i = 0; i < keyring->count; i++) {
        credentials_stop(keyring->keys[i].source);
        event_del(&keyring->keys[i].renew);
        close(keyring->renew_fds[i]);
    }
    free(keyring->keys);
    free(keyring->renew_fds);
    free(keyring);
}
