#include "net/socket_bio.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/socket.h>

/* The BIO's data is no pointer: the socket, and in the lowest bit whether more follows. */
static int fd_of(BIO *bio)
{
    return (int)((intptr_t)BIO_get_data(bio) >> 1);
}

static int flags_of(BIO *bio)
{
    return (intptr_t)BIO_get_data(bio) & 1 ? MSG_NOSIGNAL | MSG_MORE : MSG_NOSIGNAL;
}

static void set_data(BIO *bio, int fd, bool more)
{
    BIO_set_data(bio, (void *)((intptr_t)fd << 1 | more));
}

static int bio_write(BIO *bio, const char *data, int len)
{
    ssize_t n;

    BIO_clear_retry_flags(bio);
    do
        n = send(fd_of(bio), data, (size_t)len, flags_of(bio));
    while (n < 0 && errno == EINTR);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        BIO_set_retry_write(bio);
    return (int)n;
}

static int bio_read(BIO *bio, char *data, int len)
{
    ssize_t n;

    BIO_clear_retry_flags(bio);
    do
        n = recv(fd_of(bio), data, (size_t)len, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        BIO_set_retry_read(bio);
    if (n == 0)
        BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    return (int)n;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)number;
    (void)pointer;
    switch (command) {
    case BIO_CTRL_FLUSH: /* nothing is kept back */
        return 1;
    case BIO_CTRL_EOF:
        return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
    default:
        return 0;
    }
}

static BIO_METHOD *method;
static pthread_once_t method_once = PTHREAD_ONCE_INIT;

static void make_method(void)
{
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
    if (method && (BIO_meth_set_write(method, bio_write) != 1 || BIO_meth_set_read(method, bio_read) != 1 ||
                   BIO_meth_set_ctrl(method, bio_ctrl) != 1)) {
        BIO_meth_free(method);
        method = NULL;
    }
}

BIO *socket_bio_new(int fd)
{
    BIO *bio;

    pthread_once(&method_once, make_method);
    bio = method ? BIO_new(method) : NULL;
    if (bio) {
        set_data(bio, fd, false);
        BIO_set_init(bio, 1);
    }
    return bio;
}

void socket_bio_more(BIO *bio, bool more)
{
    set_data(bio, fd_of(bio), more);
}
