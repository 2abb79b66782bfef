/*
 * An Authorization header and its request, of whatever bytes: what is claimed lies in the header and is
 * complete; every field that decides is signed, once; a date that is taken is written the same way.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "aws/sigv4_claim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_part(struct slice part, struct slice whole)
{
    assert(part.len > 0 && part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

static bool is_among(const struct http_field *field, const struct http_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (fields[i].name.ptr == field->name.ptr && fields[i].value.ptr == field->value.ptr)
            return true;
    }
    return false;
}

static bool decides(struct slice name)
{
    return slice_eq_nocase(name, SLICE("host")) || slice_starts_nocase(name, SLICE("x-amz-")) ||
           (slice_starts_nocase(name, SLICE("x-amzn-")) && !slice_eq_nocase(name, SLICE("x-amzn-trace-id")));
}

static void check_fields(const struct http_head *head, const struct http_field *fields, size_t count)
{
    assert(count >= 2 && count <= HTTP_MAX_FIELDS);
    for (size_t i = 0; i < head->count; i++)
        assert(!decides(head->fields[i].name) || is_among(&head->fields[i], fields, count));
    for (size_t i = 0; i < count; i++)
        assert(http_head_find(head, fields[i].name)->name.ptr == fields[i].name.ptr);
}

static void check_date(struct slice text)
{
    char again[SIGV4_DATE_LEN + 1];
    int64_t seconds;

    if (!sigv4_parse_date(text, &seconds))
        return;
    sigv4_format_date(seconds, again);
    assert(slice_eq(text, slice_cstr(again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http_head head;
    struct http_field fields[HTTP_MAX_FIELDS];
    const struct http_field *field;
    struct sigv4_claim claim;
    size_t count;

    if (http_request_parse(slice_of((const char *)data, size), &head, NULL) != 0)
        return 0;
    field = http_head_field(&head, FIELD_X_AMZ_DATE);
    if (field)
        check_date(field->value);
    field = http_head_field(&head, FIELD_AUTHORIZATION);
    if (!field || !sigv4_claim_parse(field->value, &claim))
        return 0;
    check_part(claim.signed_headers, field->value);
    check_part(claim.signature, field->value);
    assert(claim.signature.len == SIGV4_SIGNATURE_LEN);
    if (sigv4_claim_fields(&claim, &head, fields, &count))
        check_fields(&head, fields, count);
    return 0;
}
