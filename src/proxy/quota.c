#include "proxy/quota.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum { USER_BUCKETS = 64 };

/* There while somebody counts for it. */
struct tally {
    LIST_ENTRY(tally) link;
    size_t count;
    uid_t uid;
    char address[];
};

LIST_HEAD(tallies, tally);

struct quota {
    pthread_mutex_t lock;
    size_t all;
    struct tallies listeners, users[USER_BUCKETS];
};

struct quota *quota_new(void)
{
    struct quota *quota = calloc(1, sizeof(*quota));

    if (quota)
        pthread_mutex_init(&quota->lock, NULL);
    return quota;
}

void quota_free(struct quota *quota)
{
    if (quota)
        pthread_mutex_destroy(&quota->lock);
    free(quota);
}

/* Of a listener, by its address; or of a user, by its number, with an empty address. */
static struct tally *find(const struct tallies *tallies, uid_t uid, const char *address)
{
    struct tally *tally;

    LIST_FOREACH(tally, tallies, link)
    {
        if (tally->uid == uid && strcmp(tally->address, address) == 0)
            break;
    }
    return tally;
}

static enum quota_limit add(struct tallies *tallies, uid_t uid, const char *address, size_t limit,
                            enum quota_limit reached, struct tally **place)
{
    struct tally *tally = find(tallies, uid, address);

    if (tally && tally->count >= limit)
        return reached;
    if (!tally) {
        size_t size = strlen(address) + 1;

        tally = calloc(1, sizeof(*tally) + size);
        if (!tally)
            return QUOTA_NO_MEMORY;
        tally->uid = uid;
        memcpy(tally->address, address, size);
        LIST_INSERT_HEAD(tallies, tally, link);
    }
    tally->count++;
    *place = tally;
    return QUOTA_FREE;
}

static void leave(struct tally **place)
{
    struct tally *tally = *place;

    *place = NULL;
    if (!tally || --tally->count > 0)
        return;
    LIST_REMOVE(tally, link);
    free(tally);
}

enum quota_limit quota_take(struct quota *quota, const struct config *config,
                            const struct config_listener *listener, struct quota_seat *seat)
{
    size_t limit = listener->max_connections ? listener->max_connections : config->max_connections;
    enum quota_limit reached = QUOTA_ALL;

    *seat = (struct quota_seat){NULL, NULL};
    pthread_mutex_lock(&quota->lock);
    if (quota->all < config->max_connections)
        reached = add(&quota->listeners, 0, listener->address, limit, QUOTA_LISTENER, &seat->listener);
    quota->all += reached == QUOTA_FREE;
    pthread_mutex_unlock(&quota->lock);
    return reached;
}

enum quota_limit quota_take_user(struct quota *quota, struct quota_seat *seat, const struct peer *peer,
                                 size_t limit)
{
    struct tally *before = seat->user;
    enum quota_limit reached = QUOTA_FREE;

    if (before ? peer->known && before->uid == peer->uid : !peer->known)
        return QUOTA_FREE;
    pthread_mutex_lock(&quota->lock);
    seat->user = NULL;
    if (peer->known)
        reached = add(&quota->users[peer->uid % USER_BUCKETS], peer->uid, "", limit, QUOTA_USER, &seat->user);
    if (reached == QUOTA_FREE)
        leave(&before);
    else
        seat->user = before;
    pthread_mutex_unlock(&quota->lock);
    return reached;
}

void quota_leave(struct quota *quota, struct quota_seat *seat)
{
    pthread_mutex_lock(&quota->lock);
    quota->all -= seat->listener != NULL;
    leave(&seat->listener);
    leave(&seat->user);
    pthread_mutex_unlock(&quota->lock);
}
