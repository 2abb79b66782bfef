/*
 * The last requests that one worker has denied, or would have without mode: audit, with what a person needs
 * to allow them: written by its thread alone, for other threads to read. Not a record: see access_log.c.
 */
#ifndef SAGEGATE_PROXY_DENIALS_H
#define SAGEGATE_PROXY_DENIALS_H

#include "base/seqlock.h"
#include "policy/policy.h"

struct exchange;

enum { DENIALS_KEPT = 32, DENIAL_RESOURCES = 1024 };

/* Texts end with NUL, and are cut off where they are too long. */
struct denial {
    uint64_t number; /* of this worker's, from 1 */
    int64_t at_ms;   /* wall */
    char listener[65];
    char uid[12], user[33]; /* empty: not known */
    int pid;                /* 0: not known */
    char method[9], path[256];
    char action[96];     /* empty: no operation was found */
    char request_id[64]; /* that the client was told */
    char message[256];
    char policy[160];     /* the file that decided; empty: none was asked */
    bool audited;         /* it was sent all the same */
    bool statement_helps; /* no statement allows it, and none denies it; and all resources are here */
    bool principals;      /* the policy's statements have a Principal */
    size_t resource_count;
    bool any_resource;                /* the request does not tell which: only Resource "*" allows it */
    char resources[DENIAL_RESOURCES]; /* ARNs, each with its NUL; as many as there is room for */
};

struct denials {
    uint64_t count; /* ever: the writer's own */
    struct denial_slot {
        struct seqlock lock;
        _Atomic uint64_t words[SEQLOCK_WORDS(struct denial)];
    } ring[DENIALS_KEPT];
};

/* Of a request that has ended: keeps it if it was denied. */
void denials_note(struct denials *denials, const struct exchange *exchange);

/* The i-th that is kept, from 0, in no order. False when there is none. */
bool denials_read(const struct denials *denials, size_t i, struct denial *denial);

#endif
