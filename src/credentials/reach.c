/* Where credentials may come from, told before anything is asked. */
#include <stdlib.h>

#include "credentials/profile_files.h"
#include "credentials/provider.h"

/* In whichever profile, or in a remark: too often is better than too seldom. */
static bool mentions(const struct profile_files *files, enum profile_key key)
{
    struct slice name = slice_cstr(profile_key_name(key));

    for (size_t i = 0; i < FILE_COUNT; i++) {
        struct slice rest = slice_of(files->files[i].text, files->files[i].len);

        for (; rest.len >= name.len; rest = slice_from(rest, 1)) {
            if (slice_starts_nocase(rest, name))
                return true;
        }
    }
    return false;
}

static void look_into(struct profile_files *files, struct credentials_reach *reach)
{
    struct sg_error err;

    for (size_t i = 0; i < FILE_COUNT; i++) {
        if (files->files[i].path)
            reach->file(reach->user, files->files[i].path);
    }
    (void)profile_files_read(files, &err); /* what is wrong with them, the source says */
    reach->programs = reach->programs || mentions(files, KEY_PROCESS);
    reach->anywhere = reach->anywhere || mentions(files, KEY_WEB_IDENTITY);
    profile_files_drop(files);
}

static void reach_of(const struct config_identity *identity, struct credentials_reach *reach)
{
    struct profile_files files = {0};
    struct sg_error err;
    char *path = NULL;

    if (identity->provider != CONFIG_CREDENTIALS_DEFAULT &&
        identity->provider != CONFIG_CREDENTIALS_PROFILE && identity->provider != CONFIG_CREDENTIALS_FILE)
        return;
    if (credentials_file(identity, &path, &err) == SG_OK && profile_files_locate(&files, path))
        look_into(&files, reach);
    profile_files_free(&files);
    free(path);
}

void credentials_reach(const struct config *config, struct credentials_reach *reach)
{
    static const char *const named[] = {"AWS_WEB_IDENTITY_TOKEN_FILE",
                                        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"};

    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
        const char *path = provider_variable(named[i]);

        if (path)
            reach->file(reach->user, path);
    }
    for (size_t i = 0; i < config_identity_count(config); i++) {
        if (config_identity_is_used(config, i))
            reach_of(config_identity(config, i), reach);
    }
}
