/*
 * What one worker has denied of late, or would have without mode: audit, with what a person needs to allow
 * it: written by its thread alone, for other threads to read. Requests that are denied alike are one denial,
 * so that many of one kind do not hide the others. Not a record: see access_log.c.
 */
#ifndef SAGEGATE_PROXY_DENIALS_H
#define SAGEGATE_PROXY_DENIALS_H

#include "base/counter.h"
#include "base/seqlock.h"
#include "policy/policy.h"

struct exchange;

enum { DENIALS_KEPT = 64, DENIAL_RESOURCES = 1024 };

/* What is the same in requests that are denied alike. Texts end with NUL; see sg_word(). */
struct denial_kind {
    char listener[160];     /* or a client's rules there */
    char uid[12], user[33]; /* empty: not known */
    char method[9], path[256];
    char action[96]; /* empty: no operation was found */
    char message[SG_TEXT];
    char policy[512];     /* the file that decided; empty: none was asked */
    bool audited;         /* they were sent all the same */
    bool unmatched;       /* no statement allows them, and none denies them: … */
    bool statement_helps; /* … one would allow them, and all their resources are here */
    bool principals;      /* the policy's statements have a Principal */
    size_t resource_count;
    char resources[DENIAL_RESOURCES]; /* as a policy names them, each with its NUL; as many as there is room
                                         for */
};

struct denial {
    struct denial_kind kind;
    uint64_t number; /* of this worker's, from 1 */
    uint64_t count;  /* of requests */
    /* Of the last one: */
    int64_t at_ms; /* wall */
    int pid;       /* 0: not known */
    char request_id[64];
};

struct denials {
    uint64_t told;            /* kinds, ever: the writer's own */
    struct counter forgotten; /* kinds that gave way to newer ones */
    struct denial_slot {
        uint64_t hash; /* of the kind, … */
        int64_t at_ms; /* … and when it was last; both are the writer's own. 0: free */
        struct seqlock lock;
        _Atomic uint64_t words[SEQLOCK_WORDS(struct denial)];
    } slots[DENIALS_KEPT];
};

/* Of a request that has ended: keeps it if it was denied. */
void denials_note(struct denials *denials, const struct exchange *exchange);

/* The i-th of DENIALS_KEPT, from 0, in no order. False when there is none. */
bool denials_read(const struct denials *denials, size_t i, struct denial *denial);

#endif
