#include "daemon/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"
#include "credentials/credentials.h"
#include "daemon/landlock.h"
#include "daemon/seccomp.h"

enum { LOW_PORTS = 1024 };

#define BIT(number) (UINT64_C(1) << (number))

/* What allow_executables takes to find the program of another user's process; the second for TCP alone, where
 * the process has to be found first. */
static const uint64_t looking = BIT(CAP_SYS_PTRACE) | BIT(CAP_DAC_READ_SEARCH);

/* Whom the package made. */
static const char usual_user[] = "sagegate";

static bool looks_into_processes(const struct config *config)
{
    for (size_t i = 0; i < config->listener_count; i++) {
        if (config->listeners[i].allow_executables.count)
            return true;
    }
    return false;
}

static bool has_low_port(const struct config *config)
{
    bool has = config->admin.host && config->admin.port && config->admin.port < LOW_PORTS;

    for (size_t i = 0; i < config->listener_count; i++) {
        const struct config_listener *listener = &config->listeners[i];

        has = has || (listener->host && listener->port && listener->port < LOW_PORTS);
    }
    return has;
}

static void no_file(void *user, const char *path)
{
    (void)user;
    (void)path;
}

static const struct config_user *user_to_become(const struct config *config)
{
    if (geteuid() != 0)
        return NULL;
    if (config->user.name)
        return config->user.uid ? &config->user : NULL;
    for (size_t i = 0; i < config->users.count; i++) {
        if (strcmp(config->users.at[i].name, usual_user) == 0)
            return &config->users.at[i];
    }
    return NULL;
}

static const char *why_no_landlock(const struct sandbox *sandbox, const struct config *config, bool anywhere)
{
    if (sandbox->programs)
        return "a credential_process reads what it likes";
    if (anywhere)
        return "a profile names another file";
    if (looks_into_processes(config))
        return "allow_executables looks into other processes";
    return landlock_version() > 0 ? NULL : "the kernel has none";
}

/* What this process may have. */
static uint64_t permitted(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {0};

    if (syscall(SYS_capget, &header, sets) != 0)
        return 0;
    return sets[0].permitted | (uint64_t)sets[1].permitted << 32;
}

struct sandbox sandbox_plan(const struct config *config)
{
    struct credentials_reach reach = {.file = no_file};
    struct sandbox sandbox = {.on = config->sandbox, .user = user_to_become(config)};

    if (!sandbox.on)
        return sandbox;
    credentials_reach(config, &reach);
    sandbox.programs = reach.programs;
    sandbox.capabilities = permitted() & ((looks_into_processes(config) ? looking : 0) |
                                          (has_low_port(config) ? BIT(CAP_NET_BIND_SERVICE) : 0));
    sandbox.no_seccomp = seccomp_why_not();
    sandbox.no_landlock = why_no_landlock(&sandbox, config, reach.anywhere);
    return sandbox;
}

static void allow_file(void *rules, const char *path)
{
    char *real = realpath(path, NULL), *copy = strdup(path);

    /* The folder: an editor, and kubelet, put another file in the place of the old one. */
    if (copy)
        landlock_allow_reading(*(int *)rules, dirname(copy));
    if (real)
        landlock_allow_reading(*(int *)rules, dirname(real));
    free(real);
    free(copy);
}

static void allow_socket(int rules, const struct config_listener *listener)
{
    char *copy = listener->unix_path ? strdup(listener->unix_path) : NULL;

    if (copy)
        landlock_allow_sockets(rules, dirname(copy));
    free(copy);
}

/* The folder: the file is moved away and made anew. */
static void allow_log(int rules, const struct config *config)
{
    char *copy = config->log_file ? strdup(config->log_file) : NULL;

    if (copy)
        landlock_allow_appending(rules, dirname(copy));
    free(copy);
}

/* What libraries read: names, users, trusted authorities, time zones, modules; and what tells of ourselves.
 */
static void allow_system(int *rules)
{
    static const char *const folders[] = {"/etc",  "/usr",     "/lib", "/lib64",       "/run",
                                          "/proc", "/var/run", "/sys", "/var/lib/sss", "/dev"};
    static const char *const variables[] = {"SSL_CERT_FILE", "SSL_CERT_DIR", "OPENSSL_CONF"};

    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        if (access(folders[i], F_OK) == 0)
            landlock_allow_reading(*rules, folders[i]);
    }
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
        const char *path = getenv(variables[i]);

        if (path && *path)
            allow_file(rules, path);
    }
}

static void allow_listener(int *rules, const struct config_listener *listener)
{
    if (listener->require_header.value_file)
        allow_file(rules, listener->require_header.value_file);
    for (size_t i = 0; i < listener->client_count; i++)
        allow_file(rules, listener->clients[i].secret_file);
    allow_socket(*rules, listener);
}

static void allow_needed(int *rules, const struct config *config, const char *path)
{
    struct credentials_reach reach = {.file = allow_file, .user = rules};

    allow_system(rules);
    allow_file(rules, path);
    if (config->tls_ca_file)
        allow_file(rules, config->tls_ca_file);
    for (size_t i = 0; i < config->listener_count; i++)
        allow_listener(rules, &config->listeners[i]);
    for (size_t i = 0; i < config->rule_count; i++) {
        for (size_t k = 0; k < config->listeners[i].policy_files.count; k++)
            allow_file(rules, config->listeners[i].policy_files.at[k]);
    }
    if (config->mirror && config->mirror->cache)
        landlock_allow_writing(*rules, config->mirror->cache);
    allow_socket(*rules, &config->admin);
    allow_log(*rules, config);
    credentials_reach(config, &reach);
}

/* NULL, or why not. */
static const char *limit_files(const struct config *config, const char *path)
{
    int rules = landlock_rules(landlock_version());
    bool done;

    if (rules < 0)
        return strerror(errno);
    allow_needed(&rules, config, path);
    done = landlock_enforce(rules);
    close(rules);
    return done ? NULL : strerror(errno);
}

/* Later, not even a program that root has marked could get one of these back. */
static void close_capabilities(void)
{
    for (unsigned long number = 0; prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == 0; number++)
        ;
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

/* NULL, or why there are others still. */
static const char *keep_capabilities(uint64_t kept)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {0};

    for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
        sets[i].effective = sets[i].permitted = (uint32_t)(kept >> 32 * i);
    /* Where a service manager has taken them it may have forbidden the call, too. */
    return syscall(SYS_capset, &header, sets) == 0 || permitted() == kept ? NULL : strerror(errno);
}

static enum sg_status become(struct sandbox *sandbox, const struct config *config, struct sg_error *err)
{
    const struct config_user *user = sandbox->user;
    bool grouped;

    if (!user)
        return SG_OK;
    grouped = initgroups(user->name, user->gid) == 0;
    if (!grouped && user != &config->user) {
        sandbox->user = NULL; /* nobody asked for it, and it can't be done: a container, a user namespace */
        return SG_OK;
    }
    if (!grouped || prctl(PR_SET_KEEPCAPS, sandbox->capabilities != 0, 0, 0, 0) != 0 ||
        setresgid(user->gid, user->gid, user->gid) != 0 || setresuid(user->uid, user->uid, user->uid) != 0)
        return sg_fail(err, SG_IO, "cannot become user %s: %s", user->name, strerror(errno));
    return SG_OK;
}

enum sg_status sandbox_enter(struct sandbox *sandbox, const struct config *config, const char *path,
                             struct sg_error *err)
{
    if (sandbox->on)
        close_capabilities();
    if (become(sandbox, config, err) != SG_OK)
        return err->status;
    if (sandbox->user && access(path, R_OK) != 0)
        log_warn("%s cannot be read by user %s: SIGHUP will have no effect", path, sandbox->user->name);
    if (!sandbox->on)
        return SG_OK;
    if (!secret_close_process()) /* not earlier: a change of user opens it again */
        log_warn("this process could not be kept from leaving core dumps, which may hold keys");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return sg_fail(err, SG_IO, "new privileges cannot be ruled out: %s", strerror(errno));
    sandbox->others = keep_capabilities(sandbox->capabilities);
    if (!sandbox->no_landlock)
        sandbox->no_landlock = limit_files(config, path);
    if (!sandbox->no_seccomp && !seccomp_enforce(sandbox->programs))
        sandbox->no_seccomp = strerror(errno);
    return SG_OK;
}

void sandbox_tell(const struct sandbox *sandbox, struct buffer *out)
{
    static const struct {
        int number;
        const char *name;
    } kept[] = {{CAP_SYS_PTRACE, "CAP_SYS_PTRACE"},
                {CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH"},
                {CAP_NET_BIND_SERVICE, "CAP_NET_BIND_SERVICE"}};

    unsigned told = 0;

    if (sandbox->user)
        buffer_printf(out, "user %s, ", sandbox->user->name);
    else if (geteuid() == 0)
        buffer_printf(out, "user root, ");
    if (!sandbox->on) {
        buffer_printf(out, "otherwise off");
        return;
    }
    buffer_printf(out, "no new privileges, ");
    if (sandbox->others)
        buffer_printf(out, "all its capabilities (%s)", sandbox->others);
    else
        buffer_printf(out, "no capabilities");
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        if (sandbox->capabilities & BIT(kept[i].number))
            buffer_printf(out, "%s%s", told++ ? " " : " but ", kept[i].name);
    }
    buffer_printf(out, ", not dumpable, ");
    if (sandbox->no_seccomp)
        buffer_printf(out, "no seccomp (%s), ", sandbox->no_seccomp);
    else
        buffer_printf(out, "seccomp%s, ", sandbox->programs ? " (with room for a credential_process)" : "");
    if (sandbox->no_landlock)
        buffer_printf(out, "no landlock (%s)", sandbox->no_landlock);
    else
        buffer_printf(out, "landlock");
}

/* What Landlock forbids is not told by access(2). */
static bool may_write(const char *folder)
{
    int fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

    if (fd >= 0)
        close(fd);
    return fd >= 0 || errno != EACCES;
}

enum sg_status sandbox_admits(const struct sandbox *sandbox, const struct config *config,
                              struct sg_error *err)
{
    struct credentials_reach reach = {.file = no_file};

    if (!sandbox->on)
        return SG_OK;
    credentials_reach(config, &reach);
    if (reach.programs && !sandbox->programs && !sandbox->no_seccomp)
        return sg_fail(err, SG_INVALID, "credential_process takes a restart: the sandbox runs no program");
    if (!sandbox->no_landlock && (reach.anywhere || looks_into_processes(config)))
        return sg_fail(err, SG_INVALID, "%s takes a restart: the sandbox is closed to what it needs",
                       reach.anywhere ? "a profile with a web_identity_token_file" : "allow_executables");
    if (config->mirror && config->mirror->cache && !may_write(config->mirror->cache))
        return sg_fail(
            err, SG_INVALID,
            "the cache %s cannot be written to; a folder that was not named at the start takes a restart",
            config->mirror->cache);
    return SG_OK;
}
