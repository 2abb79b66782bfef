/*
 * Where the names in a resource's ARN stand in a request: the rows that operation_table.c carries for each
 * operation, and how the names are fetched. Only for resource.c, operation_key.c and the table; others ask
 * resource.h.
 */
#ifndef SAGEGATE_AWS_SOURCE_H
#define SAGEGATE_AWS_SOURCE_H

#include <stdbool.h>

#include <jansson.h>

#include "aws/arn.h"
#include "aws/resource.h"

enum source_kind {
    SOURCE_NAME,    /* names that make the ARN; the last may be the whole ARN instead */
    SOURCE_ARN,     /* the ARN itself */
    SOURCE_ID,      /* a name where the ARN carries an id that AWS made, or the whole ARN */
    SOURCE_UNKNOWN, /* only this beginning of the ARN is told; with a member: only if that is given */
    SOURCE_TOKEN,   /* not even that: an opaque token stands for it */
};

enum source_place { SOURCE_LABEL, SOURCE_QUERY, SOURCE_HEADER, SOURCE_BODY };

enum source_missing {
    SOURCE_REFUSE, /* the operation requires the member */
    SOURCE_SKIP,   /* the request names no such resource */
    SOURCE_ANY, /* the resource is there, but the request does not say which: the ARN is told up to there */
};

/*
 * `resource` is what follows the account in the ARN, with the request's members in braces:
 *   {Member}         a name; dots lead into structures, [] says list: {Devices[].DeviceName} (last one only);
 *                    in the query, that the parameter may stand several times
 *   {One|Other}      exactly one of the two
 *   {Member:type}    a name, or the ARN of that "type/NAME", whose name and owner are then used
 *   {Member=63-_}    a name of the API model's form: at most 63 letters and digits, and inside '-' and '_'
 * too; a
 *                    '/' at the end of the form says that the ARN may stand in its place
 *   {#Member}        an integer
 *   {+Member}        as many segments as the ARN has (last one only)
 *   {}               a segment that only the ARN tells (SOURCE_ARN)
 */
struct operation_source {
    const char *resource; /* NULL ends the list */
    enum source_kind kind;
    enum source_place place;
    enum source_missing missing;
};

enum { SOURCE_MAX_VARIABLES = 4 };

struct source_variable {
    struct slice members; /* "One|Other"; empty in {} */
    struct slice type;    /* of {Member:type}, else empty */
    char mark;            /* '#', '+' or 0; of a condition key's member also '?', a boolean */
    unsigned name_max;    /* of {Member=63-_}; 0: no form is told, any segment and any ARN will do */
    struct slice inside;  /* what a name may have besides letters and digits, but not first or last */
    bool takes_arn;
};

/* literals[0] variables[0] literals[1] … variables[count - 1] literals[count] */
struct source_template {
    size_t count;
    struct slice literals[SOURCE_MAX_VARIABLES + 1];
    struct source_variable variables[SOURCE_MAX_VARIABLES];
};

/* The template is the table's, so a wrong one is a bug. */
void source_template_parse(const char *resource, struct source_template *template);

/* Whether the name is one segment (or several, when marked so) of the form that the variable has. */
bool source_is_name(const struct source_variable *variable, struct slice name);

/* What names are fetched from. text[0..used) holds those that had to be decoded. */
struct source_request {
    const struct operation_match *match;
    const struct http_head *head;
    json_t *body; /* NULL when no source lives there */
    size_t used;
    char text[4 * ARN_MAX];
};

/* Slices into the request or its text. */
struct source_values {
    size_t count;
    bool missing; /* some place where one was looked for is empty */
    struct slice at[RESOURCE_MAX];
};

/* Fills values (emptied first). SG_OK; SG_INVALID when a member is given twice, is of a wrong type, or there
   are more than RESOURCE_MAX. */
enum sg_status source_fetch(struct source_request *request, enum source_place place,
                            const struct source_variable *variable, struct source_values *values,
                            struct sg_error *err);

#endif
