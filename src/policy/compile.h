/*
 * What the compiler's parts share: where in the document they are, and how they say what is wrong. Reading
 * goes down and up with compile_member(), compile_element() and compile_up(); a problem is told at the place
 * at hand. Only for this folder.
 */
#ifndef SAGEGATE_POLICY_COMPILE_H
#define SAGEGATE_POLICY_COMPILE_H

#include <jansson.h>

#include "base/quote.h"
#include "policy/document.h"
#include "policy/locate.h"

struct compiler {
    struct locator locator;
    struct policy *policy;
    policy_report *report;
    void *user;
    bool variables; /* Version is 2012-10-17: ${…} is a variable */
    bool failed;
};

void compile_error(struct compiler *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
void compile_warning(struct compiler *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Zeroed memory of the policy; NULL, and the error told, when there is none. */
void *compile_alloc(struct compiler *c, size_t count, size_t size);

struct slice compile_string(const json_t *value);

/* Warns of what looks like a variable and is none, since the document's Version is too old. */
void compile_warn_of_variable(struct compiler *c, struct slice text);

/* One member that an object may have. */
struct member {
    const char *name;
    bool required;
    void (*read)(struct compiler *c, json_t *value, void *target);
};

/* Reads the members of an object by the table, which ends with a row without name, in the order of the
 * document; reports those that it does not know and those that are missing. `what` is "the statement". */
void compile_object(struct compiler *c, json_t *object, const struct member *members, void *target,
                    const char *what);

/* A value, or a list of values: how many, and one after the other. */
size_t compile_count(const json_t *value);
void compile_each(struct compiler *c, json_t *value,
                  void (*read)(struct compiler *c, json_t *one, size_t index, void *target), void *target);

/* The elements of a statement that have files of their own. */
void compile_principals(struct compiler *c, json_t *value, struct principals *out);
void compile_conditions(struct compiler *c, json_t *value, struct statement *statement);

/* One statement, at its place. */
void compile_statement(struct compiler *c, json_t *value, struct statement *out);

#endif
