/*
 * Where the elements of a JSON document stand: jansson gives no positions, so the text, already known to be
 * valid, is walked along with the tree. Going down and up in the order of the document reads each byte a few
 * times at most; any other order works too, only slower.
 */
#ifndef SAGEGATE_POLICY_LOCATE_H
#define SAGEGATE_POLICY_LOCATE_H

#include "base/slice.h"

struct position {
    unsigned line, column; /* from 1; columns count bytes */
};

enum { LOCATOR_DEPTH = 8 };

struct place {
    size_t at;
    struct position position;
};

struct locator_level {
    struct place here; /* the element at hand: of a member, its key */
    size_t index;      /* of the element at hand, from 0 */
    bool entered;      /* here is set, since the level above moved */
};

struct locator {
    struct slice text;
    size_t depth;
    struct locator_level levels[LOCATOR_DEPTH + 1];
};

/* Starts at the outermost value. */
struct locator locator_start(struct slice text);

/* Down to a member or element of the value at hand, by its number in the text, where jansson's iteration has
 * it too. At most LOCATOR_DEPTH deep; it must be there. */
void locator_down(struct locator *l, size_t index);

void locator_up(struct locator *l);

/* Of the element at hand: of a member, its key. */
struct position locator_position(const struct locator *l);

/* The value at hand as it is written; for numbers, whose digits the tree does not keep. */
struct slice locator_value(const struct locator *l);

#endif
