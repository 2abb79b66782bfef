/*
 * What is written together wakes the process at the other end once, not once a request. So an exchange that
 * is about to write lets others of this turn of the loop get as far first; but not many, or the other end,
 * which could be at work, waits for all of them.
 */
#include "proxy/exchange.h"

enum { BATCH = 16 };

static void on_release(evutil_socket_t fd, short what, void *arg)
{
    struct proxy *proxy = arg;
    struct client *client;

    (void)fd;
    (void)what;
    /* Those who join again meanwhile wait for others again. */
    for (unsigned left = proxy->batch.count; left > 0 && (client = TAILQ_FIRST(&proxy->batch.clients));
         left--) {
        batch_leave(client);
        if (client->exchange)
            exchange_run(client->exchange);
    }
}

void batch_init(struct proxy *proxy)
{
    TAILQ_INIT(&proxy->batch.clients);
    evtimer_assign(&proxy->batch.full, proxy->base, on_release, proxy);
    evtimer_assign(&proxy->batch.last, proxy->base, on_release, proxy);
    event_priority_set(&proxy->batch.full, 0); /* before the others of this turn */
}

void batch_free(struct proxy *proxy)
{
    event_del(&proxy->batch.full);
    event_del(&proxy->batch.last);
}

bool batch_join(struct client *client)
{
    struct batch *batch = &client->proxy->batch;

    if (client->in_batch)
        return true; /* an event of its own came first */
    if (event_base_get_num_events(client->proxy->base, EVENT_BASE_COUNT_ACTIVE) == 0)
        return false;
    TAILQ_INSERT_TAIL(&batch->clients, client, batch);
    client->in_batch = true;
    event_active(++batch->count < BATCH ? &batch->last : &batch->full, EV_TIMEOUT, 0);
    return true;
}

void batch_leave(struct client *client)
{
    struct batch *batch = &client->proxy->batch;

    if (!client->in_batch)
        return;
    TAILQ_REMOVE(&batch->clients, client, batch);
    client->in_batch = false;
    batch->count--;
}
