/*
 * The memory of request bodies that do not lie in the head's buffer. A body's whole length is set aside
 * before its first byte is kept, so that bodies that have begun can end: what does not fit in
 * limits.buffer_memory waits in line, unread, and its client with it. Memory that has been used stays for the
 * next bodies, and goes back to the system after a moment without any.
 */
#include <malloc.h>

#include "proxy/exchange.h"

bool body_memory_init(struct proxy *proxy)
{
    const struct config *config = proxy->config;
    const struct timeval moment = {0, 250 * 1000};
    struct body_memory *memory = &proxy->body_memory;

    memory->budget = config->buffer_memory / config->workers;
    if (memory->budget < config->max_body)
        memory->budget = config->max_body;
    TAILQ_INIT(&memory->line);
    memory->moment = event_base_init_common_timeout(proxy->base, &moment);
    return memory->moment != NULL;
}

static void free_spare(struct body_memory *memory)
{
    struct buffer *spare = &memory->spare[--memory->spare_count];

    memory->spare_bytes -= spare->cap;
    buffer_free(spare);
}

void body_memory_free(struct proxy *proxy)
{
    while (proxy->body_memory.spare_count)
        free_spare(&proxy->body_memory);
    if (event_initialized(&proxy->body_memory.timer))
        evtimer_del(&proxy->body_memory.timer);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct proxy *proxy = arg;
    struct body_memory *memory = &proxy->body_memory;

    (void)fd;
    (void)what;
    if (memory->used) {
        memory->used = false;
        evtimer_add(&memory->timer, memory->moment);
        return;
    }
    body_memory_free(proxy);
    malloc_trim(0);
}

void body_memory_settle(struct proxy *proxy)
{
    struct body_memory *memory = &proxy->body_memory;

    memory->used = true;
    if (!event_initialized(&memory->timer))
        evtimer_assign(&memory->timer, proxy->base, on_timer, proxy);
    if (!evtimer_pending(&memory->timer, NULL))
        evtimer_add(&memory->timer, memory->moment);
}

/* Keeps the body's buffer for another one, if the budget and the number of spares allow. */
static void keep(struct proxy *proxy, struct buffer *body)
{
    struct body_memory *memory = &proxy->body_memory;

    if (body->cap <= EXCHANGE_KEEP_BUFFER) {
        buffer_reset(body);
        return;
    }
    if (memory->spare_count == BODY_SPARES ||
        memory->reserved + memory->spare_bytes + body->cap > memory->budget) {
        buffer_free(body);
        return;
    }
    buffer_reset(body);
    memory->spare_bytes += body->cap;
    memory->spare[memory->spare_count++] = *body;
    *body = (struct buffer){0};
    body_memory_settle(proxy);
}

static bool fits(const struct body_memory *memory, uint64_t bytes)
{
    return bytes <= memory->budget - memory->reserved;
}

static void grant(struct exchange *exchange)
{
    struct body_memory *memory = &exchange->proxy->body_memory;

    memory->reserved += exchange->reserved;
    if (exchange->reserved > EXCHANGE_KEEP_BUFFER && exchange->body.cap <= EXCHANGE_KEEP_BUFFER &&
        memory->spare_count) {
        struct buffer *spare = &memory->spare[--memory->spare_count];

        memory->spare_bytes -= spare->cap;
        buffer_free(&exchange->body);
        exchange->body = *spare;
    }
    while (memory->spare_count && memory->reserved + memory->spare_bytes > memory->budget)
        free_spare(memory);
}

bool body_memory_reserve(struct exchange *exchange, uint64_t bytes)
{
    struct body_memory *memory = &exchange->proxy->body_memory;

    exchange->reserved = bytes;
    if (TAILQ_EMPTY(&memory->line) && fits(memory, bytes)) {
        grant(exchange);
        return true;
    }
    TAILQ_INSERT_TAIL(&memory->line, exchange, line);
    exchange->in_line = true;
    exchange->queued_us = exchange->proxy->now_us;
    exchange->left_us = 0;
    return false;
}

static void leave_line(struct exchange *exchange)
{
    TAILQ_REMOVE(&exchange->proxy->body_memory.line, exchange, line);
    exchange->in_line = false;
    exchange->left_us = exchange->proxy->now_us;
}

void body_memory_release(struct exchange *exchange)
{
    struct body_memory *memory = &exchange->proxy->body_memory;
    struct exchange *next;

    if (exchange->in_line)
        leave_line(exchange);
    else
        memory->reserved -= exchange->reserved;
    exchange->reserved = 0;
    keep(exchange->proxy, &exchange->body);
    while ((next = TAILQ_FIRST(&memory->line)) && fits(memory, next->reserved)) {
        leave_line(next);
        grant(next);
        client_poke(next->client);
    }
}
