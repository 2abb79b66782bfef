/* AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, with AWS_SESSION_TOKEN: keys that nobody replaces. */
#include <stdlib.h>

#include "base/secret.h"
#include "credentials/answer.h"
#include "credentials/provider.h"

#define OLD_TOKEN "AWS_SECURITY_TOKEN" /* the old name of AWS_SESSION_TOKEN; botocore lets it win */

/* Variables that hold secrets, once they are hidden. */
static struct {
    const char *name;
    char *value;
} hidden[] = {{"AWS_SECRET_ACCESS_KEY", NULL},
              {"AWS_SESSION_TOKEN", NULL},
              {OLD_TOKEN, NULL},
              {"AWS_CONTAINER_AUTHORIZATION_TOKEN", NULL}};

const char *provider_variable(const char *name)
{
    const char *value = getenv(name);

    if (value && *value)
        return value;
    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
        if (strcmp(hidden[i].name, name) == 0)
            return hidden[i].value;
    }
    return NULL;
}

void environment_hide(void)
{
    for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
        char *value = getenv(hidden[i].name);
        char *copy = value && *value ? secret_copy(slice_cstr(value)) : NULL;

        if (!copy)
            continue; /* not set; or out of memory: then it stays where it is */
        secret_free(hidden[i].value);
        hidden[i].value = copy;
        secret_wipe(value, strlen(value)); /* where /proc/PID/environ shows it */
    }
}

static void environment_look(void *state, unsigned timeout_ms)
{
    const struct provider_setup *setup = state;
    struct slice id = slice_cstr(provider_variable("AWS_ACCESS_KEY_ID"));
    struct slice secret = slice_cstr(provider_variable("AWS_SECRET_ACCESS_KEY"));
    const char *old_token = provider_variable(OLD_TOKEN);
    struct slice token = slice_cstr(old_token ? old_token : provider_variable("AWS_SESSION_TOKEN"));
    struct slice end = slice_cstr(provider_variable("AWS_CREDENTIAL_EXPIRATION"));
    int64_t expiration = 0;
    struct credentials *found;
    struct sg_error err;

    (void)timeout_ms;
    /* As botocore: a secret alone is passed over, an id alone is an error that ends the search. */
    if (id.len == 0) {
        setup->answer(setup->user, PROVIDER_EMPTY, NULL,
                      secret.len ? "AWS_SECRET_ACCESS_KEY is set, but AWS_ACCESS_KEY_ID is not"
                                 : "AWS_ACCESS_KEY_ID is not set");
        return;
    }
    if (secret.len == 0) {
        setup->answer(setup->user, PROVIDER_FAILED, NULL,
                      "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not");
        return;
    }
    if (credentials_check(id, secret, token, &err)) {
        setup->answer(setup->user, PROVIDER_FAILED, NULL, err.text);
        return;
    }
    if (end.len && (credentials_time_parse(end, &expiration) || expiration <= 0)) {
        setup->answer(setup->user, PROVIDER_FAILED, NULL,
                      "AWS_CREDENTIAL_EXPIRATION is not a time like 2026-01-31T23:59:59Z");
        return;
    }
    found = credentials_new(id, secret, token, expiration, environment_provider.name);
    setup->answer(setup->user, found ? PROVIDER_FOUND : PROVIDER_FAILED, found,
                  found ? NULL : "out of memory");
    credentials_unref(found);
}

const struct provider environment_provider = {
    .name = "environment",
    .look = environment_look,
};
