#include "base/slice.h"

#include <stdint.h>

bool slice_same_nocase(const char *a, const char *b, size_t len)
{
    size_t i = 0;

    /* Most are written in the usual way. */
    for (uint64_t x, y; i + sizeof(x) <= len; i += sizeof(x)) {
        memcpy(&x, a + i, sizeof(x));
        memcpy(&y, b + i, sizeof(y));
        if (x != y)
            break;
    }
    for (; i < len; i++) {
        if (a[i] != b[i] && ascii_lower(a[i]) != ascii_lower(b[i]))
            return false;
    }
    return true;
}

int slice_cmp(struct slice a, struct slice b)
{
    size_t shared = a.len < b.len ? a.len : b.len;
    int order = shared ? memcmp(a.ptr, b.ptr, shared) : 0;

    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

struct slice slice_trim(struct slice s)
{
    while (s.len && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
        s = slice_from(s, 1);
    while (s.len && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
        s.len--;
    return s;
}

bool slice_split(struct slice *rest, char sep, struct slice *part)
{
    const char *found;

    if (!rest->ptr)
        return false;
    found = rest->len ? memchr(rest->ptr, sep, rest->len) : NULL;
    if (!found) {
        *part = *rest;
        *rest = (struct slice){NULL, 0};
        return true;
    }
    *part = slice_of(rest->ptr, (size_t)(found - rest->ptr));
    *rest = slice_from(*rest, part->len + 1);
    return true;
}

bool slice_to_u64(struct slice s, unsigned long long max, unsigned long long *value)
{
    unsigned long long n = 0;

    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        unsigned digit = (unsigned)(s.ptr[i] - '0');

        if (s.ptr[i] < '0' || s.ptr[i] > '9' || n > (max - digit) / 10 || digit > max)
            return false;
        n = n * 10 + digit;
    }
    *value = n;
    return true;
}

struct slice slice_from_u64(unsigned long long value, char text[SLICE_U64_MAX])
{
    size_t at = SLICE_U64_MAX;

    do
        text[--at] = (char)('0' + value % 10);
    while (value /= 10);
    return slice_of(text + at, SLICE_U64_MAX - at);
}
