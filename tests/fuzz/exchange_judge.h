/*
 * What must be true of the bytes of an exchange, whoever sent what: judged from the bytes alone, as the two
 * ends see them.
 */
#ifndef SAGEGATE_FUZZ_EXCHANGE_JUDGE_H
#define SAGEGATE_FUZZ_EXCHANGE_JUDGE_H

#include <assert.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "aws/sigv4_claim.h"
#include "base/buffer.h"
#include "http/body.h"

enum { REQUESTS_MAX = 512, HASH = 65 };

/* What one client has sent, as RFC 9112 reads it when it is all there. */
struct requests {
    size_t count; /* also of one that is not whole, or wrong */
    bool to_head[REQUESTS_MAX];
    char hash[REQUESTS_MAX][HASH]; /* SHA-256 of its body; "" when that is not whole */
};

static inline void hash_of(struct slice body, char hash[HASH])
{
    unsigned char digest[32];

    assert(EVP_Digest(body.ptr ? body.ptr : "", body.len, digest, NULL, EVP_sha256(), NULL) == 1);
    for (size_t i = 0; i < sizeof(digest); i++)
        snprintf(hash + 2 * i, 3, "%02x", digest[i]);
}

/* Of a message at the front: its body, decoded in place, when it is whole. */
static inline enum http_body_result take_body(const struct http_head *head, struct slice *bytes,
                                              struct slice *body)
{
    char *data = (char *)(uintptr_t)bytes->ptr + head->length;
    struct http_body framing;
    size_t consumed = 0, produced = 0;
    enum http_body_result result;

    http_body_init(&framing, head);
    result = http_body_decode(&framing, data, bytes->len - head->length, &consumed, &produced);
    *body = slice_of(data, produced);
    *bytes = slice_from(*bytes, head->length + consumed);
    return result;
}

static inline struct slice copy_of(struct slice bytes, char **memory)
{
    *memory = malloc(bytes.len + 1);
    if (bytes.len)
        memcpy(*memory, bytes.ptr, bytes.len);
    return slice_of(*memory, bytes.len);
}

static inline void read_requests(struct slice sent, struct requests *requests)
{
    static struct http_head head;
    struct slice body;
    char *memory;
    struct slice rest = copy_of(sent, &memory);

    requests->count = 0;
    while (rest.len && requests->count < REQUESTS_MAX) {
        size_t at = requests->count++;

        requests->to_head[at] = false;
        requests->hash[at][0] = '\0';
        if (http_request_parse(rest, &head, NULL) != 0)
            break;
        requests->to_head[at] = slice_eq(head.method, SLICE("HEAD"));
        if (take_body(&head, &rest, &body) != HTTP_BODY_DONE)
            break;
        hash_of(body, requests->hash[at]);
    }
    free(memory);
}

/* An answer that was as long as sagegate takes them, and has sagegate's own fields besides. */
static inline bool is_longer_than_taken(struct slice rest)
{
    const char *end = memmem(rest.ptr, rest.len, "\r\n\r\n", 4);
    size_t fields = 0;

    for (const char *p = rest.ptr; end && p < end; p++)
        fields += *p == '\n';
    return end && (end + 4 - rest.ptr > HTTP_MAX_HEAD || fields > HTTP_MAX_FIELDS);
}

/* One final answer a request at most, each in good form, the last one maybe cut. */
static inline void judge_answers(struct slice got, const struct requests *requests)
{
    static struct http_head head;
    struct sg_error err;
    struct slice body;
    size_t count = 0, scanned;
    char *memory;
    struct slice rest = copy_of(got, &memory);

    while (rest.len) {
        scanned = 0;
        if (http_head_scan(rest, &scanned) == HTTP_SCAN_MORE)
            break;
        assert(count < requests->count);
        if (is_longer_than_taken(rest))
            break;
        assert(http_response_parse(rest, requests->to_head[count], &head, &err) == SG_OK);
        if (head.status < 200) {
            rest = slice_from(rest, head.length);
            continue;
        }
        count++;
        if (head.framing == HTTP_UNTIL_CLOSE)
            break;
        switch (take_body(&head, &rest, &body)) {
        case HTTP_BODY_DONE:
            break;
        case HTTP_BODY_MORE:
            rest.len = 0;
            break;
        case HTTP_BODY_BAD:
            assert(!"an answer with good framing");
        }
        assert(head.keep_alive || rest.len == 0);
    }
    free(memory);
}

/* The status of the next final answer; 0 when it is not there, not whole, or makes no sense. */
static inline int next_status(struct slice *said)
{
    static struct http_head head;
    struct slice body;

    while (said->len && http_response_parse(*said, false, &head, NULL) == SG_OK) {
        if (head.status < 200) {
            *said = slice_from(*said, head.length);
            continue;
        }
        if (take_body(&head, said, &body) == HTTP_BODY_DONE)
            return head.status;
        break;
    }
    return 0;
}

/* One whole answer for each whole request, and nothing after them: the connection may be used again. */
static inline void judge_rest(struct slice heard, struct slice read)
{
    static struct requests requests;
    char *memory;
    struct slice rest = copy_of(read, &memory);

    read_requests(heard, &requests);
    for (size_t i = 0; i < requests.count; i++)
        assert(requests.hash[i][0] && next_status(&rest) != 0);
    assert(rest.len == 0);
    free(memory);
}

/* Signed, by the keys of that id, for these very bytes. */
static inline void judge_signature(const struct http_head *head, const char *hash, struct slice secret,
                                   struct sigv4_signer *signer)
{
    const struct http_field *authorization = http_head_field(head, FIELD_AUTHORIZATION);
    const struct http_field *date = http_head_field(head, FIELD_X_AMZ_DATE);
    struct http_field fields[HTTP_MAX_FIELDS];
    struct sigv4_signature again;
    struct sigv4_claim claim;
    char text[SIGV4_DATE_LEN + 1];
    struct sg_error err;
    int64_t seconds;
    size_t count;

    assert(authorization && date && sigv4_claim_parse(authorization->value, &claim));
    assert(sigv4_claim_fields(&claim, head, fields, &count) && sigv4_parse_date(date->value, &seconds));
    memcpy(text, date->value.ptr, SIGV4_DATE_LEN);
    text[SIGV4_DATE_LEN] = '\0';
    const struct sigv4_keys keys = {claim.access_key_id, secret, (uint64_t)claim.access_key_id.ptr[0]};
    const struct sigv4_request request = {head->method, head->path,         head->query, fields,
                                          count,        slice_of(hash, 64), false,       false};
    assert(sigv4_sign(signer, &keys, &claim.scope, text, &request, &again, &err) == SG_OK);
    assert(slice_eq(claim.signature, slice_cstr(again.signature)));
}

#endif
