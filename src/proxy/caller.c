#include "proxy/caller.h"

#include <linux/limits.h>
#include <stdio.h>

static bool has_id(const struct config_ids *ids, unsigned id)
{
    for (size_t i = 0; i < ids->count; i++) {
        if (ids->at[i] == id)
            return true;
    }
    return false;
}

/* A Unix socket tells the groups that the process has; for TCP there's only what the user database says. */
static bool is_in_group(const struct caller *caller, const struct config_listener *listener, int fd)
{
    if (!listener->unix_path)
        return has_id(&listener->group_uids, caller->peer.uid);
    for (size_t i = 0; i < listener->allow_gids.count; i++) {
        if (peer_in_group(fd, listener->allow_gids.at[i]))
            return true;
    }
    return false;
}

static bool runs_one_of(struct caller *caller, const struct config_words *executables)
{
    char path[PATH_MAX];

    if (!peer_executable(&caller->peer, path, sizeof(path)))
        return false;
    for (size_t i = 0; i < executables->count; i++) {
        if (strcmp(path, executables->at[i]) == 0)
            return true;
    }
    return false;
}

static bool is_allowed(struct caller *caller, const struct config_listener *listener, int fd)
{
    bool by_user = listener->allow_uids.count || listener->allow_gids.count;

    if (by_user && !(caller->peer.known &&
                     (has_id(&listener->allow_uids, caller->peer.uid) || is_in_group(caller, listener, fd))))
        return false;
    return listener->allow_executables.count == 0 || runs_one_of(caller, &listener->allow_executables);
}

void caller_identify(struct caller *caller, const struct config *config,
                     const struct config_listener *listener, int diag_fd, int fd)
{
    *caller = (struct caller){.refused = false};
    if (listener->unix_path)
        peer_of_unix(fd, &caller->peer);
    else if (listener->identify)
        peer_of_tcp(diag_fd, fd, &caller->peer);
    if (caller->peer.known) {
        const char *user = config_user_name(config, caller->peer.uid);

        snprintf(caller->user, sizeof(caller->user), "%s", user ? user : "");
        snprintf(caller->uid, sizeof(caller->uid), "%u", (unsigned)caller->peer.uid);
    }
    caller->refused = listener->identify && !is_allowed(caller, listener, fd);
}
