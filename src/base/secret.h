/*
 * Memory for keys and tokens: OpenSSL's secure heap (locked, kept out of core dumps, guarded), wiped on
 * release. Where the heap could not be locked (RLIMIT_MEMLOCK) it still works, and secret_init() says so.
 */
#ifndef SAGEGATE_BASE_SECRET_H
#define SAGEGATE_BASE_SECRET_H

#include <stdbool.h>

#include "base/buffer.h"

/* At start, before any secret and any thread; again it only says the same. False when pages could not be
 * locked: worth a warning, not a failure. */
bool secret_init(void);

/* A wiped-on-free copy with a NUL after it; NULL when memory is short. Owned by the caller. */
char *secret_copy(struct slice s);

/* Wipes and frees; NULL is fine. */
void secret_free(char *secret);

/* Wipes all of a buffer's memory and frees it. Where it grew it left copies: reserve its room at once. */
void secret_free_buffer(struct buffer *buffer);

/*
 * realloc() and free() for libraries through whose memory secrets pass: they wipe what they give back. They
 * take what malloc() gave, too.
 */
void *secret_wiping_realloc(void *ptr, size_t size);
void secret_wiping_free(void *ptr);

/* From here on this process leaves no core dump, and other processes of its user can't look into it
 * (ptrace(2), /proc/PID/mem, /proc/PID/environ). False when the system refuses. */
bool secret_close_process(void);

/*
 * Overwrites what calls that are over have left on the stack. For after a secret went through libraries: the
 * vector registers that it was copied or decrypted in may have been put there.
 */
void secret_wipe_stack(void);

/* Overwrites bytes in ordinary memory in a way that the compiler does not remove. */
void secret_wipe(void *ptr, size_t len);

#endif
