/*
 * What the parts of the comparison share: the ways in which a request can be filled, as options of
 * dimensions. The dimensions are independent: a statement matches when it is "on" in the option that was
 * taken in each. Only for this folder.
 */
#ifndef SAGEGATE_COMPARE_WITNESS_H
#define SAGEGATE_COMPARE_WITNESS_H

#include "compare/compare.h"
#include "compare/language.h"
#include "policy/document.h"

/* One value of one dimension, for all that let the same statements match. */
struct option {
    const uint64_t *on;           /* a bit for each statement of both documents */
    size_t action;                /* of the world */
    struct slice text;            /* the resource, or the caller */
    struct context_values values; /* of a key; none: it is absent */
};

struct options {
    struct option *at;
    size_t count, room;
};

/* A condition key that either document asks for. */
struct compared_key {
    struct slice name;
    enum compare_kind kind;
    bool variable;       /* ${name} stands somewhere */
    bool varies;         /* what its conditions compare with hangs on variables */
    struct slice *guess; /* of a variable: the values to try */
    size_t guess_count, guess_room;
    struct slice value; /* the one that is tried now; len 0: none, as a variable */
    struct options options;
};

struct witness {
    const struct compare_side *sides;
    const struct compare_world *world;
    struct comparison *out;
    const struct statement **statements; /* of all documents of the first side, then of the second */
    size_t *documents;                   /* whose each is: numbered over both sides */
    size_t count, words;
    size_t document_count;
    struct compared_key *keys;
    size_t key_count;
    uint64_t *twins;         /* of each statement: documents in which one like it stands, of the first 64 */
    uint64_t **actions;      /* for each action of the world, which statements it is on in */
    struct slice *resources; /* the patterns of the world that need be looked at */
    size_t resource_count;
    bool resources_vary;
    struct options requests; /* actions with resources */
    struct options callers;
    struct arena arena;    /* for the whole comparison */
    struct arena *scratch; /* for what is being built: the former, or for one choice of variables' values */
    bool relaxed;          /* variables of which no value is tried stand for any text; else for none */
    const struct compared_key *asked; /* whose conditions are tested, … */
    struct context_values answer;     /* … with these values */
    struct request_facts facts;       /* with a context of the values that are tried */
    uint64_t effort;                  /* that is left, … */
    bool exhausted;                   /* … and was too little */
    bool *solved;                     /* the goals of the search, */
    size_t goal_count;                /* in the order in which they are gone through */
    size_t open;                      /* that are not solved */
};

/* That something was not compared in full; the first time counts. */
void witness_cut(struct witness *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Notes what languages_examples() said, of what it was asked about. */
void witness_check(struct witness *w, enum sg_status status, const char *what, struct slice name);

/* False, and said, when so much effort is too much. */
bool witness_spend(struct witness *w, uint64_t words);

/* New bits, all off; NULL when memory is short. */
uint64_t *witness_bits(struct witness *w);

static inline void witness_set(uint64_t *bits, size_t i)
{
    bits[i / 64] |= UINT64_C(1) << i % 64;
}

static inline bool witness_is_set(const uint64_t *bits, size_t i)
{
    return bits[i / 64] >> i % 64 & 1;
}

/* The side of a document. */
static inline size_t witness_side(const struct witness *w, size_t document)
{
    return document < w->sides[0].count ? 0 : 1;
}

/* Whether the statement counts as matching: an Allow when it does for certain, a Deny when it may. */
static inline bool witness_is_on(const struct statement *statement, enum truth truth)
{
    return statement->deny ? truth != TRUTH_NO : truth == TRUTH_YES;
}

/* Adds an option unless one with the same bits is there. True when it is new. */
bool witness_add(struct witness *w, struct options *options, struct option option);

/* Writes a pattern as a language, with its variables as they are at the moment: none, when one has no value.
 */
void witness_language(const struct witness *w, const struct pattern *pattern, bool universe,
                      struct languages *languages);

struct compared_key *witness_key(const struct witness *w, struct slice name);

/* Each pattern that a condition compares the key with, in the order of the documents. */
void witness_each_compared(const struct witness *w, struct slice key,
                           void (*tell)(void *user, const struct pattern *pattern), void *user);

/* Whether both match the same requests, for certain: they say the same. */
bool witness_are_twins(const struct statement *a, const struct statement *b);

/* Finds the statements that each action is on in, and then the patterns of resources that need be looked at.
 * False when memory is short. */
bool witness_actions(struct witness *w);
bool witness_universe(struct witness *w);

/* The dimensions' options. */
void witness_requests(struct witness *w);
void witness_callers(struct witness *w);
void witness_key_options(struct witness *w, struct compared_key *key);

/* All texts that tell apart how the key's conditions, or the resources' patterns, match. */
void witness_key_texts(struct witness *w, const struct compared_key *key,
                       void (*tell)(void *user, struct slice text), void *user);
void witness_resource_texts(struct witness *w, void (*tell)(void *user, struct slice text), void *user);

/* The values of variables that are worth a try. */
void witness_guess(struct witness *w);

/* Counts the goals, and those that twins leave open. False when memory is short. */
bool witness_plan(struct witness *w);

/* Looks for what has not been found yet, with the options that are there. */
void witness_search(struct witness *w);

/* Adds the request to the differences, in its plainest form, unless there is one like it. */
void witness_tell(struct witness *w, size_t allowed_by, const struct option *request,
                  const struct option *caller, const struct option *const *values);

#endif
