/*
 * A request's JSON body, read once for all that it names: strictly, so that the service cannot read another
 * value than we do.
 */
#ifndef SAGEGATE_AWS_JSON_BODY_H
#define SAGEGATE_AWS_JSON_BODY_H

#include <jansson.h>

#include "base/error.h"
#include "base/slice.h"

/*
 * One JSON object and nothing after it, without a key that stands twice in an object. SG_OK, and *json is the
 * caller's; SG_NO_MEMORY; SG_INVALID with err naming line and column. On failure *json is NULL.
 */
enum sg_status json_body_parse(struct slice body, json_t **json, struct sg_error *err);

/*
 * The member of that name, or NULL. Names are compared exactly, as the services do. SG_INVALID when there is
 * one that differs in case alone: should a parser take it all the same, it would read another value than we
 * do.
 */
enum sg_status json_body_member(json_t *object, struct slice name, json_t **found, struct sg_error *err);

#endif
