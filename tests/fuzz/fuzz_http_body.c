/*
 * The body decoder on any bytes: pieces of any size give what the whole gives, content is never longer than
 * what it came from, and a body that ended stays so. The first byte chooses the framing, the second the
 * pieces; the rest is the body.
 */
#include <assert.h>
#include <stdlib.h>

#include "http/body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    enum http_body_result result;
    size_t consumed;
    char *content;
    size_t produced;
    bool complete;
    const char *fault;
};

static char *copy_of(struct slice bytes)
{
    char *copy = malloc(bytes.len ? bytes.len : 1);

    assert(copy);
    if (bytes.len)
        memcpy(copy, bytes.ptr, bytes.len);
    return copy;
}

/* Decodes in pieces of at most `most` bytes, sized by a small generator that starts from seed. */
static struct outcome decode(const struct http_head *head, struct slice bytes, size_t most, unsigned seed)
{
    struct outcome outcome = {.result = HTTP_BODY_MORE, .content = copy_of(bytes)};
    struct http_body body;
    size_t consumed;
    size_t produced;

    http_body_init(&body, head);
    do {
        size_t left = bytes.len - outcome.consumed;
        size_t len = seed % most + 1;
        char *piece;

        len = len < left ? len : left;
        piece = copy_of(slice_of(bytes.ptr + outcome.consumed, len));
        outcome.result = http_body_decode(&body, piece, len, &consumed, &produced);
        assert(produced <= consumed && consumed <= len);
        assert(outcome.result != HTTP_BODY_MORE || consumed == len);
        if (produced)
            memcpy(outcome.content + outcome.produced, piece, produced);
        outcome.consumed += consumed;
        outcome.produced += produced;
        free(piece);
        seed = seed * 1103515245U + 12345U;
    } while (outcome.result == HTTP_BODY_MORE && outcome.consumed < bytes.len);
    outcome.complete = http_body_complete_at_eof(&body);
    outcome.fault = body.fault;
    assert((outcome.result == HTTP_BODY_BAD) == (body.fault != NULL));
    assert(outcome.result != HTTP_BODY_DONE || outcome.complete);

    if (outcome.result != HTTP_BODY_MORE) {
        char more[] = "0\r\n\r\n";

        assert(http_body_decode(&body, more, sizeof(more) - 1, &consumed, &produced) == outcome.result);
        assert(consumed == 0 && produced == 0);
    }
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum http_framing framings[] = {HTTP_CHUNKED, HTTP_CONTENT_LENGTH, HTTP_UNTIL_CLOSE,
                                                 HTTP_NO_BODY};
    struct http_head head = {0};
    struct outcome whole;
    struct outcome pieces;
    struct slice bytes;

    if (size < 2)
        return 0;
    head.framing = framings[data[0] % (sizeof(framings) / sizeof(framings[0]))];
    head.content_length = data[0];
    bytes = slice_of((const char *)data + 2, size - 2);

    whole = decode(&head, bytes, SIZE_MAX, UINT32_MAX);
    pieces = decode(&head, bytes, data[1] % 32 + 1, data[1]);
    assert(whole.result == pieces.result && whole.consumed == pieces.consumed);
    assert(whole.produced == pieces.produced && whole.complete == pieces.complete);
    assert(whole.fault == pieces.fault);
    assert(whole.produced == 0 || memcmp(whole.content, pieces.content, whole.produced) == 0);
    free(whole.content);
    free(pieces.content);
    return 0;
}
