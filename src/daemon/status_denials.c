/* The requests that were denied last, each with the statement that would allow it. */
#include <stdlib.h>

#include "daemon/status.h"

enum { SHOWN = 50 };

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

static json_t *resources_of(const struct denial *denial)
{
    json_t *list = json_array();
    const char *arn = denial->resources;

    for (size_t i = 0; i < denial->resource_count; i++) {
        json_array_append_new(list, json_string(arn));
        arn += strlen(arn) + 1;
    }
    return list;
}

/* As it would stand in the document: a statement for this action on these resources, and no more. */
static json_t *statement_for(const struct denial *denial, json_t *resources)
{
    json_t *statement = json_pack("{s:s}", "Effect", "Allow");

    if (denial->principals)
        json_object_set_new(statement, "Principal", json_string("*"));
    json_object_set_new(statement, "Action", json_string(denial->action));
    if (denial->any_resource || json_array_size(resources) == 0)
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
    json_t *resources = resources_of(denial);
    json_t *json = json_pack(
        "{s:o,s:f,s:s,s:b}", "id", json_sprintf("%zu-%llu", seen->worker, (unsigned long long)denial->number),
        "time", (double)denial->at_ms / 1e3, "listener", denial->listener, "audited", denial->audited);

    set_text(json, "uid", denial->uid);
    set_text(json, "user", denial->user);
    if (denial->pid)
        json_object_set_new(json, "pid", json_integer(denial->pid));
    set_text(json, "method", denial->method);
    set_text(json, "path", denial->path);
    set_text(json, "action", denial->action);
    set_text(json, "request_id", denial->request_id);
    set_text(json, "reason", denial->message);
    set_text(json, "policy", denial->policy);
    json_object_set(json, "resources", resources);
    if (denial->statement_helps)
        json_object_set_new(json, "statement", statement_for(denial, resources));
    json_decref(resources);
    return json;
}

json_t *status_denials(const struct overview *overview)
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
    free(all);
    return list;
}
