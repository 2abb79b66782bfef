/* Reading and writing on a connection, and what it means when that fails. */
#include "net/upstream_connection.h"

#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <linux/tcp.h> /* that of <netinet/tcp.h> ends before tcpi_bytes_acked */
#include <netinet/in.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#include "net/socket_bio.h"
#include "net/tls.h"

enum { SURELY_SHORT = 8 * 1024 }; /* half of what OpenSSL asks a socket for */

/*
 * The last segment of a peer that closes acknowledges what it has got; the SYN counts as a byte. One that
 * resets may have read what it has not acknowledged yet, and the kernel does not look at what a reset
 * acknowledges.
 */
bool upstream_was_unheard(const struct upstream_connection *connection)
{
    struct tcp_info info = {0};
    socklen_t len = sizeof(info);

    return connection->reused && !connection->not_closed &&
           getsockopt(connection->fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 &&
           len >= offsetof(struct tcp_info, tcpi_bytes_acked) + sizeof(info.tcpi_bytes_acked) &&
           info.tcpi_bytes_acked <= connection->written_before + 1;
}

/* A connection that stood has broken: its address is under suspicion, unless it was only a long rest. */
static void broke(struct upstream_connection *connection, int error, int system_error)
{
    size_t len;

    connection->end = UPSTREAM_END_BROKEN;
    connection->not_closed = error == SSL_ERROR_SYSCALL && system_error != 0 && system_error != EPIPE;
    snprintf(connection->why, sizeof(connection->why), "%s: ", connection->peer);
    len = strlen(connection->why);
    errno = system_error;
    tls_explain(connection->ssl, error, NULL, connection->why + len, sizeof(connection->why) - len);
    if (connection->state == CONNECTION_READY)
        upstream_suspect(connection->upstream, &connection->address, connection->why);
}

static ssize_t outcome(struct upstream_connection *connection, int result)
{
    int system_error = errno;
    int error = SSL_get_error(connection->ssl, result);

    switch (error) {
    case SSL_ERROR_WANT_READ:
        connection->readable = false;
        return UPSTREAM_BLOCKED;
    case SSL_ERROR_WANT_WRITE:
        return UPSTREAM_BLOCKED;
    case SSL_ERROR_ZERO_RETURN:
        connection->end = UPSTREAM_END_PEER;
        snprintf(connection->why, sizeof(connection->why), "%s closed the connection", connection->peer);
        return UPSTREAM_EOF;
    default:
        broke(connection, error, system_error);
        return UPSTREAM_BROKEN;
    }
}

/* SSL_get_error() looks at the queue, which is nearly always empty: emptying it costs more than looking. */
static void clear_errors(void)
{
    if (ERR_peek_error())
        ERR_clear_error();
}

ssize_t upstream_write(struct upstream_connection *connection, const char *data, size_t len)
{
    int result;

    socket_bio_more(SSL_get_wbio(connection->ssl), len > SSL3_RT_MAX_PLAIN_LENGTH); /* it takes one record */
    clear_errors();
    errno = 0;
    result = SSL_write(connection->ssl, data, len > INT_MAX ? INT_MAX : (int)len);
    return result > 0 ? result : outcome(connection, result);
}

ssize_t upstream_read(struct upstream_connection *connection, char *data, size_t len)
{
    bool from_socket = !SSL_has_pending(connection->ssl);
    uint64_t before, got;
    int result;

    if (!connection->readable && from_socket)
        return UPSTREAM_BLOCKED;
    clear_errors();
    errno = 0;
    before = BIO_number_read(SSL_get_rbio(connection->ssl));
    result = SSL_read(connection->ssl, data, len > INT_MAX ? INT_MAX : (int)len);
    got = BIO_number_read(SSL_get_rbio(connection->ssl)) - before;
    /* OpenSSL asks for what its buffer takes, a whole record when it is empty. It got less, so the socket is
     * empty (epoll(7)), unless its end follows. A reset may have come with the bytes, and libevent does not
     * tell: whoever reads on looks once more, a whole answer costs nothing. */
    if (result > 0 && from_socket && got < SURELY_SHORT && !connection->half_closed)
        connection->emptied = true;
    return result > 0 ? result : outcome(connection, result);
}
