#include "credentials/query_request.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>

#define CONTENT_TYPE "application/x-www-form-urlencoded; charset=utf-8"

static bool is_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static void append_encoded(struct buffer *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (is_unreserved(text.ptr[i]))
            buffer_append_char(out, text.ptr[i]);
        else
            buffer_printf(out, "%%%02X", (unsigned char)text.ptr[i]);
    }
}

void query_body_begin(struct buffer *body, const char *action, const char *version)
{
    buffer_printf(body, "Action=%s&Version=%s", action, version);
}

void query_body_add(struct buffer *body, const char *name, struct slice value)
{
    if (value.len == 0)
        return;
    buffer_printf(body, "&%s=", name);
    append_encoded(body, value);
}

static bool hash_hex(struct slice body, char text[2 * SHA256_DIGEST_LENGTH + 1])
{
    unsigned char hash[SHA256_DIGEST_LENGTH];

    if (EVP_Digest(body.ptr, body.len, hash, NULL, EVP_sha256(), NULL) != 1)
        return false;
    for (size_t i = 0; i < sizeof(hash); i++)
        snprintf(text + 2 * i, 3, "%02x", hash[i]);
    return true;
}

/* X-Amz-Date, the session token, and Authorization. */
static enum sg_status append_signature(const struct query_message *message, struct buffer *out,
                                       struct sg_error *err)
{
    char date[SIGV4_DATE_LEN + 1], hash[2 * SHA256_DIGEST_LENGTH + 1];
    const struct credentials *keys = message->keys;
    const struct http_field fields[] = {
        {SLICE("Content-Type"), SLICE(CONTENT_TYPE)},
        {SLICE("Host"), message->authority},
        {SLICE("X-Amz-Date"), slice_of(date, SIGV4_DATE_LEN)},
        {SLICE("X-Amz-Security-Token"), keys->session_token},
    };
    const struct sigv4_keys signing = {keys->access_key_id, keys->secret_access_key, keys->generation};
    const struct sigv4_request request = {
        .method = SLICE("POST"),
        .path = SLICE("/"),
        .headers = fields,
        .header_count = keys->session_token.len ? 4 : 3,
        .payload_hash = slice_of(hash, sizeof(hash) - 1),
    };
    struct sigv4_signature signature;
    enum sg_status status;

    sigv4_format_date(message->now, date);
    if (!hash_hex(message->body, hash))
        return sg_fail(err, SG_NO_MEMORY, "SHA-256 failed");
    status = sigv4_sign(message->signer, &signing, &message->scope, date, &request, &signature, err);
    if (status)
        return status;
    buffer_printf(out, "X-Amz-Date: %s\r\n", date);
    if (keys->session_token.len) {
        buffer_append(out, SLICE("X-Amz-Security-Token: "));
        buffer_append(out, keys->session_token);
        buffer_append(out, SLICE("\r\n"));
    }
    buffer_printf(out, "Authorization: %.*s\r\n", SLICE_FMT(signature.authorization));
    sigv4_signer_wipe(message->signer);
    return SG_OK;
}

enum sg_status query_message_write(const struct query_message *message, struct buffer *out,
                                   struct sg_error *err)
{
    enum sg_status status = SG_OK;

    buffer_printf(out,
                  "POST / HTTP/1.1\r\nHost: %.*s\r\nContent-Type: " CONTENT_TYPE "\r\nContent-Length: %zu\r\n"
                  "Accept: application/xml\r\nConnection: close\r\n",
                  SLICE_FMT(message->authority), message->body.len);
    if (message->keys)
        status = append_signature(message, out, err);
    buffer_append(out, SLICE("\r\n"));
    buffer_append(out, message->body);
    if (status == SG_OK && out->failed)
        status = sg_fail(err, SG_NO_MEMORY, "out of memory");
    return status;
}
