/*
 * What is written together wakes the process at the other end once, not once a request. So an exchange that
 * is about to write lets the others of this turn of the loop get as far first. (Letting go of them four or
 * sixteen at a time was measured: it costs 5 to 10 % at full load, and gains nothing at half.)
 */
#include "proxy/exchange.h"

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
            exchange_go_on(client->exchange); /* they joined in this turn: the time is of this turn, too */
    }
}

void batch_init(struct proxy *proxy)
{
    TAILQ_INIT(&proxy->batch.clients);
    evtimer_assign(&proxy->batch.release, proxy->base, on_release, proxy);
}

void batch_free(struct proxy *proxy)
{
    event_del(&proxy->batch.release);
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
    batch->count++;
    event_active(&batch->release, EV_TIMEOUT, 0); /* behind all that is active now */
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
