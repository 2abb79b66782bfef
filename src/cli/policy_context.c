#include "cli/policy_context.h"

#include <stdlib.h>

struct entry {
    struct slice key;
    struct context_values values;
};

struct policy_context {
    json_t *object; /* holds what the slices point to */
    struct slice *values;
    size_t count;
    struct entry entries[];
};

static struct slice string_of(const json_t *value)
{
    return slice_of(json_string_value(value), json_string_length(value));
}

/* Appends what the value holds; false when it is not of strings. */
static bool add_values(struct slice *values, const json_t *value, struct context_values *out)
{
    const json_t *one;
    size_t i;

    out->values = values;
    out->multivalued = json_is_array(value);
    if (json_is_string(value)) {
        values[out->count++] = string_of(value);
        return true;
    }
    json_array_foreach(value, i, one)
    {
        if (!json_is_string(one))
            return false;
        values[out->count++] = string_of(one);
    }
    return json_is_array(value);
}

static const struct entry *find(const struct policy_context *context, struct slice key)
{
    for (size_t i = 0; i < context->count; i++) {
        if (slice_eq_nocase(context->entries[i].key, key))
            return &context->entries[i];
    }
    return NULL;
}

static size_t count_values(json_t *object)
{
    size_t count = 1;
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value) count += json_is_array(value) ? json_array_size(value) : 1;
    return count;
}

static enum sg_status fill(struct policy_context *context, struct sg_error *err)
{
    struct slice *values = context->values;
    const char *key;
    json_t *value;

    json_object_foreach(context->object, key, value)
    {
        struct entry *entry = &context->entries[context->count];

        if (find(context, slice_cstr(key)))
            return sg_fail(err, SG_INVALID, "the key %s stands there twice", key);
        entry->key = slice_cstr(key);
        if (!add_values(values, value, &entry->values))
            return sg_fail(err, SG_INVALID, "the key %s must have a string or a list of strings", key);
        values += entry->values.count;
        context->count++;
    }
    return SG_OK;
}

enum sg_status policy_context_new(json_t *object, struct policy_context **out, struct sg_error *err)
{
    struct policy_context *context =
        calloc(1, sizeof(*context) + json_object_size(object) * sizeof(struct entry));
    enum sg_status status;

    *out = context;
    if (context) {
        context->object = json_incref(object);
        context->values = calloc(count_values(object), sizeof(struct slice));
    }
    status = context && context->values ? fill(context, err) : sg_fail(err, SG_NO_MEMORY, "memory is short");
    if (status != SG_OK) {
        policy_context_free(context);
        *out = NULL;
    }
    return status;
}

void policy_context_free(struct policy_context *context)
{
    if (!context)
        return;
    json_decref(context->object);
    free(context->values);
    free(context);
}

enum context_lookup policy_context_find(void *user, struct slice key, struct context_values *out)
{
    const struct entry *entry = find(user, key);

    if (!entry)
        return CONTEXT_ABSENT;
    *out = entry->values;
    return CONTEXT_FOUND;
}
