#include "config/users.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>

#include "config/values.h"

enum { USERS_MAX = 65536, NAME_SIZE = 256 };

static const char *append(struct config_ids *ids, unsigned id)
{
    unsigned *grown = realloc(ids->at, (ids->count + 1) * sizeof(*grown));

    if (!grown)
        return memory_is_short;
    ids->at = grown;
    grown[ids->count++] = id;
    return NULL;
}

/* The last id, all ones, stands for none. */
static bool is_number(struct slice text, unsigned *id)
{
    unsigned long long number;

    if (!slice_to_u64(text, UINT32_MAX - 1, &number))
        return false;
    *id = (unsigned)number;
    return true;
}

static bool copy_name(struct slice text, char name[NAME_SIZE])
{
    if (text.len >= NAME_SIZE)
        return false;
    memcpy(name, text.ptr, text.len);
    name[text.len] = '\0';
    return true;
}

const char *read_user(const struct schema_key *key, struct slice text, void *target)
{
    const struct passwd *user;
    char name[NAME_SIZE];
    unsigned id;

    if (is_number(text, &id))
        return append(target, id);
    user = copy_name(text, name) ? getpwnam(name) : NULL;
    return user ? append(target, user->pw_uid) : key->want;
}

const char *read_whole_user(const struct schema_key *key, struct slice text, void *target)
{
    struct config_user *out = target;
    const struct passwd *user;
    char name[NAME_SIZE];
    unsigned id;
    bool number = is_number(text, &id);

    if (number)
        user = getpwuid(id);
    else
        user = copy_name(text, name) ? getpwnam(name) : NULL;
    if (!user && !number)
        return key->want;
    out->uid = user ? user->pw_uid : id;
    out->gid = user ? user->pw_gid : id;
    return user ? value_copy(slice_cstr(user->pw_name), &out->name) : value_copy(text, &out->name);
}

const char *read_group(const struct schema_key *key, struct slice text, void *target)
{
    const struct group *group;
    char name[NAME_SIZE];
    unsigned id;

    if (is_number(text, &id))
        return append(target, id);
    group = copy_name(text, name) ? getgrnam(name) : NULL;
    return group ? append(target, group->gr_gid) : key->want;
}

static bool add_user(struct config_users *users, const struct passwd *user)
{
    struct config_user *grown = realloc(users->at, (users->count + 1) * sizeof(*grown));

    if (!grown)
        return false;
    users->at = grown;
    grown[users->count] = (struct config_user){user->pw_uid, user->pw_gid, strdup(user->pw_name)};
    if (!grown[users->count].name)
        return false;
    users->count++;
    return true;
}

static bool list_users(struct config_users *users)
{
    const struct passwd *user;
    bool good = true;

    setpwent();
    while (good && users->count < USERS_MAX && (user = getpwent()))
        good = add_user(users, user);
    endpwent();
    return good;
}

static bool is_member(const struct group *group, const char *name)
{
    for (char *const *member = group->gr_mem; *member; member++) {
        if (strcmp(*member, name) == 0)
            return true;
    }
    return false;
}

static bool list_members(const struct config_users *users, gid_t gid, struct config_ids *uids)
{
    const struct group *group = getgrgid(gid);

    for (size_t i = 0; i < users->count; i++) {
        const struct config_user *user = &users->at[i];

        if ((user->gid == gid || (group && is_member(group, user->name))) && append(uids, user->uid))
            return false;
    }
    return true;
}

bool users_load(struct config *config)
{
    if (!list_users(&config->users))
        return false;
    for (size_t i = 0; i < config->listener_count; i++) {
        struct config_listener *listener = &config->listeners[i];

        for (size_t k = 0; k < listener->allow_gids.count; k++) {
            if (!list_members(&config->users, listener->allow_gids.at[k], &listener->group_uids))
                return false;
        }
    }
    return true;
}

const char *config_user_name(const struct config *config, uid_t uid)
{
    for (size_t i = 0; i < config->users.count; i++) {
        if (config->users.at[i].uid == uid)
            return config->users.at[i].name;
    }
    return NULL;
}

void users_free(struct config_users *users)
{
    for (size_t i = 0; i < users->count; i++)
        free(users->at[i].name);
    free(users->at);
}
