#include "aws/sigv4.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "aws/sigv4_canonical.h"
#include "aws/sigv4_key.h"
#include "base/hex.h"

enum { DAY_LEN = 8, SHA256_LEN = 32 };

#define ALGORITHM "AWS4-HMAC-SHA256"

struct sigv4_signer {
    EVP_MD *sha256;
    EVP_MD_CTX *digest;
    struct sigv4_key_cache keys;
    struct sigv4_query query;
    struct buffer canonical_request;
    struct buffer string_to_sign;
    struct buffer authorization;
};

void sigv4_format_date(int64_t wall_seconds, char date[SIGV4_DATE_LEN + 1])
{
    const int64_t last = 253402300799; /* 9999-12-31T23:59:59Z: the form has four digits for the year */
    time_t seconds = wall_seconds < 0 ? 0 : wall_seconds > last ? last : wall_seconds;
    struct tm tm;

    gmtime_r(&seconds, &tm);
    strftime(date, SIGV4_DATE_LEN + 1, "%Y%m%dT%H%M%SZ", &tm);
}

struct sigv4_signer *sigv4_signer_new(void)
{
    struct sigv4_signer *signer = calloc(1, sizeof(*signer));

    if (!signer)
        return NULL;
    signer->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    signer->digest = EVP_MD_CTX_new();
    signer->canonical_request.secret = true;
    if (!sigv4_key_cache_init(&signer->keys) || !signer->sha256 || !signer->digest) {
        ERR_clear_error();
        sigv4_signer_free(signer);
        return NULL;
    }
    return signer;
}

void sigv4_signer_free(struct sigv4_signer *signer)
{
    if (!signer)
        return;
    buffer_free(&signer->canonical_request);
    buffer_free(&signer->string_to_sign);
    buffer_free(&signer->authorization);
    sigv4_query_free(&signer->query);
    sigv4_key_cache_free(&signer->keys);
    EVP_MD_CTX_free(signer->digest);
    EVP_MD_free(signer->sha256);
    free(signer);
}

void sigv4_signer_wipe(struct sigv4_signer *signer)
{
    buffer_wipe(&signer->canonical_request);
}

void sigv4_signer_forget(struct sigv4_signer *signer)
{
    sigv4_key_cache_forget(&signer->keys);
}

static bool sha256_hex(struct sigv4_signer *signer, struct slice bytes, char text[SIGV4_SIGNATURE_LEN + 1])
{
    unsigned char hash[SHA256_LEN];

    if (EVP_DigestInit_ex2(signer->digest, signer->sha256, NULL) != 1 ||
        EVP_DigestUpdate(signer->digest, bytes.ptr, bytes.len) != 1 ||
        EVP_DigestFinal_ex(signer->digest, hash, NULL) != 1)
        return false;
    hex_write(hash, sizeof(hash), text);
    return true;
}

static bool hmac_hex(EVP_MAC_CTX *mac, struct slice bytes, char text[SIGV4_SIGNATURE_LEN + 1])
{
    unsigned char hash[SHA256_LEN];
    size_t len;

    if (EVP_MAC_update(mac, (const unsigned char *)bytes.ptr, bytes.len) != 1 ||
        EVP_MAC_final(mac, hash, &len, sizeof(hash)) != 1)
        return false;
    hex_write(hash, sizeof(hash), text);
    return true;
}

static void append_string_to_sign(struct buffer *out, const char *date, struct slice scope, const char *hash)
{
    buffer_append(out, SLICE(ALGORITHM "\n"));
    buffer_append(out, slice_of(date, SIGV4_DATE_LEN));
    buffer_append_char(out, '\n');
    buffer_append(out, scope);
    buffer_append_char(out, '\n');
    buffer_append(out, slice_cstr(hash));
}

static void append_authorization(struct buffer *out, struct slice access_key_id, struct slice scope,
                                 const struct sigv4_signature *parts)
{
    buffer_append(out, SLICE(ALGORITHM " Credential="));
    buffer_append(out, access_key_id);
    buffer_append_char(out, '/');
    buffer_append(out, scope);
    buffer_append(out, SLICE(", SignedHeaders="));
    buffer_append(out, parts->signed_headers);
    buffer_append(out, SLICE(", Signature="));
    buffer_append(out, slice_of(parts->signature, SIGV4_SIGNATURE_LEN));
}

/* From the finished canonical request on; false when memory or OpenSSL fails. */
static bool sign_canonical(struct sigv4_signer *signer, const struct sigv4_keys *keys,
                           const struct sigv4_key_slot *key, const char *date, struct sigv4_signature *out)
{
    char hash[SIGV4_SIGNATURE_LEN + 1];
    struct slice scope_text;

    if (!sha256_hex(signer, out->canonical_request, hash))
        return false;
    scope_text = slice_of(key->scope, key->scope_len);
    append_string_to_sign(&signer->string_to_sign, date, scope_text, hash);
    out->string_to_sign = buffer_slice(&signer->string_to_sign);
    if (signer->string_to_sign.failed || !hmac_hex(key->mac, out->string_to_sign, out->signature))
        return false;
    append_authorization(&signer->authorization, keys->access_key_id, scope_text, out);
    out->authorization = buffer_slice(&signer->authorization);
    return !signer->authorization.failed;
}

enum sg_status sigv4_sign(struct sigv4_signer *signer, const struct sigv4_keys *keys,
                          const struct sigv4_scope *scope, const char date[SIGV4_DATE_LEN + 1],
                          const struct sigv4_request *request, struct sigv4_signature *out,
                          struct sg_error *err)
{
    struct sigv4_key_slot *key;
    struct sigv4_span signed_headers;
    enum sg_status status = sigv4_key_get(&signer->keys, keys, scope, slice_of(date, DAY_LEN), &key, err);

    if (status != SG_OK)
        return status;
    sigv4_signer_wipe(signer);
    buffer_reset(&signer->string_to_sign);
    buffer_reset(&signer->authorization);
    status = sigv4_append_request(&signer->query, request, &signer->canonical_request, &signed_headers, err);
    if (status != SG_OK)
        return status;
    out->canonical_request = buffer_slice(&signer->canonical_request);
    out->signed_headers = slice_of(out->canonical_request.ptr + signed_headers.at, signed_headers.len);
    if (!sign_canonical(signer, keys, key, date, out)) {
        ERR_clear_error(); /* what is left in the queue would be read as an error of the next TLS call */
        return sg_fail(err, SG_NO_MEMORY, "out of memory for the signature");
    }
    return SG_OK;
}
