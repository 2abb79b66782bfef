#include "cli/admin_client.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "http/body.h"
#include "http/head.h"
#include "net/socket_address.h"

enum { TIMEOUT_SECONDS = 5, ANSWER_MAX = 16 * 1024 * 1024, READ_BYTES = 16 * 1024 };

static int connect_to(const struct config_listener *admin)
{
    const struct timeval limit = {TIMEOUT_SECONDS, 0};
    union {
        union socket_address ip;
        struct sockaddr_un path;
    } address = {0};
    socklen_t len = sizeof(address.path);
    int fd;

    if (admin->unix_path) {
        if (strlen(admin->unix_path) >= sizeof(address.path.sun_path)) {
            errno = ENAMETOOLONG;
            return -1;
        }
        address.path.sun_family = AF_UNIX;
        memcpy(address.path.sun_path, admin->unix_path, strlen(admin->unix_path));
    } else if (socket_address_parse(admin->host, admin->port, &address.ip)) {
        len = socket_address_len(&address.ip);
    }
    fd = socket(address.path.sun_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0 &&
        connect(fd, (const struct sockaddr *)&address, len) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool ask(int fd, const char *path, struct buffer *answer)
{
    struct buffer request = {0};
    bool sent;
    ssize_t n;

    buffer_printf(&request, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
    sent = !request.failed && send(fd, request.data, request.len, MSG_NOSIGNAL) == (ssize_t)request.len;
    buffer_free(&request);
    if (!sent)
        return false;
    do {
        if (answer->len > ANSWER_MAX || !buffer_reserve(answer, READ_BYTES))
            return false;
        n = recv(fd, answer->data + answer->len, READ_BYTES, 0);
        if (n > 0)
            answer->len += (size_t)n;
    } while (n > 0 || (n < 0 && errno == EINTR));
    return n == 0;
}

/* Leaves the content in body, which holds a whole response. */
static enum sg_status read_answer(struct buffer *body, int *status, struct sg_error *err)
{
    struct http_head head;
    struct http_body framing;
    size_t consumed, produced;

    if (body->len == 0)
        return sg_fail(err, SG_INVALID, "the connection was closed at once");
    if (http_response_parse(buffer_slice(body), false, &head, err) != SG_OK)
        return SG_INVALID;
    buffer_consume(body, head.length);
    http_body_init(&framing, &head);
    if (http_body_decode(&framing, body->data, body->len, &consumed, &produced) == HTTP_BODY_BAD ||
        !(framing.framing == HTTP_UNTIL_CLOSE || http_body_complete_at_eof(&framing)))
        return sg_fail(err, SG_INVALID, "its answer was cut short");
    body->len = produced;
    *status = head.status;
    return SG_OK;
}

enum sg_status admin_get_from(const struct config_listener *listener, const char *path, int *status,
                              struct buffer *body, struct sg_error *err)
{
    const char *which = listener->name ? " admin" : "";
    int fd = connect_to(listener);
    bool answered;

    buffer_reset(body);
    answered = fd >= 0 && ask(fd, path, body);
    if (!answered) /* EAGAIN: the time limit of the socket */
        sg_fail(err, SG_IO, "nobody answers on the%s listener %s: %s", which, listener->address,
                strerror(errno == EAGAIN ? ETIMEDOUT : errno));
    if (fd >= 0)
        close(fd);
    if (!answered)
        return SG_IO;
    if (read_answer(body, status, err) != SG_OK)
        return sg_fail(err, SG_INVALID, "the%s listener %s gave no answer that can be read: %s", which,
                       listener->address, err->text);
    return SG_OK;
}

enum sg_status admin_get(const struct config *config, const char *path, int *status, struct buffer *body,
                         struct sg_error *err)
{
    buffer_reset(body);
    if (!config->admin.address)
        return sg_fail(err, SG_NOT_FOUND,
                       "the configuration has no admin listener: add admin: { address: \"127.0.0.1:9090\" }");
    return admin_get_from(&config->admin, path, status, body, err);
}
