#include "credentials/process.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/secret.h"
#include "credentials/answer.h"
#include "credentials/words.h"

enum { OUTPUT_MAX = 64 * 1024, ERRORS_MAX = 300 };

extern char **environ;

struct process {
    struct event_base *base;
    pid_t pid;   /* 0: it is no more */
    pid_t group; /* what it has started may live on */
    int status;
    struct event child; /* SIGCHLD: some child has ended */
    struct event limit;
    struct event out, errors; /* their descriptors are -1 when they have been read to the end */
    int out_fd, errors_fd;
    char *output; /* OUTPUT_MAX bytes: of secrets, wiped */
    size_t output_len;
    char error_text[ERRORS_MAX]; /* the beginning of stderr */
    size_t error_len;
    unsigned limit_ms;
    process_done *done;
    void *user;
};

static void close_stream(struct event *event, int *fd)
{
    if (*fd < 0)
        return;
    if (event_initialized(event))
        event_del(event);
    close(*fd);
    *fd = -1;
}

void process_cancel(struct process *process)
{
    if (!process)
        return;
    if (process->group && (process->pid || process->out_fd >= 0 || process->errors_fd >= 0))
        kill(-process->group, SIGKILL);
    while (process->pid && waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    event_del(&process->child);
    event_del(&process->limit);
    close_stream(&process->out, &process->out_fd);
    close_stream(&process->errors, &process->errors_fd);
    if (process->output)
        secret_wipe(process->output, OUTPUT_MAX);
    free(process->output);
    free(process);
}

static void finish(struct process *process, struct credentials *found, const char *why_not)
{
    process->done(process->user, found, why_not);
    process_cancel(process);
}

static void finish_failed(struct process *process)
{
    struct slice errors = slice_of(process->error_text, process->error_len);
    char why_not[200 + ERRORS_MAX];

    while (errors.len && (unsigned char)errors.ptr[errors.len - 1] <= ' ')
        errors.len--;
    sg_word(why_not, sizeof(why_not), "the process %s %d%s%.*s",
            WIFSIGNALED(process->status) ? "was ended by signal" : "ended with status",
            WIFSIGNALED(process->status) ? WTERMSIG(process->status) : WEXITSTATUS(process->status),
            errors.len ? ": " : "", SLICE_FMT(errors));
    finish(process, NULL, why_not);
}

/* It is over when it has ended and nobody holds its output open. */
static void check_over(struct process *process)
{
    struct credentials *found = NULL;
    struct sg_error err;
    enum sg_status status;

    if (process->pid || process->out_fd >= 0 || process->errors_fd >= 0)
        return;
    if (process->status != 0) {
        finish_failed(process);
        return;
    }
    status = credentials_answer_parse(slice_of(process->output, process->output_len), ANSWER_PROCESS,
                                      "process", &found, &err);
    finish(process, found, status ? err.text : NULL);
    credentials_unref(found);
}

static void on_child(evutil_socket_t signal, short what, void *user)
{
    struct process *process = user;

    (void)signal;
    (void)what;
    if (!process->pid || waitpid(process->pid, &process->status, WNOHANG) != process->pid)
        return;
    process->pid = 0;
    check_over(process);
}

static void on_limit(evutil_socket_t fd, short what, void *user)
{
    struct process *process = user;
    char why_not[80];

    (void)fd;
    (void)what;
    sg_word(why_not, sizeof(why_not), "the process was not done in %g s, and was killed",
            process->limit_ms / 1000.0);
    finish(process, NULL, why_not);
}

static void on_out(evutil_socket_t fd, short what, void *user)
{
    struct process *process = user;
    ssize_t n;

    (void)what;
    if (process->output_len == OUTPUT_MAX) {
        finish(process, NULL, "the process prints more than 64 KiB");
        return;
    }
    n = read(fd, process->output + process->output_len, OUTPUT_MAX - process->output_len);
    if (n > 0) {
        process->output_len += (size_t)n;
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        close_stream(&process->out, &process->out_fd);
        check_over(process);
    }
}

/* All of it is read, so that the program does not block; the beginning is kept. */
static void on_errors(evutil_socket_t fd, short what, void *user)
{
    struct process *process = user;
    char bytes[1024];
    ssize_t n = read(fd, bytes, sizeof(bytes));
    size_t room = ERRORS_MAX - process->error_len;

    (void)what;
    if (n > 0) {
        memcpy(process->error_text + process->error_len, bytes, (size_t)n < room ? (size_t)n : room);
        process->error_len += (size_t)n < room ? (size_t)n : room;
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        close_stream(&process->errors, &process->errors_fd);
        check_over(process);
    }
}

/* Our environment, without what systemd says to us alone, and without keys. NULL when memory is short; free()
 * releases it. */
static char **environment(void)
{
    static const struct slice ours[] = {SLICE_INIT("NOTIFY_SOCKET="),
                                        SLICE_INIT("WATCHDOG_"),
                                        SLICE_INIT("LISTEN_"),
                                        SLICE_INIT("AWS_ACCESS_KEY_ID="),
                                        SLICE_INIT("AWS_SECRET_ACCESS_KEY="),
                                        SLICE_INIT("AWS_SESSION_TOKEN="),
                                        SLICE_INIT("AWS_SECURITY_TOKEN="),
                                        SLICE_INIT("AWS_CONTAINER_AUTHORIZATION_TOKEN=")};
    size_t count = 0, kept = 0;
    char **copy;

    while (environ[count])
        count++;
    copy = calloc(count + 1, sizeof(*copy));
    for (size_t i = 0; copy && i < count; i++) {
        bool is_ours = false;

        for (size_t n = 0; n < sizeof(ours) / sizeof(ours[0]); n++)
            is_ours = is_ours || slice_starts(slice_cstr(environ[i]), ours[n]);
        if (!is_ours)
            copy[kept++] = environ[i];
    }
    return copy;
}

/* 0, or an errno. Signals are as a program expects them, whatever we ignore or block. */
static int spawn(struct process *process, char *const *words, int out, int errors)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    char **variables = environment();
    int error = variables ? 0 : ENOMEM;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    error = error ? error : posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    error = error ? error : posix_spawn_file_actions_adddup2(&files, out, 1);
    error = error ? error : posix_spawn_file_actions_adddup2(&files, errors, 2);
    error = error ? error : posix_spawn_file_actions_addclosefrom_np(&files, 3);
    error = error ? error : posix_spawnp(&process->pid, words[0], &files, &attributes, words, variables);
    if (error)
        process->pid = 0;
    process->group = process->pid;
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    free(variables);
    return error;
}

/* Starts it with pipes to us; 0 or an errno. */
static int run(struct process *process, char *const *words)
{
    int out[2] = {-1, -1}, errors[2] = {-1, -1};
    int error = 0;

    if (pipe2(out, O_CLOEXEC) != 0 || pipe2(errors, O_CLOEXEC) != 0)
        error = errno;
    else
        error = spawn(process, words, out[1], errors[1]);
    process->out_fd = out[0];
    process->errors_fd = errors[0];
    if (out[1] >= 0)
        close(out[1]);
    if (errors[1] >= 0)
        close(errors[1]);
    return error;
}

static bool watch(struct process *process)
{
    if (evutil_make_socket_nonblocking(process->out_fd) != 0 ||
        evutil_make_socket_nonblocking(process->errors_fd) != 0)
        return false;
    event_assign(&process->out, process->base, process->out_fd, EV_READ | EV_PERSIST, on_out, process);
    event_assign(&process->errors, process->base, process->errors_fd, EV_READ | EV_PERSIST, on_errors,
                 process);
    return event_add(&process->out, NULL) == 0 && event_add(&process->errors, NULL) == 0;
}

struct process *process_start(struct event_base *base, struct slice command, unsigned limit_ms,
                              process_done *done, void *user, struct sg_error *err)
{
    char **words = words_split(command, err);
    struct process *process = words ? calloc(1, sizeof(*process)) : NULL;
    struct timeval limit = {limit_ms / 1000, (limit_ms % 1000) * 1000};
    int error = ENOMEM;

    if (!words)
        return NULL;
    if (process) {
        *process = (struct process){
            .base = base, .limit_ms = limit_ms, .done = done, .user = user, .out_fd = -1, .errors_fd = -1};
        evsignal_assign(&process->child, base, SIGCHLD, on_child, process);
        evtimer_assign(&process->limit, base, on_limit, process);
        process->output = malloc(OUTPUT_MAX);
        /* The signal is watched before there is anybody who could die. */
        if (process->output && event_add(&process->child, NULL) == 0 &&
            event_add(&process->limit, &limit) == 0)
            error = run(process, words);
    }
    if (error == 0 && !watch(process))
        error = ENOMEM;
    if (error) {
        /* The sandbox of a start that knew of no program to run: see daemon/seccomp.h. */
        (void)sg_fail(err, SG_IO, "%.200s cannot be started: %s", words[0],
                      error == ENOSYS ? "it takes a restart, as the sandbox runs no program"
                                      : strerror(error));
        process_cancel(process);
        process = NULL;
    }
    free(words);
    return process;
}
