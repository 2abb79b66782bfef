/*
 * The states of an exchange. The table below is the whole map: what each state does, for whom it waits, and
 * where it may go.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "proxy/exchange.h"

enum {
    TURN_BYTES = 1024 * 1024, /* moved in one turn of the loop: then other connections get theirs */
    TURN_REQUESTS = 16,       /* pipelined requests, likewise */
    KEEP_EXCHANGES = 64,
};

#define TO(state) (1u << EXCHANGE_##state)
#define FAILURE   (TO(REFUSE) | TO(ABORT))

static const struct {
    enum exchange_state (*step)(struct exchange *exchange);
    enum patience_kind patience; /* whose silence ends in a time-out */
    unsigned next;
} states[] = {
    [EXCHANGE_READ_HEAD] = {step_read_head, PATIENCE_HEAD, TO(AWAIT_ACCOUNT) | FAILURE},
    [EXCHANGE_AWAIT_ACCOUNT] = {step_await_account, PATIENCE_CREDENTIALS, TO(ADMIT) | FAILURE},
    [EXCHANGE_ADMIT] = {step_admit, PATIENCE_NONE, TO(READ_BODY) | FAILURE},
    [EXCHANGE_READ_BODY] = {step_read_body, PATIENCE_CLIENT, TO(AWAIT_CREDENTIALS) | FAILURE},
    [EXCHANGE_AWAIT_CREDENTIALS] = {step_await_credentials, PATIENCE_CREDENTIALS, TO(CONNECT) | FAILURE},
    [EXCHANGE_CONNECT] = {step_connect, PATIENCE_NONE,
                          TO(AWAIT_CREDENTIALS) | TO(SEND) | FAILURE}, /* the upstream keeps its own time */
    [EXCHANGE_SEND] = {step_send, PATIENCE_ENDPOINT,
                       TO(READ_PIECE) | TO(READ_RESPONSE) | TO(CONNECT) | FAILURE},
    [EXCHANGE_READ_PIECE] = {step_read_piece, PATIENCE_CLIENT, TO(SEND) | FAILURE},
    [EXCHANGE_READ_RESPONSE] = {step_read_response, PATIENCE_ENDPOINT,
                                TO(RELAY) | TO(READ_REJECTION) | TO(CONNECT) | TO(SEND) | FAILURE},
    [EXCHANGE_READ_REJECTION] = {step_read_rejection, PATIENCE_ENDPOINT,
                                 TO(RELAY) | TO(AWAIT_RENEWAL) | TO(CONNECT) | FAILURE},
    [EXCHANGE_AWAIT_RENEWAL] = {step_await_renewal, PATIENCE_CREDENTIALS,
                                TO(RELAY) | TO(CONNECT) | TO(ABORT)},
    [EXCHANGE_RELAY] = {step_relay, PATIENCE_ENDPOINT, TO(DONE) | TO(ABORT)},
    [EXCHANGE_REFUSE] = {step_refuse, PATIENCE_CLIENT, TO(DISCARD) | TO(DONE) | TO(ABORT)},
    [EXCHANGE_DISCARD] = {step_discard, PATIENCE_CLIENT, TO(DONE) | TO(ABORT)},
    [EXCHANGE_DONE] = {NULL, PATIENCE_NONE, TO(READ_HEAD)},
    [EXCHANGE_ABORT] = {NULL, PATIENCE_NONE, 0},
};

enum exchange_state exchange_refuse(struct exchange *exchange, enum aws_error error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    sg_reword(&exchange->error, format, args);
    va_end(args);
    exchange->refusal = error;
    return EXCHANGE_REFUSE;
}

bool exchange_spend(struct exchange *exchange, size_t bytes)
{
    if (bytes < exchange->budget) {
        exchange->budget -= bytes;
        return false;
    }
    client_poke(exchange->client);
    return true;
}

static void give_back(struct buffer *buffer)
{
    if (buffer->cap > EXCHANGE_KEEP_BUFFER)
        buffer_free(buffer);
    buffer_reset(buffer);
}

/* Ready for a request on this connection: nothing of the last one stays but memory. */
static void reset(struct exchange *exchange)
{
    struct slice leftover = exchange->leftover;

    request_wipe(exchange);
    mirror_leave(exchange->mirror);
    exchange->proxy->metrics->places_taken -= exchange->has_place;
    memset(exchange, 0, offsetof(struct exchange, client));
    exchange->rules = exchange->client ? exchange->client->listener : NULL;
    exchange->error.text[0] = '\0';
    exchange->peer[0] = '\0';
    exchange->zone = NULL;
    exchange->request_id[0] = '\0';
    exchange->admission_memory.resources.count = 0;
    http_head_clear(&exchange->request); /* it points into `in` */
    buffer_reset(&exchange->in);
    if (leftover.len && buffer_reserve(&exchange->in, leftover.len)) {
        memmove(exchange->in.data, leftover.ptr, leftover.len); /* it may lie in the same buffer */
        exchange->in.len = leftover.len;
    }
    body_memory_release(exchange);
    buffer_reset(&exchange->received);
    buffer_reset(&exchange->answer_head);
}

/* Its time begins. */
static void set_out(struct exchange *exchange)
{
    exchange->start_us = exchange->progress_us = exchange->proxy->now_us;
    exchange->entered_us[EXCHANGE_READ_HEAD] = exchange->start_us;
}

static void destroy(struct exchange *exchange)
{
    deadline_end(&exchange->deadline);
    mirror_leave(exchange->mirror);
    EVP_MD_CTX_free(exchange->hash);
    buffer_free(&exchange->in);
    buffer_free(&exchange->body);
    buffer_free(&exchange->out);
    buffer_free(&exchange->received);
    buffer_free(&exchange->answer_head);
    admission_memory_free(&exchange->admission_memory);
    free(exchange);
}

static struct exchange *take_spare(struct proxy *proxy)
{
    struct exchange *exchange = LIST_FIRST(&proxy->spare);

    if (exchange) {
        LIST_REMOVE(exchange, link);
        proxy->spare_count--;
        return exchange;
    }
    exchange = calloc(1, sizeof(*exchange));
    if (!exchange)
        return NULL;
    exchange->proxy = proxy;
    exchange->out.secret = true;
    exchange->hash = EVP_MD_CTX_new();
    if (!exchange->hash) {
        free(exchange);
        return NULL;
    }
    patience_init(exchange);
    return exchange;
}

struct exchange *exchange_start(struct client *client, struct slice received)
{
    struct exchange *exchange = take_spare(client->proxy);

    if (!exchange)
        return NULL;
    exchange->client = client;
    exchange->leftover = received;
    reset(exchange);
    return exchange;
}

void exchange_free(struct exchange *exchange)
{
    struct proxy *proxy = exchange->proxy;

    exchange_stop_awaiting(exchange);
    upstream_close(exchange->upstream);
    deadline_drop(&exchange->deadline);
    exchange->armed = PATIENCE_NONE;
    exchange->client->exchange = NULL;
    exchange->client = NULL;
    if (proxy->spare_count >= KEEP_EXCHANGES) {
        body_memory_release(exchange);
        proxy->metrics->places_taken -= exchange->has_place;
        destroy(exchange);
        body_memory_settle(proxy); /* there are many: their memory is not to stay */
        return;
    }
    exchange->leftover.len = 0;
    reset(exchange);
    give_back(&exchange->in);
    give_back(&exchange->received);
    LIST_INSERT_HEAD(&proxy->spare, exchange, link);
    proxy->spare_count++;
}

void exchange_free_spare(struct proxy *proxy)
{
    struct exchange *exchange;

    while ((exchange = LIST_FIRST(&proxy->spare))) {
        LIST_REMOVE(exchange, link);
        destroy(exchange);
    }
    proxy->spare_count = 0;
}

void exchange_leave_upstream(struct exchange *exchange)
{
    if (exchange->upstream && exchange->response_done && exchange->response.keep_alive && !exchange->spoilt)
        upstream_release(exchange->upstream);
    else
        upstream_close(exchange->upstream);
    exchange->upstream = NULL;
}

/* The next request is here already, but its connection goes over to a proxy with a newer configuration. */
static void hand_over(struct exchange *exchange)
{
    struct client *client = exchange->client;
    struct buffer received = {0};

    buffer_append(&received, exchange->leftover);
    exchange_free(exchange);
    if (!received.failed && client_move_on(client))
        client->exchange = exchange_start(client, buffer_slice(&received));
    buffer_free(&received);
    if (client->exchange)
        client_poke(client);
    else
        client_close(client, false);
}

/* The answer is out. True when the next request of this connection is here already. */
static bool finish(struct exchange *exchange)
{
    struct client *client = exchange->client;
    bool close = exchange->close_client;
    /* Closing on bytes that nobody reads would reset the answer. */
    bool unread = close && (exchange->refused || exchange->body_progress != BODY_COMPLETE ||
                            exchange->leftover.len || (client->readable && !client->emptied));

    access_log(exchange);
    metrics_count(exchange->proxy->metrics, exchange);
    exchange_leave_upstream(exchange);
    if (!close && exchange->leftover.len && exchange->proxy->successor) {
        hand_over(exchange);
        return false;
    }
    if (!close && exchange->leftover.len) {
        reset(exchange);
        set_out(exchange);
        return true;
    }
    exchange_free(exchange);
    if (unread)
        client_linger(client);
    else if (close)
        client_close(client, false);
    else
        client_idle(client);
    return false;
}

/* Whether there is a request: its head was read, or was too bad to be. */
static bool has_begun(const struct exchange *exchange)
{
    return exchange->entered_us[EXCHANGE_ADMIT] || exchange->entered_us[EXCHANGE_REFUSE];
}

static void abandon(struct exchange *exchange)
{
    struct client *client = exchange->client;

    if (exchange->request.method.len)
        access_log(exchange);
    if (has_begun(exchange))
        metrics_count(exchange->proxy->metrics, exchange);
    client_close(client, exchange->response_started);
}

/* Nothing to do before the next event. A connection without a request gives its exchange back, unless there
 * was no memory for what has come of the next. */
static void wait(struct exchange *exchange)
{
    struct client *client = exchange->client;

    if (exchange->state == EXCHANGE_READ_HEAD && exchange->in.len == 0 && !exchange->in.failed) {
        exchange_free(exchange);
        client_idle(client);
        return;
    }
    patience_arm(exchange, states[exchange->state].patience);
}

static void enter(struct exchange *exchange, enum exchange_state next)
{
    struct proxy *proxy = exchange->proxy;

    if (next == EXCHANGE_READ_RESPONSE || next == EXCHANGE_DONE || next == EXCHANGE_ABORT)
        proxy->now_us = clock_monotonic_us(); /* what took its time in this turn is measured */
    exchange->spent_us[exchange->state] += proxy->now_us - exchange->entered_us[exchange->state];
    exchange->state = next;
    exchange->entered_us[next] = exchange->progress_us = proxy->now_us;
}

void exchange_run(struct exchange *exchange)
{
    exchange->proxy->now_us = clock_monotonic_us();
    exchange_go_on(exchange);
}

void exchange_go_on(struct exchange *exchange)
{
    int requests = 0;

    exchange->budget = TURN_BYTES;
    if (!exchange->start_us)
        set_out(exchange);
    for (;;) {
        enum exchange_state next =
            exchange->timed_out ? patience_end(exchange) : states[exchange->state].step(exchange);

        exchange->timed_out = false;
        if (next == exchange->state) {
            wait(exchange);
            return;
        }
        assert(states[exchange->state].next & (1u << next));
        if (exchange->state == EXCHANGE_READ_HEAD && next != EXCHANGE_ABORT)
            counter_add(&exchange->proxy->metrics->begun, 1);
        enter(exchange, next);
        if (next == EXCHANGE_ABORT) {
            abandon(exchange);
            return;
        }
        if (next == EXCHANGE_DONE && !finish(exchange))
            return;
        if (next == EXCHANGE_DONE && ++requests == TURN_REQUESTS) {
            client_poke(exchange->client);
            wait(exchange);
            return;
        }
    }
}
