#include "base/log_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PIPE_BYTES = 1024 * 1024, CHUNK_BYTES = 64 * 1024, STACK_BYTES = 128 * 1024, PATIENCE_S = 5 };

static struct {
    pthread_t thread;
    log_writer_put *put;
    int in, out, file; /* numbers for good: which file it is is changed by dup3(2) */
} writer = {.in = -1, .out = -1, .file = -1};

static char chunk[CHUNK_BYTES];

/* What is read can end within a line: that waits for its end. */
static void *run(void *arg)
{
    size_t len = 0;
    ssize_t n;

    (void)arg;
    while ((n = read(writer.in, chunk + len, sizeof(chunk) - len)) != 0) {
        const char *end;

        if (n < 0) {
            if (errno == EINTR)
                continue;
            break;
        }
        len += (size_t)n;
        end = memrchr(chunk, '\n', len);
        if (end) {
            size_t whole = (size_t)(end + 1 - chunk);

            writer.put(writer.file, slice_of(chunk, whole));
            len -= whole;
            memmove(chunk, end + 1, len);
        }
    }
    return NULL;
}

static int start_thread(void)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    int failed;

    if (pthread_attr_init(&attributes) != 0)
        return ENOMEM;
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    sigfillset(&all); /* signals are the control thread's business */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&writer.thread, &attributes, run, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return failed;
}

static bool start(int file, log_writer_put *put)
{
    int ends[2], failed;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    (void)fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES); /* else it is smaller */
    writer.in = ends[0];
    writer.out = ends[1];
    writer.file = file;
    writer.put = put;
    failed = fcntl(ends[1], F_SETFL, O_NONBLOCK) != 0 ? errno : start_thread();
    if (!failed)
        return true;
    close(ends[0]);
    close(ends[1]);
    writer.out = -1;
    errno = failed;
    return false;
}

int log_writer_use(int file, log_writer_put *put)
{
    int own;

    if (writer.out < 0 && !start(file, put))
        return -1;
    own = fcntl(writer.out, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (own < 0 || file == writer.file)
        return own;
    while (dup3(file, writer.file, O_CLOEXEC) < 0 && (errno == EINTR || errno == EBUSY))
        ;
    close(file);
    return own;
}

bool log_writer_end(void)
{
    struct timespec until;

    if (writer.out < 0)
        return true;
    close(writer.out);
    writer.out = -1;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    if (pthread_timedjoin_np(writer.thread, NULL, &until) != 0)
        return false;
    close(writer.in);
    close(writer.file);
    return true;
}
