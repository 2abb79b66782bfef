/*
 * Sources that the AWS SDKs have and sagegate does not yet. They are asked in their place so that the search
 * ends there: passing over a pod's or a task's own role would end at the role of the whole instance.
 */
#include <stdio.h>

#include "credentials/provider.h"

static void look_for(const struct provider_setup *setup, const char *const *variables)
{
    char text[160];

    for (size_t i = 0; variables[i]; i++) {
        if (!provider_variable(variables[i]))
            continue;
        snprintf(text, sizeof(text), "%s is set, but sagegate does not use this source yet", variables[i]);
        setup->answer(setup->user, PROVIDER_FAILED, NULL, text);
        return;
    }
    snprintf(text, sizeof(text), "%s is not set", variables[0]);
    setup->answer(setup->user, PROVIDER_EMPTY, NULL, text);
}

static void web_identity_look(void *state, unsigned timeout_ms)
{
    static const char *const variables[] = {"AWS_WEB_IDENTITY_TOKEN_FILE", NULL};

    (void)timeout_ms;
    look_for(state, variables);
}

static void container_look(void *state, unsigned timeout_ms)
{
    static const char *const variables[] = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                                            "AWS_CONTAINER_CREDENTIALS_FULL_URI", NULL};

    (void)timeout_ms;
    look_for(state, variables);
}

const struct provider web_identity_provider = {
    .name = "web identity",
    .look = web_identity_look,
};

const struct provider container_provider = {
    .name = "container",
    .look = container_look,
};
