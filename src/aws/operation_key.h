/*
 * Where the values of an action's own condition keys stand in its request: the rows that operation_table.c
 * carries for each operation, and how the values are fetched. Only for condition_keys.c and the table; others
 * ask condition_keys.h.
 */
#ifndef SAGEGATE_AWS_OPERATION_KEY_H
#define SAGEGATE_AWS_OPERATION_KEY_H

#include "aws/condition_keys.h"

enum key_kind {
    KEY_STRING,
    KEY_NUMBER,
    KEY_BOOL,
    KEY_ARN, /* a string; what is no ARN (the bare id of a KMS key) is not known to AWS's policies as such */
    KEY_ARN_OF,   /* of names: members is a template of source.h */
    KEY_CROWD,    /* the second segment of a work team's ARN */
    KEY_GIVEN,    /* "true" when the structure is there, else "false" */
    KEY_PAIRS,    /* NAME/KEY, the Value of that Key in a list of both */
    KEY_MAP,      /* NAME/KEY, the value of that key in a JSON object */
    KEY_MAP_KEYS, /* the keys of a JSON object */
    KEY_UNTOLD,   /* the request does not tell */
};

enum key_missing {
    MISSING_ABSENT,  /* the key is absent when the request has no value; some are enough */
    MISSING_EVERY,   /* absent without any; but when only some elements of a list have one, nobody knows */
    MISSING_UNKNOWN, /* the service puts its default in: AWS does not say whether the key then has it */
};

struct operation_key {
    const char *name; /* "aws:RequestTag/": with anything after it; NULL ends the list */
    enum key_kind kind;
    bool multivalued; /* a list by its type */
    enum source_place place;
    enum key_missing missing;
    const char *members; /* paths as in source.h, all of which are read, with a '|' between them */
};

/* The names that any operation's rows have, sorted, and NULL: what an action does not carry is absent. */
extern const char *const operation_key_names[];

/* Whether name (any case) is the row's; what follows "NAME/" is left in *rest. */
bool operation_key_is(const char *row, struct slice name, struct slice *rest);

/* As condition_keys_find(). rest: what the key's name has after the row's. */
enum key_status operation_key_fetch(struct condition_keys *keys, const struct operation_key *row,
                                    struct slice rest, struct key_values *out);

#endif
