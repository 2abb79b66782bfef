/*
 * The smallest readable policy document that allows what was seen, and nothing else: one for a VPC endpoint
 * and for sagegate alike. Pure: where what was seen comes from is the caller's to say.
 */
#ifndef SAGEGATE_POLICY_SUGGEST_H
#define SAGEGATE_POLICY_SUGGEST_H

#include "base/arena.h"
#include "base/buffer.h"

/* An action on a resource, seen at a listener. */
struct sighting {
    struct slice listener, action;
    struct slice resource; /* an ARN, maybe told up to a '*' at its end alone; "*" for none */
};

/* Zero-initialise; suggestion_free() releases. */
struct suggestion {
    struct arena arena;
    struct sighting *at; /* none twice */
    size_t count, room;
    size_t *slots; /* of a hash table: numbers from 1 */
    size_t slot_count;
    bool failed; /* memory is short */
};

/* Copies what it is given. */
void suggestion_add(struct suggestion *suggestion, struct slice listener, struct slice action,
                    struct slice resource);

/*
 * Appends the document: JSON, indented, with a newline at its end. Statements stand listener by listener, and
 * say by their Sid of which. Each is of actions that were seen on all of its resources. `wildcards` puts
 * "stem-*" in place of names of one type that differ after a stem alone: up to the first part of the name
 * that is a number, else up to its last part. False when memory is short, or what was seen is no text.
 */
bool suggestion_write(const struct suggestion *suggestion, bool wildcards, struct buffer *out);

void suggestion_free(struct suggestion *suggestion);

#endif
