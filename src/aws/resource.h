/*
 * Which resources a request names, as ARNs: from the path's labels, headers, query and JSON body, by the rows
 * that each operation carries. A name becomes an ARN of the configured account and region; a member that may
 * carry a full ARN is taken as it is (so other accounts' resources are seen as such). Of some, such as one
 * that is about to get an id, a request tells only how the ARN begins.
 */
#ifndef SAGEGATE_AWS_RESOURCE_H
#define SAGEGATE_AWS_RESOURCE_H

#include <jansson.h>

#include "aws/operation.h"
#include "base/buffer.h"

/* Whose names become ARNs. */
struct resource_owner {
    struct slice partition;
    struct slice region;
    struct slice account;
};

enum { RESOURCE_MAX = 256 };

/* Zero-initialise, reuse between requests, resource_list_free() at the end. No ARN stands in it twice. */
struct resource_list {
    size_t count;
    struct buffer text; /* a blank after each */
    struct {
        size_t offset, len; /* in text */
        bool goes_on;       /* told up to a '*' at its end; "*" alone when not even whose it is */
    } arns[RESOURCE_MAX];
};

/* Whether the request's body must be read before its resources are known. */
bool resource_needs_body(const struct operation *operation);

/*
 * Fills list (emptied first, and empty on failure) with every resource the request names. An operation
 * without resource types gives count 0: it is evaluated against "*" (as AWS does). body
 * (json_body.h) is read only when resource_needs_body(). Names stand in the ARNs as the request has them:
 * services that lower-case them are not imitated. SG_OK; SG_NO_MEMORY; SG_INVALID with err naming the member
 * when a required member is missing or of a wrong type, a member that decides is given twice, or a name
 * cannot be part of an ARN.
 */
enum sg_status resource_list_build(const struct operation_match *match, const struct http_head *head,
                                   json_t *body, const struct resource_owner *owner,
                                   struct resource_list *list, struct sg_error *err);

/* All of them as a policy would name them, parted by blanks, which no ARN has in it: "*" for none. */
struct slice resource_list_text(const struct resource_list *list);

struct slice resource_list_at(const struct resource_list *list, size_t i);

/* Whether it is told only up to the '*' that ends it. */
bool resource_list_goes_on(const struct resource_list *list, size_t i);

void resource_list_free(struct resource_list *list);

/* For who checks policies. Whether the operation may have a resource of this type ("endpoint"); of any type,
 * when len is 0. */
bool resource_is_of_type(const struct operation *operation, struct slice type);

/* The type of the operation's resources of its row i, from 0: of len 0 when they may be of any. False after
 * the last row. */
bool resource_type_at(const struct operation *operation, size_t i, struct slice *type);

/* Whether a request for the operation may name no resource. */
bool resource_may_be_none(const struct operation *operation);

/* Whether any operation has resources of this type by name. */
bool resource_type_is_known(struct slice type);

#endif
