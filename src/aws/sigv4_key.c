#include "aws/sigv4_key.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <stdio.h>

#include "base/secret.h"

enum { SHA256_LEN = 32 };

bool sigv4_key_cache_init(struct sigv4_key_cache *cache)
{
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    bool ok = hmac != NULL;

    *cache = (struct sigv4_key_cache){0};
    for (size_t i = 0; ok && i < SIGV4_KEY_SLOTS; i++) {
        cache->slots[i].mac = EVP_MAC_CTX_new(hmac);
        ok = cache->slots[i].mac && EVP_MAC_CTX_set_params(cache->slots[i].mac, params) == 1;
    }
    EVP_MAC_free(hmac);
    return ok;
}

void sigv4_key_cache_free(struct sigv4_key_cache *cache)
{
    for (size_t i = 0; i < SIGV4_KEY_SLOTS; i++)
        EVP_MAC_CTX_free(cache->slots[i].mac);
    *cache = (struct sigv4_key_cache){0};
}

void sigv4_key_cache_forget(struct sigv4_key_cache *cache)
{
    static const unsigned char nothing[SHA256_LEN];

    for (size_t i = 0; i < SIGV4_KEY_SLOTS; i++) {
        struct sigv4_key_slot *slot = &cache->slots[i];

        if (slot->used && EVP_MAC_init(slot->mac, nothing, sizeof(nothing), NULL) != 1)
            ERR_clear_error(); /* out of memory: the old key is gone all the same */
        slot->used = 0;
    }
}

static bool hmac(EVP_MAC_CTX *mac, const unsigned char *key, size_t key_len, struct slice message,
                 unsigned char out[SHA256_LEN])
{
    size_t len;

    return EVP_MAC_init(mac, key, key_len, NULL) == 1 &&
           EVP_MAC_update(mac, (const unsigned char *)message.ptr, message.len) == 1 &&
           EVP_MAC_final(mac, out, &len, SHA256_LEN) == 1;
}

/* Leaves mac keyed with the signing key of the scope. */
static bool derive(EVP_MAC_CTX *mac, struct slice secret, const struct sigv4_scope *scope, struct slice day)
{
    const struct slice chain[] = {day, scope->region, scope->service, SLICE_INIT("aws4_request")};
    unsigned char first[4 + SIGV4_SECRET_MAX] = "AWS4";
    unsigned char key[SHA256_LEN];
    bool ok;

    memcpy(first + 4, secret.ptr, secret.len);
    ok = hmac(mac, first, 4 + secret.len, chain[0], key);
    for (size_t i = 1; ok && i < sizeof(chain) / sizeof(chain[0]); i++)
        ok = hmac(mac, key, sizeof(key), chain[i], key);
    ok = ok && EVP_MAC_init(mac, key, sizeof(key), NULL) == 1;
    secret_wipe(first, sizeof(first));
    secret_wipe(key, sizeof(key));
    return ok;
}

/* "20150830/us-east-1/service/aws4_request", without a NUL; its length. */
static size_t write_scope(char text[SIGV4_SCOPE_MAX], const struct sigv4_scope *scope, struct slice day)
{
    const struct slice parts[] = {day, scope->region, scope->service, SLICE_INIT("aws4_request")};
    size_t len = 0;

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (i > 0)
            text[len++] = '/';
        memcpy(text + len, parts[i].ptr, parts[i].len);
        len += parts[i].len;
    }
    return len;
}

/* The slot that holds the key, or else the one unused for longest, emptied. */
static struct sigv4_key_slot *find_slot(struct sigv4_key_cache *cache, uint64_t generation,
                                        const struct sigv4_scope *scope, struct slice day)
{
    struct sigv4_key_slot *oldest = &cache->slots[0];
    bool possible = scope->region.len <= SIGV4_NAME_MAX && scope->service.len <= SIGV4_NAME_MAX;
    char text[SIGV4_SCOPE_MAX];
    struct slice wanted = slice_of(text, possible ? write_scope(text, scope, day) : 0);

    for (size_t i = 0; i < SIGV4_KEY_SLOTS; i++) {
        struct sigv4_key_slot *slot = &cache->slots[i];

        if (slot->used && slot->generation == generation &&
            slice_eq(slice_of(slot->scope, slot->scope_len), wanted))
            return slot;
        if (slot->used < oldest->used)
            oldest = slot;
    }
    oldest->used = 0;
    return oldest;
}

static enum sg_status no_memory(struct sg_error *err)
{
    ERR_clear_error(); /* what is left in the queue would be read as an error of the next TLS call */
    return sg_fail(err, SG_NO_MEMORY, "out of memory for the signature");
}

/* These stand between '/' and ',' in the Authorization header. */
static enum sg_status check_name(const char *what, struct slice name, size_t max, struct sg_error *err)
{
    if (name.len == 0 || name.len > max)
        return sg_fail(err, SG_INVALID, "the %s has %zu bytes; 1 to %zu are possible", what, name.len, max);
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];

        if (c <= ' ' || c > '~' || c == '/' || c == ',')
            return sg_fail(
                err, SG_INVALID,
                "the %s: byte %zu is 0x%02x; only visible ASCII other than '/' and ',' is possible", what,
                i + 1, (unsigned char)c);
    }
    return SG_OK;
}

static enum sg_status check_names(const struct sigv4_keys *keys, const struct sigv4_scope *scope,
                                  struct sg_error *err)
{
    enum { ACCESS_KEY_ID_MAX = 128 }; /* IAM API Reference, AccessKey */

    if (check_name("access key id", keys->access_key_id, ACCESS_KEY_ID_MAX, err) != SG_OK ||
        check_name("region", scope->region, SIGV4_NAME_MAX, err) != SG_OK ||
        check_name("service", scope->service, SIGV4_NAME_MAX, err) != SG_OK)
        return SG_INVALID;
    if (keys->secret_access_key.len == 0 || keys->secret_access_key.len > SIGV4_SECRET_MAX)
        return sg_fail(err, SG_INVALID, "the secret access key has %zu bytes; 1 to %d are possible",
                       keys->secret_access_key.len, SIGV4_SECRET_MAX);
    return SG_OK;
}

/* Derived anew, which also says what is wrong with the names. */
static enum sg_status fill(struct sigv4_key_slot *slot, const struct sigv4_keys *keys,
                           const struct sigv4_scope *scope, struct slice day, struct sg_error *err)
{
    if (check_names(keys, scope, err) != SG_OK)
        return SG_INVALID;
    if (!derive(slot->mac, keys->secret_access_key, scope, day))
        return no_memory(err);
    slot->generation = keys->generation;
    slot->scope_len = write_scope(slot->scope, scope, day);
    return SG_OK;
}

enum sg_status sigv4_key_get(struct sigv4_key_cache *cache, const struct sigv4_keys *keys,
                             const struct sigv4_scope *scope, struct slice day, struct sigv4_key_slot **found,
                             struct sg_error *err)
{
    struct sigv4_key_slot *slot = find_slot(cache, keys->generation, scope, day);

    if (slot->used) {
        /* No key: the context starts over with the one it has. */
        if (EVP_MAC_init(slot->mac, NULL, 0, NULL) != 1)
            return no_memory(err);
    } else {
        enum sg_status status = fill(slot, keys, scope, day, err);

        if (status != SG_OK)
            return status;
    }
    slot->used = ++cache->uses;
    *found = slot;
    return SG_OK;
}
