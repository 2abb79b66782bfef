#include "daemon/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    READING = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
    WRITING = READING | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
              LANDLOCK_ACCESS_FS_REMOVE_FILE,
    SOCKETS = LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE,
    APPENDING = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG,
};

int landlock_version(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

    return version < 0 ? 0 : (int)version;
}

int landlock_rules(int version)
{
    /* How many kinds of access each version knows, all of which are taken away: the headers may know less. */
    static const unsigned char kinds[] = {0, 13, 14, 15, 15, 16};
    int newest = (int)sizeof(kinds) - 1;
    const struct landlock_ruleset_attr all = {
        .handled_access_fs = (UINT64_C(1) << kinds[version < newest ? version : newest]) - 1};

    /* The first field alone, as every version knows it. */
    return (int)syscall(SYS_landlock_create_ruleset, &all, sizeof(all.handled_access_fs), 0);
}

static bool allow(int rules, const char *path, uint64_t access)
{
    struct landlock_path_beneath_attr rule = {.allowed_access = access,
                                              .parent_fd = open(path, O_PATH | O_CLOEXEC)};
    bool there = rule.parent_fd >= 0;

    if (!there)
        return false;
    if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0 && errno == EINVAL) {
        rule.allowed_access &= LANDLOCK_ACCESS_FS_READ_FILE; /* no folder */
        syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    }
    close(rule.parent_fd);
    return true;
}

void landlock_allow_reading(int rules, const char *path)
{
    char *folder = strdup(path), *slash;

    while (folder && !allow(rules, folder, READING)) {
        slash = strrchr(folder, '/');
        if (!slash || slash == folder)
            break;
        *slash = '\0';
    }
    free(folder);
}

void landlock_allow_sockets(int rules, const char *folder)
{
    allow(rules, folder, SOCKETS);
}

void landlock_allow_appending(int rules, const char *folder)
{
    allow(rules, folder, APPENDING);
}

void landlock_allow_writing(int rules, const char *folder)
{
    allow(rules, folder, WRITING);
}

bool landlock_enforce(int rules)
{
    return syscall(SYS_landlock_restrict_self, rules, 0) == 0;
}
