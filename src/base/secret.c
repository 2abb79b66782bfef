#include "base/secret.h"

#include <openssl/crypto.h>

enum {
    HEAP_BYTES =
        256 * 1024, /* credentials are some kilobytes a set; several sets live while one is replaced */
    HEAP_SMALLEST = 32,
};

bool secret_init(void)
{
    return CRYPTO_secure_malloc_init(HEAP_BYTES, HEAP_SMALLEST) == 1;
}

char *secret_copy(struct slice s)
{
    char *copy = OPENSSL_secure_malloc(s.len + 1);

    if (!copy)
        return NULL;
    if (s.len)
        memcpy(copy, s.ptr, s.len);
    copy[s.len] = '\0';
    return copy;
}

void secret_free(char *secret)
{
    if (secret)
        OPENSSL_secure_clear_free(secret, strlen(secret));
}

void secret_free_buffer(struct buffer *buffer)
{
    if (buffer->data)
        secret_wipe(buffer->data, buffer->cap);
    buffer_free(buffer);
}

void secret_wipe(void *ptr, size_t len)
{
    OPENSSL_cleanse(ptr, len);
}
