/*
 * Signing keys of SigV4 ("Derive a signing key"), kept so that a key is derived once a day per region and
 * service, not per request. Internal to sigv4.c; one cache a thread.
 */
#ifndef SAGEGATE_AWS_SIGV4_KEY_H
#define SAGEGATE_AWS_SIGV4_KEY_H

#include <openssl/evp.h>

#include "aws/sigv4.h"

enum {
    SIGV4_KEY_SLOTS = 8,    /* services times regions that one worker signs for, on both sides of midnight */
    SIGV4_NAME_MAX = 64,    /* bytes of a region or service */
    SIGV4_SECRET_MAX = 256, /* bytes of a secret access key; AWS's have 40 */
    SIGV4_SCOPE_MAX = 2 * SIGV4_NAME_MAX + sizeof("20150830///aws4_request"),
};

struct sigv4_key_slot {
    EVP_MAC_CTX *mac; /* HMAC-SHA256 with the signing key */
    uint64_t used;    /* by the cache's count; 0: holds no key */
    uint64_t generation;
    size_t scope_len;
    char scope[SIGV4_SCOPE_MAX];
};

struct sigv4_key_cache {
    uint64_t uses;
    struct sigv4_key_slot slots[SIGV4_KEY_SLOTS];
};

/* False when OpenSSL has no HMAC-SHA256 or no memory; the cache is to be freed in either case. */
bool sigv4_key_cache_init(struct sigv4_key_cache *cache);
void sigv4_key_cache_free(struct sigv4_key_cache *cache);

/* Every slot is empty again, its key overwritten. */
void sigv4_key_cache_forget(struct sigv4_key_cache *cache);

/*
 * The slot whose mac is ready for the string to sign of this credential scope; its scope is
 * "20150830/us-east-1/service/aws4_request". Good until the next call. SG_INVALID when a name or secret
 * cannot be one: looked at when the key is derived, since keys of one generation are the same. SG_NO_MEMORY
 * when OpenSSL fails.
 */
enum sg_status sigv4_key_get(struct sigv4_key_cache *cache, const struct sigv4_keys *keys,
                             const struct sigv4_scope *scope, struct slice day, struct sigv4_key_slot **found,
                             struct sg_error *err);

#endif
