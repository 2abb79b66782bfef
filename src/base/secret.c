#include "base/secret.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>

enum {
    HEAP_BYTES =
        256 * 1024, /* credentials are some kilobytes a set; several sets live while one is replaced */
    HEAP_SMALLEST = 32,
    STACK_BYTES = 64 * 1024, /* deeper than any call that reads an answer */
};

bool secret_init(void)
{
    static int outcome;

    if (!CRYPTO_secure_malloc_initialized())
        outcome = CRYPTO_secure_malloc_init(HEAP_BYTES, HEAP_SMALLEST);
    return outcome == 1;
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

void secret_wiping_free(void *ptr)
{
    if (ptr)
        OPENSSL_cleanse(ptr, malloc_usable_size(ptr));
    free(ptr);
}

void *secret_wiping_realloc(void *ptr, size_t size)
{
    size_t old = ptr ? malloc_usable_size(ptr) : 0;
    void *moved = malloc(size);

    if (!moved)
        return NULL;
    if (ptr)
        memcpy(moved, ptr, old < size ? old : size);
    secret_wiping_free(ptr);
    return moved;
}

bool secret_close_process(void)
{
    const struct rlimit none = {0, 0};

    return prctl(PR_SET_DUMPABLE, 0) == 0 && setrlimit(RLIMIT_CORE, &none) == 0;
}

__attribute__((noinline)) void secret_wipe_stack(void)
{
    char below[STACK_BYTES];

    OPENSSL_cleanse(below, sizeof(below));
}

void secret_wipe(void *ptr, size_t len)
{
    explicit_bzero(ptr, len); /* as sure as OPENSSL_cleanse(), and many times as fast */
}
