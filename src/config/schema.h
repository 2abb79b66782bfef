/*
 * What a YAML mapping may hold, said as a table, and the one walk that reads any document by such tables into
 * a struct. The tables bound the walk: an alias that contains itself ends it no later than anything else. Not
 * for what the values mean: see keys.c and the readers it names.
 */
#ifndef SAGEGATE_CONFIG_SCHEMA_H
#define SAGEGATE_CONFIG_SCHEMA_H

#include <stdint.h>
#include <yaml.h>

#include "config/problems.h"

struct schema_key;

/*
 * Puts a scalar at target (text is not empty and holds no control characters). NULL when it was right, else a
 * clause that says what would be: "it must be …".
 */
typedef const char *schema_read(const struct schema_key *key, struct slice text, void *target);

struct schema_choice {
    const char *name; /* NULL ends the list */
    int value;
};

struct schema_key {
    const char *name;
    size_t target;                /* offset in the struct that the mapping fills */
    const struct schema *mapping; /* the value is a mapping, into the struct at target; … */
    const struct schema *items;   /* … or a list of mappings: target holds a pointer to an array, … */
    size_t count_target;          /* … count_target its length (size_t), … */
    size_t max_items;             /* … at most this; … */
    schema_read *read;            /* … or a scalar, read by this; … */
    size_t max_words; /* … or, unless 0, a list of at most so many, which `read` gathers in target; … */
    size_t mapping_target; /* … then one of them may be a mapping, if there is one, into the struct here */
    const char *want;      /* what the reader answers when there's nothing more exact to say */
    uint64_t min, max;     /* for readers of numbers */
    const struct schema_choice *choices; /* for schema readers of words */
    const char *initial;                 /* the default, as it would stand in the file */
    const char *missing;                 /* makes the key required: the sentence that says so */
};

struct schema {
    const char *where; /* "in tls" */
    const struct schema_key *keys;
    size_t count;
    size_t size; /* of the struct, for items of a list */
    /*
     * What no single key can tell; may be NULL. given[i] is where keys[i] stands, line 0 if it does not.
     * index: how many items of the same list lie before target in memory.
     */
    void (*check)(struct problems *problems, const struct mark *given, struct mark at, void *target,
                  size_t index);
};

enum { SCHEMA_KEYS_MAX = 32 };

/* Fills target with the defaults of all keys, those of mappings inside included. */
void schema_defaults(const struct schema *schema, void *target);

/* Reads a document into target, which holds the defaults; every problem is reported. */
void schema_walk(const struct schema *schema, yaml_document_t *document, struct problems *problems,
                 void *target);

struct mark schema_mark(const yaml_mark_t *mark);

#endif
