#include "daemon/seccomp.h"

#include <errno.h>
#include <stddef.h>

#include "config.h"

#ifdef HAVE_SECCOMP
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What the whole program test-suite shows (strace -f), and what other libcs and libraries use in its place.
 */
static const char *const used[] = {
    /* sockets and descriptors */
    "accept", "accept4", "bind", "close", "close_range", "connect", "dup", "dup2", "dup3", "fcntl",
    "getpeername", "getsockname", "getsockopt", "listen", "lseek", "pipe", "pipe2", "pread64", "preadv",
    "pwrite64", "read", "readv", "recvfrom", "recvmmsg", "recvmsg", "sendmmsg", "sendmsg", "sendto",
    "setsockopt", "shutdown", "socketpair", "write", "writev",
    /* waiting, time */
    "clock_getres", "clock_gettime", "clock_nanosleep", "epoll_create", "epoll_create1", "epoll_ctl",
    "epoll_pwait", "epoll_pwait2", "epoll_wait", "eventfd", "eventfd2", "gettimeofday", "nanosleep", "poll",
    "ppoll", "pselect6", "restart_syscall", "select", "time", "timerfd_create", "timerfd_gettime",
    "timerfd_settime",
    /* files: what may be opened is Landlock's and the user's affair */
    "access", "chmod", "faccessat", "faccessat2", "fchmod", "fchmodat", "fstat", "fstatfs", "getcwd", "fsync",
    "getdents", "getdents64", "lstat", "newfstatat", "open", "openat", "readlink", "readlinkat", "rename",
    "renameat", "renameat2", "stat", "statfs", "statx", "umask", "unlink", "unlinkat",
    /* memory */
    "brk", "madvise", "mincore", "mlock", "mlock2", "mmap", "mprotect", "mremap", "munlock", "munmap",
    /* threads, signals, its own end */
    "exit", "exit_group", "futex", "futex_time64", "futex_waitv", "get_robust_list", "getcpu", "membarrier",
    "rseq", "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigreturn", "rt_sigtimedwait",
    "sched_getaffinity", "sched_yield", "set_robust_list", "set_tid_address", "sigaltstack", "tgkill",
    /* about itself */
    "getegid", "geteuid", "getgid", "getgroups", "getpgid", "getpid", "getppid", "getrandom", "getresgid",
    "getresuid", "getrlimit", "getrusage", "gettid", "getuid", "prlimit64", "sysinfo", "uname"};

/* Allowed with one value of one argument. */
static const struct argument {
    const char *name;
    unsigned index;
    uint64_t mask, value;
} limited[] = {
    {"clone", 0, CLONE_THREAD, CLONE_THREAD}, /* threads, no processes; clone3 can't be looked into */
    {"socket", 0, UINT32_MAX, AF_UNIX},
    {"socket", 0, UINT32_MAX, AF_INET},
    {"socket", 0, UINT32_MAX, AF_INET6},
    {"socket", 0, UINT32_MAX, AF_NETLINK}, /* asking whose a local connection is */
    {"ioctl", 1, UINT32_MAX, FIONREAD},
    {"ioctl", 1, UINT32_MAX, FIONBIO},
    {"ioctl", 1, UINT32_MAX, TCGETS}, /* stdio: is it a terminal? */
};

/* What is said to be forbidden, and not unknown: a person may read it. */
static const char *const told[] = {"execve", "execveat", "fork", "vfork"};

/* What no program needs that fetches keys, and breaks out of sandboxes were made of. */
static const char *const refused[] = {"acct",
                                      "add_key",
                                      "bpf",
                                      "chroot",
                                      "clock_adjtime",
                                      "clock_settime",
                                      "delete_module",
                                      "fanotify_init",
                                      "finit_module",
                                      "fsconfig",
                                      "fsmount",
                                      "fsopen",
                                      "fspick",
                                      "init_module",
                                      "io_uring_enter",
                                      "io_uring_register",
                                      "io_uring_setup",
                                      "kcmp",
                                      "kexec_file_load",
                                      "kexec_load",
                                      "keyctl",
                                      "lookup_dcookie",
                                      "mount",
                                      "mount_setattr",
                                      "move_mount",
                                      "move_pages",
                                      "name_to_handle_at",
                                      "nfsservctl",
                                      "open_by_handle_at",
                                      "open_tree",
                                      "perf_event_open",
                                      "pivot_root",
                                      "process_madvise",
                                      "process_vm_readv",
                                      "process_vm_writev",
                                      "ptrace",
                                      "quotactl",
                                      "quotactl_fd",
                                      "reboot",
                                      "request_key",
                                      "setdomainname",
                                      "sethostname",
                                      "setns",
                                      "settimeofday",
                                      "swapoff",
                                      "swapon",
                                      "syslog",
                                      "umount",
                                      "umount2",
                                      "unshare",
                                      "userfaultfd",
                                      "vhangup"};

/* A call that this library or machine does not know needs no rule. 0, or an errno below 0. */
static int add_all(scmp_filter_ctx filter, uint32_t action, const char *const *names, size_t count)
{
    int error = 0;

    for (size_t i = 0; i < count && error == 0; i++) {
        int number = seccomp_syscall_resolve_name(names[i]);

        if (number >= 0)
            error = seccomp_rule_add(filter, action, number, 0);
    }
    return error;
}

static int add_limited(scmp_filter_ctx filter)
{
    int error = 0;

    for (size_t i = 0; i < COUNT(limited) && error == 0; i++) {
        const struct argument *row = &limited[i];
        const struct scmp_arg_cmp value = {row->index, SCMP_CMP_MASKED_EQ, row->mask, row->value};

        error = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, seccomp_syscall_resolve_name(row->name), 1,
                                       &value);
    }
    return error;
}

static int add_rules(scmp_filter_ctx filter, bool programs)
{
    int error;

    /* Speculation is no danger to a process that runs nobody's code but its own. */
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (programs)
        return add_all(filter, SCMP_ACT_ERRNO(EPERM), refused, COUNT(refused));
    error = add_all(filter, SCMP_ACT_ALLOW, used, COUNT(used));
    error = error ? error : add_all(filter, SCMP_ACT_ERRNO(EPERM), told, COUNT(told));
    return error ? error : add_limited(filter);
}

bool seccomp_enforce(bool programs)
{
    scmp_filter_ctx filter = seccomp_init(programs ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(ENOSYS));
    int error = filter ? add_rules(filter, programs) : -ENOMEM;

    error = error ? error : seccomp_load(filter);
    if (filter)
        seccomp_release(filter);
    errno = -error;
    return error == 0;
}

const char *seccomp_why_not(void)
{
    const uint32_t action = SECCOMP_RET_ERRNO;

    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0 ? NULL : "the kernel has none";
}

#else

bool seccomp_enforce(bool programs)
{
    (void)programs;
    errno = ENOSYS;
    return false;
}

const char *seccomp_why_not(void)
{
    return "built without libseccomp";
}

#endif
