/* A compiled policy document, as evaluation reads it. Only for this folder and compare/. */
#ifndef SAGEGATE_POLICY_DOCUMENT_H
#define SAGEGATE_POLICY_DOCUMENT_H

#include "policy/condition.h"
#include "policy/index.h"
#include "policy/locate.h"
#include "policy/pattern.h"
#include "policy/principal.h"

/* Action, NotAction, Resource or NotResource. */
struct patterns {
    struct pattern *at;
    struct position *positions;
    size_t count;
    bool negated; /* NotAction, NotResource */
};

/* Condition rows with the places of their keys. */
struct conditions {
    struct condition *at;
    struct position *positions;
    size_t count;
};

struct statement {
    bool deny;
    struct slice sid;
    struct position position;
    struct patterns actions;
    struct patterns resources;
    struct principals principals;
    struct conditions conditions;
};

/* Everything is in the arena. */
struct policy {
    struct arena arena;
    struct statement *statements;
    size_t count;
    struct statement_index indexes[2]; /* of those that allow, and of those that deny */
};

/* Whether one of them matches; by NotAction and NotResource, none. */
enum truth patterns_match(const struct patterns *patterns, struct slice text, struct context *context);

#endif
