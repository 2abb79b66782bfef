/*
 * The condition keys of any request: whatever comes, a key that is found has values inside the request or its
 * own memory, they stay where they are while others are looked up, what cannot be read refuses the request
 * and says why, and the same key is the same again. Input: the name of a key in the first line, then a
 * request.
 */
#include <assert.h>

#include "aws/condition_keys.h"
#include "fuzz/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct caller_identity identity = {
    .account = SLICE_INIT("123456789012"),
    .principal_arn = SLICE_INIT("arn:aws:iam::123456789012:role/r"),
    .principal_type = SLICE_INIT("AssumedRole"),
};
static const struct key_host host = {
    .region = SLICE_INIT("us-west-2"),
    .source_vpce = SLICE_INIT("vpce-0a"),
    .vpc_endpoint = true,
    .identity = &identity,
    .now = 1440938160,
};

/* Reads every byte of every value, so that the sanitizers see where they lie. */
static size_t weigh(const struct key_values *values)
{
    size_t sum = values->count;

    for (size_t i = 0; i < values->count; i++) {
        for (size_t k = 0; k < values->values[i].len; k++)
            sum += (unsigned char)values->values[i].ptr[k];
    }
    return sum;
}

static enum key_status find(struct condition_keys *keys, struct slice name, struct key_values *values)
{
    enum key_status status = condition_keys_find(keys, name, values);

    assert(status == KEY_FOUND || (values->count == 0 && !values->multivalued));
    assert(status != KEY_FOUND || values->count > 0);
    assert(values->count <= 1 || values->multivalued);
    assert(keys->status == SG_OK || (keys->status == SG_INVALID && keys->err->text[0]));
    assert(!keys->body_wanted || !keys->request.body);
    return status;
}

static void look_up(const struct operation_match *match, const struct http_head *head, json_t *body,
                    struct slice name)
{
    struct condition_keys keys;
    struct sg_error err = {.text = ""};
    struct key_values first, other, again;
    enum key_status status;
    size_t weight;

    condition_keys_init(&keys, match, head, body, &owner, &host, &err);
    status = find(&keys, name, &first);
    weight = weigh(&first);
    for (size_t i = 0; condition_keys_name(i); i++)
        find(&keys, slice_cstr(condition_keys_name(i)), &other);
    assert(find(&keys, name, &again) == status);
    assert(again.values == first.values && again.count == first.count && weigh(&first) == weight);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = slice_of((const char *)data, size), name;
    struct operation_match match;
    struct sg_error err;
    struct http_head head;
    json_t *body;

    slice_split(&rest, '\n', &name);
    if (!read_head(&rest, &head) || operation_find(&head, &match, &err) != SG_OK)
        return 0;
    look_up(&match, &head, NULL, name);
    if (json_body_parse(rest, &body, &err) == SG_OK)
        look_up(&match, &head, body, name);
    json_decref(body);
    return 0;
}
