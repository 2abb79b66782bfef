/* A compiled policy document, as evaluate.c reads it. Only for this folder. */
#ifndef SAGEGATE_POLICY_DOCUMENT_H
#define SAGEGATE_POLICY_DOCUMENT_H

#include <jansson.h>

#include "policy/locate.h"
#include "policy/policy.h"

/* Slices into the document's JSON, which the policy keeps. */
struct patterns {
    struct slice *at;
    size_t count;
};

struct statement {
    bool deny;
    struct slice sid;
    struct position position;
    struct patterns actions;
    struct patterns resources;
};

struct policy {
    json_t *document;
    struct statement *statements;
    size_t count;
};

#endif
