#include "http/chars.h"

enum {
    NAME = HTTP_TOKEN | HTTP_TEXT | HTTP_TARGET, /* tchars that a host has not: ^ ` | */
    HOST_NAME = NAME | HTTP_HOST,
    DELIMITER = HTTP_TEXT | HTTP_TARGET, /* printable, but neither tchar nor part of a host */
    HOST_DELIMITER = DELIMITER | HTTP_HOST,
};

const unsigned char http_classes[256] = {
    ['\t'] = HTTP_TEXT,
    [' '] = HTTP_TEXT,
    ['!'] = HOST_NAME,
    ['"'] = DELIMITER,
    ['#'] = HTTP_TOKEN | HTTP_TEXT,
    ['$' ... '\''] = HOST_NAME,
    ['(' ... ')'] = HOST_DELIMITER,
    ['*' ... '+'] = HOST_NAME,
    [','] = HOST_DELIMITER,
    ['-' ... '.'] = HOST_NAME,
    ['/'] = DELIMITER,
    ['0' ... '9'] = HOST_NAME,
    [':' ... ';'] = HOST_DELIMITER,
    ['<'] = DELIMITER,
    ['='] = HOST_DELIMITER,
    ['>' ... '@'] = DELIMITER,
    ['A' ... 'Z'] = HOST_NAME,
    ['['] = HOST_DELIMITER,
    ['\\'] = DELIMITER,
    [']'] = HOST_DELIMITER,
    ['^'] = NAME,
    ['_'] = HOST_NAME,
    ['`'] = NAME,
    ['a' ... 'z'] = HOST_NAME,
    ['{'] = DELIMITER,
    ['|'] = NAME,
    ['}'] = DELIMITER,
    ['~'] = HOST_NAME,
    [0x80 ... 0xff] = HTTP_TEXT,
};

/* Whether one of eight bytes is below 0x20, or DEL. The top bit of a byte tells, and no byte borrows from the
 * next that is not one itself. */
static bool has_control(const char *bytes)
{
    static const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t word, from_del;

    memcpy(&word, bytes, sizeof(word));
    from_del = word ^ ones * 0x7f;
    return (((word - ones * ' ') & ~word) | ((from_del - ones) & ~from_del)) & ones * 0x80;
}

size_t http_span_text(struct slice s)
{
    size_t n = 0;

    while (s.len - n >= 8 && !has_control(s.ptr + n))
        n += 8;
    return n + http_span(slice_from(s, n), HTTP_TEXT);
}

struct http_quote http_quote(struct slice received)
{
    static const struct slice more = SLICE_INIT("...");
    struct http_quote quote;
    size_t room = sizeof(quote.text) - more.len - 1;
    size_t n = received.len < room ? received.len : room;

    for (size_t i = 0; i < n; i++)
        quote.text[i] = received.ptr[i] >= ' ' && received.ptr[i] <= '~' ? received.ptr[i] : '?';
    if (n < received.len) {
        memcpy(quote.text + n, more.ptr, more.len);
        n += more.len;
    }
    quote.text[n] = '\0';
    return quote;
}
