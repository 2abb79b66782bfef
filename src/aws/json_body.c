#include "aws/json_body.h"

#include "base/json_memory.h"

/* Bodies that name something are small; JSON takes many times its size in memory. */
enum { MAX_JSON = 8 * 1024 * 1024 };

enum sg_status json_body_parse(struct slice body, json_t **json, struct sg_error *err)
{
    json_error_t error;

    *json = NULL;
    if (body.len > MAX_JSON)
        return sg_fail(err, SG_INVALID, "the body has %zu bytes; one that the policy depends on may have %d",
                       body.len, MAX_JSON);
    json_memory_watch();
    *json = json_loadb(body.ptr ? body.ptr : "", body.len, JSON_REJECT_DUPLICATES, &error);
    if (json_memory_was_short()) {
        json_decref(*json);
        *json = NULL;
        return sg_fail(err, SG_NO_MEMORY, "no memory to read a body of %zu bytes", body.len);
    }
    if (json_is_object(*json))
        return SG_OK;
    if (*json) {
        json_decref(*json);
        *json = NULL;
        return sg_fail(err, SG_INVALID, "the body is JSON, but not an object");
    }
    /* Jansson has a text for every fault of the input, but not each time that memory is short. */
    if (json_error_code(&error) == json_error_out_of_memory || !error.text[0])
        return sg_fail(err, SG_NO_MEMORY, "no memory to read a body of %zu bytes", body.len);
    return sg_fail(err, SG_INVALID, "the body is not one JSON object: %s at line %d, column %d",
                   json_error_code(&error) == json_error_duplicate_key ? "a key is given twice"
                                                                       : "syntax error",
                   error.line, error.column);
}

enum sg_status json_body_member(json_t *object, struct slice name, json_t **found, struct sg_error *err)
{
    const char *key;
    json_t *value;

    *found = NULL;
    json_object_foreach(object, key, value)
    {
        if (slice_eq(slice_cstr(key), name))
            *found = value;
        else if (slice_eq_nocase(slice_cstr(key), name))
            return sg_fail(err, SG_INVALID, "the body has %s, which is written %.*s", key, SLICE_FMT(name));
    }
    return SG_OK;
}
