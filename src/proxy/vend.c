/*
 * Local keys for those whom they are for: on a Unix socket, GET /.sagegate/keys/NAME gives the key of a
 * client to the users of its `vend_to`, as credential_process wants it (AWS SDKs and Tools Reference Guide,
 * "Process credential provider"); not to what they pass on for others. No API of AWS has such a path.
 */
#include "proxy/exchange.h"

static const struct slice prefix = SLICE_INIT("/.sagegate/");

bool vend_is_asked(const struct exchange *exchange)
{
    const struct client *client = exchange->client;

    return client->listener->unix_path && !client->caller.refused &&
           slice_starts(exchange->request.path, prefix);
}

static bool is_for(const struct config_client *client, const struct peer *peer)
{
    for (size_t i = 0; peer->known && i < client->vend_to.count; i++) {
        if (client->vend_to.at[i] == peer->uid)
            return true;
    }
    return false;
}

/* Of any listener: by its name, or with the listener's before it, as the log has it. */
static const struct config_client *find_client(const struct config *config, struct slice name,
                                               const struct peer *peer)
{
    for (size_t i = 0; i < config->listener_count; i++) {
        for (size_t k = 0; k < config->listeners[i].client_count; k++) {
            const struct config_client *client = &config->listeners[i].clients[k];

            if (is_for(client, peer) && (slice_eq(name, slice_cstr(client->name)) ||
                                         slice_eq(name, slice_cstr(config->listeners[client->rules].name))))
                return client;
        }
    }
    return NULL;
}

/* What a web page or another server sends does not come from the user whose process it is. */
static enum admission_verdict check_forgery(struct exchange *exchange)
{
    struct admission admission = {
        .listener = exchange->client->listener, .head = &exchange->request, .err = &exchange->error};
    enum admission_verdict verdict = forgery_check(&admission);

    exchange->refusal = admission.refusal;
    return verdict;
}

/* Visible ASCII (secret_file.c) as a JSON string. */
static void append_string(struct buffer *out, const char *text)
{
    buffer_append_char(out, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            buffer_append_char(out, '\\');
        buffer_append_char(out, *text);
    }
    buffer_append_char(out, '"');
}

/* The secret stands in `out` alone, which is wiped. */
static bool build_answer(struct exchange *exchange, const struct config_client *client)
{
    struct buffer *head = &exchange->answer_head, *body = &exchange->out;

    buffer_append(body, SLICE("{\"Version\":1,\"AccessKeyId\":"));
    append_string(body, client->access_key_id);
    buffer_append(body, SLICE(",\"SecretAccessKey\":"));
    append_string(body, client->secret);
    buffer_append(body, SLICE("}\n"));
    buffer_append(head,
                  SLICE("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n"
                        "Connection: close\r\nContent-Length: "));
    buffer_append_u64(head, body->len);
    buffer_append(head, SLICE("\r\n\r\n"));
    return !head->failed && !body->failed;
}

enum exchange_state vend(struct exchange *exchange)
{
    const struct http_head *head = &exchange->request;
    struct slice name = slice_from(head->path, prefix.len);
    const struct config_client *client;

    exchange->close_client = true;
    if (check_forgery(exchange) != ADMISSION_GRANTED)
        return EXCHANGE_REFUSE;
    if (!slice_eq(head->method, SLICE("GET")) || !slice_starts(name, SLICE("keys/")))
        return exchange_refuse(exchange, AWS_ERROR_BAD_REQUEST,
                               "GET /.sagegate/keys/NAME is all that there is below /.sagegate/.");
    name = slice_from(name, strlen("keys/"));
    client = find_client(exchange->proxy->config, name, &exchange->client->caller.peer);
    if (!client)
        return exchange_refuse(exchange, AWS_ERROR_ACCESS_DENIED,
                               "There is no client of that name whose key is for uid %s (clients, vend_to).",
                               exchange->client->caller.uid);
    if (!build_answer(exchange, client))
        return EXCHANGE_ABORT;
    exchange->vended = exchange->refused = true;
    exchange->status = 200;
    exchange->to_client[0] = (struct iovec){exchange->answer_head.data, exchange->answer_head.len};
    exchange->to_client[1] = (struct iovec){exchange->out.data, exchange->out.len};
    exchange->to_client_count = 2;
    return EXCHANGE_REFUSE;
}
