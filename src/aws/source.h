/*
 * Where the names in a resource's ARN stand in a request: the rows that operation_table.c carries for each
 * operation, and how the names are fetched. Only for resource.c and the table; others ask resource.h.
 */
#ifndef SAGEGATE_AWS_SOURCE_H
#define SAGEGATE_AWS_SOURCE_H

#include <stdbool.h>

#include <jansson.h>

#include "aws/operation.h"

enum source_kind {
    SOURCE_NAME,    /* names that make the ARN; the last may be the whole ARN instead */
    SOURCE_ARN,     /* the ARN itself */
    SOURCE_ID,      /* a name where the ARN carries an id that AWS made, or the whole ARN */
    SOURCE_UNKNOWN, /* nothing in the request tells the ARN; with a member: only if that is given */
};

enum source_place { SOURCE_LABEL, SOURCE_QUERY, SOURCE_HEADER, SOURCE_BODY };

enum source_missing {
    SOURCE_REFUSE, /* the operation requires the member */
    SOURCE_SKIP,   /* the request names no such resource */
    SOURCE_ANY,    /* the resource is there, but the request does not say which */
};

/*
 * `resource` is what follows the account in the ARN, with the request's members in braces:
 *   {Member}         a name; dots lead into structures, [] says list: {Devices[].DeviceName} (last one only)
 *   {One|Other}      exactly one of the two
 *   {Member:type}    a name, or the ARN of that "type/NAME", whose name and owner are then used
 *   {#Member}        an integer
 *   {+Member}        as many segments as the ARN has (last one only)
 *   {}               a segment that only the ARN tells (SOURCE_ARN)
 * Nothing in it names more than SOURCE_MAX_VARIABLES.
 */
struct operation_source {
    const char *resource; /* NULL ends the list */
    enum source_kind kind;
    enum source_place place;
    enum source_missing missing;
};

#endif
