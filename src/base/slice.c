#include "base/slice.h"

/* Eight bytes, each letter of them in lower case: no sum here carries into the next byte. */
static uint64_t lower_eight(const char *bytes)
{
    static const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t word, ascii;

    memcpy(&word, bytes, sizeof(word));
    ascii = word & ones * 0x7f;
    return word |
           (((ascii + ones * (0x80 - 'A')) & ~(ascii + ones * (0x80 - 'Z' - 1)) & ~word & ones * 0x80) >> 2);
}

bool slice_same_nocase(const char *a, const char *b, size_t len)
{
    if (len >= 8) {
        for (size_t i = 0; i < len - 8; i += 8) {
            if (lower_eight(a + i) != lower_eight(b + i))
                return false;
        }
        return lower_eight(a + len - 8) == lower_eight(b + len - 8); /* overlaps with the eight before */
    }
    for (size_t i = 0; i < len; i++) {
        if (a[i] != b[i] && ascii_lower(a[i]) != ascii_lower(b[i]))
            return false;
    }
    return true;
}

bool slice_is_visible(struct slice s)
{
    typedef unsigned char block __attribute__((vector_size(16)));
    block others = {0};
    uint64_t halves[2];
    size_t at = 0;

    for (block bytes; s.len - at >= sizeof(bytes); at += sizeof(bytes)) {
        memcpy(&bytes, s.ptr + at, sizeof(bytes));
        others |= (block)(bytes <= ' ') | (block)(bytes == 0x7f);
    }
    memcpy(halves, &others, sizeof(halves));
    for (; at < s.len; at++)
        halves[0] |= (unsigned char)s.ptr[at] <= ' ' || s.ptr[at] == 0x7f;
    return (halves[0] | halves[1]) == 0;
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
