/* How long an exchange waits for whom: one deadline, set when a state is entered, and what becomes of the
 * exchange when it has passed. */
#include "base/clock.h"
#include "proxy/exchange.h"

/* Of timeouts.total, in microseconds. */
static uint64_t total_left(const struct exchange *exchange)
{
    uint64_t total = (uint64_t)exchange->proxy->config->total_timeout_ms * 1000;
    uint64_t spent = exchange->proxy->now_us - exchange->start_us;

    return spent < total ? total - spent : 0;
}

static void set(struct exchange *exchange, uint64_t us)
{
    uint64_t total = total_left(exchange);

    deadline_set(&exchange->deadline, exchange->proxy->now_us, us < total ? us : total);
}

/* Bytes that move only change progress_us, which is looked at when the time is over. */
void patience_arm(struct exchange *exchange, enum patience_kind kind)
{
    if (kind == exchange->armed)
        return;
    exchange->armed = kind;
    if (kind == PATIENCE_NONE)
        deadline_drop(&exchange->deadline);
    else
        set(exchange, exchange->proxy->limits_us[kind]);
}

static void on_deadline(void *user)
{
    struct exchange *exchange = user;
    uint64_t limit = exchange->proxy->limits_us[exchange->armed];
    uint64_t silent;

    exchange->proxy->now_us = clock_monotonic_us();
    if (client_took_more(exchange))
        exchange->progress_us = exchange->proxy->now_us;
    silent = exchange->proxy->now_us - exchange->progress_us;
    if (silent < limit && total_left(exchange) > 0) {
        set(exchange, limit - silent);
        return;
    }
    exchange->armed = PATIENCE_NONE;
    exchange->timed_out = true;
    exchange_run(exchange);
}

static enum exchange_state total_timed_out(struct exchange *exchange)
{
    if (exchange->state == EXCHANGE_RELAY || exchange->refused)
        return EXCHANGE_ABORT;
    exchange_stop_awaiting(exchange);
    exchange->close_client = true;
    return exchange_refuse(
        exchange,
        exchange->state < EXCHANGE_AWAIT_CREDENTIALS ? AWS_ERROR_REQUEST_TIMEOUT : AWS_ERROR_GATEWAY_TIMEOUT,
        "The request was not done within %u ms (timeouts.total).", exchange->proxy->config->total_timeout_ms);
}

enum exchange_state patience_end(struct exchange *exchange)
{
    if (total_left(exchange) == 0 && exchange->state != EXCHANGE_AWAIT_RENEWAL)
        return total_timed_out(exchange);
    switch (exchange->state) {
    case EXCHANGE_READ_HEAD:
        exchange->close_client = true;
        return exchange_refuse(exchange, AWS_ERROR_REQUEST_TIMEOUT,
                               "The request's head did not arrive within %u ms (timeouts.head).",
                               exchange->proxy->config->head_timeout_ms);
    case EXCHANGE_READ_BODY:
    case EXCHANGE_READ_PIECE:
        if (exchange->in_line)
            return exchange_refuse(exchange, AWS_ERROR_UNAVAILABLE,
                                   "There was no memory for the body: those of other requests fill what "
                                   "limits.buffer_memory allows. Try again.");
        exchange->close_client = true;
        return exchange_refuse(exchange, AWS_ERROR_REQUEST_TIMEOUT,
                               "The request did not arrive in time: %u ms without a byte (timeouts.client).",
                               exchange->proxy->config->client_timeout_ms);
    case EXCHANGE_AWAIT_ACCOUNT:
    case EXCHANGE_AWAIT_CREDENTIALS:
        exchange_stop_awaiting(exchange);
        return exchange_refuse_unsigned(exchange);
    case EXCHANGE_AWAIT_RENEWAL:
        exchange_stop_awaiting(exchange);
        return response_begin(exchange);
    case EXCHANGE_SEND:
    case EXCHANGE_READ_RESPONSE:
    case EXCHANGE_READ_REJECTION:
        return exchange_refuse(
            exchange, AWS_ERROR_GATEWAY_TIMEOUT,
            "The endpoint %s did not answer within %u ms (timeouts.response). It may still be "
            "at work on the request.",
            exchange->peer, exchange->proxy->config->response_timeout_ms);
    default:
        return EXCHANGE_ABORT;
    }
}

void patience_init(struct exchange *exchange)
{
    deadline_init(&exchange->deadline, exchange->proxy->base, on_deadline, exchange);
}
