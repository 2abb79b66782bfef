#include "daemon/spread.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "proxy/metrics.h"

enum { QUEUE = 64, ADDRESS_BYTES = 160 };

struct passed {
    int fd;
    char address[ADDRESS_BYTES];
};

/* Of one worker. The others look at it, and write to its queue, by the lock. */
struct place {
    struct event event;
    int fd;
    spread_take *take;
    void *user;
    pthread_mutex_t lock;
    const struct proxy_metrics *metrics; /* NULL: it has left */
    const struct config *config;
    size_t waiting; /* in the queue, or taken from it but not in metrics yet */
    size_t count;   /* in the queue */
    struct passed queue[QUEUE];
};

struct spread {
    unsigned count;
    struct place places[];
};

struct spread *spread_new(unsigned workers)
{
    struct spread *spread = calloc(1, sizeof(*spread) + workers * sizeof(struct place));

    if (!spread)
        return NULL;
    for (; spread->count < workers; spread->count++) {
        struct place *place = &spread->places[spread->count];

        pthread_mutex_init(&place->lock, NULL);
        place->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (place->fd < 0) {
            spread->count++;
            spread_free(spread);
            return NULL;
        }
    }
    return spread;
}

void spread_free(struct spread *spread)
{
    for (unsigned i = 0; spread && i < spread->count; i++) {
        struct place *place = &spread->places[i];

        for (size_t k = 0; k < place->count; k++)
            close(place->queue[k].fd);
        if (place->fd >= 0)
            close(place->fd);
        pthread_mutex_destroy(&place->lock);
    }
    free(spread);
}

static void take_all(struct place *place)
{
    struct passed taken[QUEUE];
    size_t count;

    pthread_mutex_lock(&place->lock);
    count = place->count;
    memcpy(taken, place->queue, count * sizeof(*taken));
    place->count = 0;
    pthread_mutex_unlock(&place->lock);
    for (size_t i = 0; i < count; i++)
        place->take(place->user, taken[i].address, taken[i].fd);
    pthread_mutex_lock(&place->lock);
    place->waiting -= count;
    pthread_mutex_unlock(&place->lock);
}

static void on_passed(evutil_socket_t fd, short what, void *arg)
{
    eventfd_t count;

    (void)what;
    if (eventfd_read(fd, &count) == 0)
        take_all(arg);
}

bool spread_join(struct spread *spread, unsigned worker, struct event_base *base,
                 const struct proxy_metrics *metrics, spread_take *take, void *user)
{
    struct place *place = &spread->places[worker];

    place->take = take;
    place->user = user;
    event_assign(&place->event, base, place->fd, EV_READ | EV_PERSIST, on_passed, place);
    if (event_add(&place->event, NULL) != 0)
        return false;
    pthread_mutex_lock(&place->lock);
    place->metrics = metrics;
    pthread_mutex_unlock(&place->lock);
    return true;
}

void spread_regard(struct spread *spread, unsigned worker, const struct config *config)
{
    struct place *place = &spread->places[worker];

    pthread_mutex_lock(&place->lock);
    place->config = config;
    pthread_mutex_unlock(&place->lock);
}

void spread_leave(struct spread *spread, unsigned worker)
{
    struct place *place = &spread->places[worker];
    bool joined;

    pthread_mutex_lock(&place->lock);
    joined = place->metrics != NULL;
    place->metrics = NULL;
    pthread_mutex_unlock(&place->lock);
    if (!joined)
        return;
    take_all(place);
    event_del(&place->event);
}

/* How many connections the worker has; SIZE_MAX when it takes none of ours. */
static size_t load_of(struct place *place, const struct config *config)
{
    size_t load = SIZE_MAX;

    pthread_mutex_lock(&place->lock);
    if (place->metrics && place->config == config)
        load = counter_read(&place->metrics->connected) - counter_read(&place->metrics->disconnected) +
               place->waiting;
    pthread_mutex_unlock(&place->lock);
    return load;
}

static bool push(struct place *place, const struct config *config, const char *address, int fd)
{
    bool open;

    pthread_mutex_lock(&place->lock);
    open = place->metrics && place->config == config && place->count < QUEUE;
    if (open) {
        struct passed *passed = &place->queue[place->count++];

        passed->fd = fd;
        memccpy(passed->address, address, '\0', sizeof(passed->address));
        place->waiting++;
    }
    pthread_mutex_unlock(&place->lock);
    if (open)
        eventfd_write(place->fd, 1); /* it cannot fail, but where it is signalled already */
    return open;
}

bool spread_pass(struct spread *spread, unsigned worker, const char *address, int fd)
{
    struct place *own = &spread->places[worker], *least = NULL;
    const struct config *config = own->config; /* only this thread changes it */
    size_t fewest = load_of(own, config);

    if (fewest == SIZE_MAX || strlen(address) >= ADDRESS_BYTES)
        return false;
    for (unsigned i = 0; i < spread->count; i++) {
        size_t load = i == worker ? SIZE_MAX : load_of(&spread->places[i], config);

        if (load < fewest) {
            fewest = load;
            least = &spread->places[i];
        }
    }
    return least && push(least, config, address, fd);
}
