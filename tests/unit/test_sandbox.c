/* What the sandbox's layers take away and leave: each in a process of its own, which can't get out of it. */
#include "daemon/landlock.h"
#include "daemon/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit/unit.h"

/* The child's status is the number of the check that failed; 0: none. */
#define MUST(number, condition) ((condition) ? (void)0 : _exit(number))

static int status_of(void (*inside)(void))
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        inside();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void *nothing(void *arg)
{
    return arg;
}

static void serve_only(void)
{
    char path[] = "/bin/true", *argv[] = {path, NULL};
    pthread_t thread;

    MUST(1, seccomp_enforce(false));
    MUST(2, execve(path, argv, NULL) == -1 && errno == EPERM);
    MUST(3, socket(AF_PACKET, SOCK_RAW, 0) == -1 && errno == ENOSYS);
    MUST(4, mount("none", "/", NULL, 0, NULL) == -1 && errno == ENOSYS);
    MUST(5, fork() == -1);
    MUST(6, socket(AF_INET, SOCK_STREAM, 0) >= 0);
    MUST(7, pthread_create(&thread, NULL, nothing, NULL) == 0 && pthread_join(thread, NULL) == 0);
    MUST(8, seccomp_enforce(false) == false); /* nothing of it can be changed */
}

static void run_a_program(void)
{
    int status;
    pid_t child;

    MUST(1, seccomp_enforce(true));
    MUST(2, unshare(0) == -1 && errno == EPERM);
    MUST(3, mount("none", "/", NULL, 0, NULL) == -1 && errno == EPERM);
    child = fork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", "ls / | grep -q .", (char *)NULL);
        _exit(127);
    }
    MUST(4, waitpid(child, &status, 0) == child && status == 0);
}

static void test_seccomp(void **state)
{
    (void)state;
    if (seccomp_why_not())
        skip();
    assert_int_equal(status_of(serve_only), 0);
    assert_int_equal(status_of(run_a_program), 0);
}

static char folder[32], other[32];

static int bind_in(const char *where, char path[64])
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(path, 64, "%s/socket", where);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    return bind(fd, (struct sockaddr *)&address, sizeof(address));
}

static void stay_in_a_folder(void)
{
    int rules = landlock_rules(landlock_version());
    char path[64];

    MUST(1, rules >= 0);
    snprintf(path, sizeof(path), "%s/not/there/yet", folder);
    landlock_allow_reading(rules, path);
    landlock_allow_reading(rules, "/no-such-folder");
    landlock_allow_sockets(rules, folder);
    MUST(2, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && landlock_enforce(rules));
    MUST(3, open(folder, O_RDONLY | O_DIRECTORY) >= 0);
    MUST(4, open(other, O_RDONLY | O_DIRECTORY) == -1 && errno == EACCES);
    MUST(5, open("/", O_RDONLY | O_DIRECTORY) == -1 && errno == EACCES);
    MUST(6, bind_in(folder, path) == 0 && unlink(path) == 0);
    MUST(7, bind_in(other, path) == -1 && errno == EACCES);
    snprintf(path, sizeof(path), "%s/file", folder);
    MUST(8, open(path, O_WRONLY | O_CREAT, 0600) == -1 && errno == EACCES);
    MUST(9, execl("/bin/true", "true", (char *)NULL) == -1 && errno == EACCES);
}

static void test_landlock(void **state)
{
    (void)state;
    if (landlock_version() == 0)
        skip();
    strcpy(folder, "/tmp/sgXXXXXX");
    strcpy(other, "/tmp/sgXXXXXX");
    assert_non_null(mkdtemp(folder));
    assert_non_null(mkdtemp(other));
    assert_int_equal(status_of(stay_in_a_folder), 0);
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(rmdir(other), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seccomp),
        cmocka_unit_test(test_landlock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
