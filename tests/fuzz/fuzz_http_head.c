/*
 * The head parsers on any bytes: the scanner finds the same end however the bytes come, and agrees with the
 * parsers; slices lie within the input; what a parser accepts, written anew, is accepted as the same head.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "http/head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_within(struct slice part, struct slice whole)
{
    if (part.ptr)
        assert(part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

static void check_same(struct slice a, struct slice b)
{
    assert(slice_eq(a, b) && !a.ptr == !b.ptr);
}

/* The scanner given all bytes at once, and the same bytes in steps that the input chooses. Steps may show
 * earlier that the head is bad. */
static enum http_scan check_scan(struct slice bytes, size_t *end)
{
    enum http_scan whole;
    enum http_scan steps;
    size_t scanned = 0;
    size_t len = 0;

    *end = 0;
    whole = http_head_scan(bytes, end);
    do {
        len += len < bytes.len ? 1 + (unsigned char)bytes.ptr[len] % 7 : 0;
        len = len < bytes.len ? len : bytes.len;
        steps = http_head_scan(slice_of(bytes.ptr, len), &scanned);
    } while (steps == HTTP_SCAN_MORE && len < bytes.len);
    assert(steps == whole || (steps == HTTP_SCAN_BAD && whole == HTTP_SCAN_COMPLETE));
    if (steps != HTTP_SCAN_BAD)
        assert(scanned == *end);
    return steps;
}

static void check_head(const struct http_head *head, struct slice bytes)
{
    struct slice whole = slice_of(bytes.ptr, head->length);

    check_within(whole, bytes);
    check_within(head->method, whole);
    check_within(head->target, whole);
    check_within(head->path, whole);
    check_within(head->query, whole);
    check_within(head->reason, whole);
    assert(head->count <= HTTP_MAX_FIELDS);
    assert(head->content_length <= INT64_MAX);
    for (size_t i = 0; i < head->count; i++) {
        assert(head->fields[i].name.len > 0);
        check_within(head->fields[i].name, whole);
        check_within(head->fields[i].value, whole);
        assert(head->name_of[i] == http_name_of(head->fields[i].name));
        assert(http_head_has(head, head->name_of[i]) && head->first[head->name_of[i]] <= i);
    }
}

static void write_fields(struct buffer *out, const struct http_head *head)
{
    for (size_t i = 0; i < head->count; i++) {
        buffer_append(out, head->fields[i].name);
        buffer_append(out, SLICE(":"));
        buffer_append(out, head->fields[i].value);
        buffer_append(out, SLICE("\r\n"));
    }
    buffer_append(out, SLICE("\r\n"));
    assert(!out->failed);
}

static void check_same_head(const struct http_head *a, const struct http_head *b)
{
    check_same(a->method, b->method);
    check_same(a->target, b->target);
    check_same(a->path, b->path);
    check_same(a->query, b->query);
    check_same(a->reason, b->reason);
    assert(a->status == b->status && a->minor == b->minor && a->keep_alive == b->keep_alive);
    assert(a->connection_names == b->connection_names && a->expect_continue == b->expect_continue);
    assert(a->framing == b->framing && a->content_length == b->content_length && a->count == b->count);
    for (size_t i = 0; i < a->count; i++) {
        check_same(a->fields[i].name, b->fields[i].name);
        check_same(a->fields[i].value, b->fields[i].value);
        assert(http_field_is_hop_by_hop(a, i) == http_field_is_hop_by_hop(b, i));
    }
}

/* A refusal has its reason, and only an acceptable one. */
static void check_error(const struct sg_error *err)
{
    assert(err->status == SG_INVALID && err->text[0]);
    for (const char *p = err->text; *p; p++)
        assert(*p >= ' ' && *p <= '~');
}

static void fuzz_request(struct slice bytes, enum http_scan scan, size_t end)
{
    static struct http_head head;
    static struct http_head again;
    struct sg_error err = {0};
    struct buffer out = {0};

    if (http_request_parse(bytes, &head, &err)) {
        check_error(&err);
        return;
    }
    assert(scan == HTTP_SCAN_COMPLETE && head.length == end);
    check_head(&head, bytes);
    buffer_append(&out, head.method);
    buffer_append(&out, SLICE(" "));
    buffer_append(&out, head.target);
    buffer_printf(&out, " HTTP/1.%d\r\n", head.minor);
    write_fields(&out, &head);
    assert(http_request_parse(buffer_slice(&out), &again, &err) == 0);
    assert(again.length == out.len);
    check_same_head(&head, &again);
    buffer_free(&out);
}

static void fuzz_response(struct slice bytes, bool to_head, enum http_scan scan, size_t end)
{
    static struct http_head head;
    static struct http_head again;
    struct sg_error err = {0};
    struct buffer out = {0};

    if (http_response_parse(bytes, to_head, &head, &err)) {
        check_error(&err);
        return;
    }
    assert(scan == HTTP_SCAN_COMPLETE && head.length == end);
    check_head(&head, bytes);
    buffer_printf(&out, "HTTP/1.%d %d ", head.minor, head.status);
    buffer_append(&out, head.reason);
    buffer_append(&out, SLICE("\r\n"));
    write_fields(&out, &head);
    assert(http_response_parse(buffer_slice(&out), to_head, &again, &err) == SG_OK);
    check_same_head(&head, &again);
    buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_of((const char *)data, size);
    size_t end;
    enum http_scan scan = check_scan(bytes, &end);

    fuzz_request(bytes, scan, end);
    fuzz_response(bytes, size % 2, scan, end);
    return 0;
}
