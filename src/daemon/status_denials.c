/* What was denied of late, each with the statement that would allow it; and a policy for what audit mode has
 * let through.
 */
#include <stdlib.h>

#include "daemon/status.h"
#include "policy/suggest.h"

enum { SHOWN = 100 };

struct seen {
    size_t worker;
    struct denial denial;
};

static int newest_first(const void *a, const void *b)
{
    const struct denial *one = &((const struct seen *)a)->denial, *other = &((const struct seen *)b)->denial;

    if (one->at_ms != other->at_ms)
        return one->at_ms < other->at_ms ? 1 : -1;
    return (one->number < other->number) - (one->number > other->number);
}

static json_t *resources_of(const struct denial_kind *kind)
{
    json_t *list = json_array();
    const char *arn = kind->resources;

    for (size_t i = 0; i < kind->resource_count; i++) {
        json_array_append_new(list, json_string(arn));
        arn += strlen(arn) + 1;
    }
    return list;
}

static void suggest(struct suggestion *suggestion, const struct denial_kind *kind)
{
    const char *arn = kind->resources;

    if (kind->resource_count == 0)
        suggestion_add(suggestion, slice_cstr(kind->listener), slice_cstr(kind->action), SLICE("*"));
    for (size_t i = 0; i < kind->resource_count; i++) {
        suggestion_add(suggestion, slice_cstr(kind->listener), slice_cstr(kind->action), slice_cstr(arn));
        arn += strlen(arn) + 1;
    }
}

/* As it would stand in the document: a statement for this action on these resources, and no more. */
static json_t *statement_for(const struct denial_kind *kind, json_t *resources)
{
    json_t *statement = json_pack("{s:s}", "Effect", "Allow");

    if (kind->principals)
        json_object_set_new(statement, "Principal", json_string("*"));
    json_object_set_new(statement, "Action", json_string(kind->action));
    if (json_array_size(resources) == 0)
        json_object_set_new(statement, "Resource", json_string("*"));
    else if (json_array_size(resources) == 1)
        json_object_set(statement, "Resource", json_array_get(resources, 0));
    else
        json_object_set(statement, "Resource", resources);
    return statement;
}

static void set_text(json_t *object, const char *key, const char *text)
{
    if (text[0])
        json_object_set_new(object, key, json_string(text));
}

static json_t *denial_json(const struct seen *seen)
{
    const struct denial *denial = &seen->denial;
    const struct denial_kind *kind = &denial->kind;
    json_t *resources = resources_of(kind);
    json_t *json = json_pack("{s:o,s:f,s:I,s:s,s:b}", "id",
                             json_sprintf("%zu-%llu", seen->worker, (unsigned long long)denial->number),
                             "time", (double)denial->at_ms / 1e3, "count", (json_int_t)denial->count,
                             "listener", kind->listener, "audited", kind->audited);

    set_text(json, "uid", kind->uid);
    set_text(json, "user", kind->user);
    if (denial->pid)
        json_object_set_new(json, "pid", json_integer(denial->pid));
    set_text(json, "method", kind->method);
    set_text(json, "path", kind->path);
    set_text(json, "action", kind->action);
    set_text(json, "request_id", denial->request_id);
    set_text(json, "reason", kind->message);
    set_text(json, "policy", kind->policy);
    json_object_set(json, "resources", resources);
    if (kind->statement_helps)
        json_object_set_new(json, "statement", statement_for(kind, resources));
    json_decref(resources);
    return json;
}

/* What would allow all that audit mode has let through against the policies, and whether it is all. */
static json_t *suggestion_of(const struct overview *overview, const struct seen *all, size_t count)
{
    struct suggestion suggestion = {.count = 0};
    struct buffer document = {0};
    json_t *json = NULL;
    bool complete = true;

    for (size_t i = 0; i < overview->worker_count; i++)
        complete = complete && counter_read(&overview->workers[i]->denials.forgotten) == 0;
    for (size_t i = 0; i < count; i++) {
        const struct denial_kind *kind = &all[i].denial.kind;

        if (kind->audited && kind->statement_helps)
            suggest(&suggestion, kind);
        complete = complete && (!kind->audited || kind->statement_helps || !kind->unmatched);
    }
    if (suggestion.count && suggestion_write(&suggestion, false, &document))
        json = json_pack("{s:s%,s:b}", "document", document.data, document.len, "complete", complete);
    buffer_free(&document);
    suggestion_free(&suggestion);
    return json;
}

void status_add_denials(const struct overview *overview, json_t *status)
{
    struct seen *all = calloc(overview->worker_count * DENIALS_KEPT, sizeof(*all));
    json_t *list = json_array();
    size_t count = 0;

    for (size_t worker = 0; all && worker < overview->worker_count; worker++) {
        for (size_t i = 0; i < DENIALS_KEPT; i++) {
            all[count].worker = worker;
            count += denials_read(&overview->workers[worker]->denials, i, &all[count].denial);
        }
    }
    if (all)
        qsort(all, count, sizeof(*all), newest_first);
    for (size_t i = 0; i < count && i < SHOWN; i++)
        json_array_append_new(list, denial_json(&all[i]));
    json_object_set_new(status, "denials", list);
    json_object_set_new(status, "suggestion", suggestion_of(overview, all, count));
    free(all);
}
