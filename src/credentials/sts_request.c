#include "credentials/sts_request.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"

#define CONTENT_TYPE "application/x-www-form-urlencoded; charset=utf-8"

enum { SESSION_NAME_MAX = 64 };

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

void sts_body_begin(struct buffer *body, const char *action)
{
    buffer_printf(body, "Action=%s&Version=2011-06-15", action);
}

void sts_body_add(struct buffer *body, const char *name, struct slice value)
{
    if (value.len == 0)
        return;
    buffer_printf(body, "&%s=", name);
    append_encoded(body, value);
}

/* "sagegate-HOST", of the characters that STS takes. */
static struct slice own_session_name(char name[SESSION_NAME_MAX + 1])
{
    size_t len = (size_t)snprintf(name, SESSION_NAME_MAX + 1, "sagegate-");

    if (gethostname(name + len, SESSION_NAME_MAX + 1 - len) != 0)
        name[len] = '\0';
    name[SESSION_NAME_MAX] = '\0';
    for (size_t i = 0; name[i]; i++) {
        if (!is_unreserved(name[i]) || name[i] == '~')
            name[i] = '-';
    }
    return slice_cstr(name);
}

void sts_body_add_role(struct buffer *body, const struct sts_role *role, unsigned longest_s)
{
    char own[SESSION_NAME_MAX + 1], name[40], number[16];
    unsigned duration_s = role->duration_s;

    if (duration_s > longest_s) {
        log_warn("role %.*s: %u s were asked for, but a role that is assumed with another role's credentials "
                 "lasts at most %u s",
                 SLICE_FMT(role->arn), duration_s, longest_s);
        duration_s = longest_s;
    }
    sts_body_add(body, "RoleArn", role->arn);
    sts_body_add(body, "RoleSessionName",
                 role->session_name.len ? role->session_name : own_session_name(own));
    sts_body_add(body, "ExternalId", role->external_id);
    if (duration_s) {
        snprintf(number, sizeof(number), "%u", duration_s);
        sts_body_add(body, "DurationSeconds", slice_cstr(number));
    }
    for (size_t i = 0; i < role->tag_count; i++) {
        snprintf(name, sizeof(name), "Tags.member.%zu.Key", i + 1);
        sts_body_add(body, name, slice_cstr(role->tags[i].key));
        snprintf(name, sizeof(name), "Tags.member.%zu.Value", i + 1);
        sts_body_add(body, name, slice_cstr(role->tags[i].value));
    }
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
static enum sg_status append_signature(const struct sts_message *message, struct buffer *out,
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
    const struct sigv4_scope scope = {message->region, SLICE("sts")};
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
    status = sigv4_sign(message->signer, &signing, &scope, date, &request, &signature, err);
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

enum sg_status sts_message_write(const struct sts_message *message, struct buffer *out, struct sg_error *err)
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
