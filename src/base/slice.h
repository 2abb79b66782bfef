/*
 * Borrowed bytes. A slice never owns what it points to and is never NUL-terminated by promise.
 * Not for owned or growing memory: see buffer.h.
 */
#ifndef SAGEGATE_BASE_SLICE_H
#define SAGEGATE_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const char *ptr;
    size_t len;
};

/* A slice over a string literal, for initialisers and expressions alike. */
#define SLICE_INIT(lit)                                                                                      \
    {                                                                                                        \
        (lit), sizeof(lit) - 1                                                                               \
    }
#define SLICE(lit) ((struct slice)SLICE_INIT(lit))

/* For printf's "%.*s": SLICE_FMT(s) expands to both arguments. */
#define SLICE_FMT(s) ((int)(s).len), ((s).ptr ? (s).ptr : "")

/* For "%.*s%s": what others chose, in a sentence that is not to be lost to its length. s is read several
 * times. */
enum { SLICE_BRIEF_MAX = 256 };
#define SLICE_BRIEF(s)                                                                                       \
    ((int)((s).len < SLICE_BRIEF_MAX ? (s).len : SLICE_BRIEF_MAX)), ((s).ptr ? (s).ptr : ""),                \
        ((s).len > SLICE_BRIEF_MAX ? "..." : "")

static inline struct slice slice_of(const char *ptr, size_t len)
{
    return (struct slice){ptr, len};
}

/* cstr may be NULL, which gives the empty slice. */
static inline struct slice slice_cstr(const char *cstr)
{
    return (struct slice){cstr, cstr ? strlen(cstr) : 0};
}

static inline bool slice_eq(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool slice_starts(struct slice s, struct slice prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

/* The part of s from byte `from` on; from must not be past the end. */
static inline struct slice slice_from(struct slice s, size_t from)
{
    return (struct slice){s.ptr + from, s.len - from};
}

/* ASCII only, whatever the locale. */
static inline char ascii_lower(char c)
{
    return (c >= 'A' && c <= 'Z') ? (char)(c + ('a' - 'A')) : c;
}

static inline char ascii_upper(char c)
{
    return (c >= 'a' && c <= 'z') ? (char)(c - ('a' - 'A')) : c;
}

/* Whether both have the same `len` bytes, but for the case of letters. */
bool slice_same_nocase(const char *a, const char *b, size_t len);

/* Names of fields are compared with many others, and mostly differ in their first letter. */
static inline bool slice_starts_nocase(struct slice s, struct slice prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || (ascii_lower(s.ptr[0]) == ascii_lower(prefix.ptr[0]) &&
                                                       slice_same_nocase(s.ptr, prefix.ptr, prefix.len)));
}

static inline bool slice_eq_nocase(struct slice a, struct slice b)
{
    return a.len == b.len && slice_starts_nocase(a, b);
}

/* Whether it has neither blanks nor control characters (DEL is one, too). */
bool slice_is_visible(struct slice s);

/* memcmp order, a shorter slice before its extensions. */
int slice_cmp(struct slice a, struct slice b);

/* Without leading and trailing SP and HTAB (RFC 9110 section 5.6.3, OWS). */
struct slice slice_trim(struct slice s);

/*
 * Takes the bytes up to the first `sep` off the front of *rest and gives them in *part.
 * False when *rest was exhausted (rest->ptr is NULL). "a,,b" gives "a", "", "b"; "" gives one "".
 */
bool slice_split(struct slice *rest, char sep, struct slice *part);

enum { SLICE_U64_MAX = 20 };

/* As decimal digits, at the end of text. */
struct slice slice_from_u64(unsigned long long value, char text[SLICE_U64_MAX]);

/* Decimal digits only, no sign, no blanks; false when empty, not a number, or over max. */
bool slice_to_u64(struct slice s, unsigned long long max, unsigned long long *value);

#endif
