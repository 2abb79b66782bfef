#include "base/quote.h"

#include <stdio.h>

const char *quote_text(struct slice text, char out[QUOTE_SIZE])
{
    enum { LONGEST = sizeof("\\xff") - 1 };
    static const char cut[] = "...";
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        if (len + LONGEST + sizeof(cut) > QUOTE_SIZE) {
            memcpy(out + len, cut, sizeof(cut));
            return out;
        }
        if (c >= ' ' && c <= '~')
            out[len++] = (char)c;
        else
            len += (size_t)snprintf(out + len, QUOTE_SIZE - len, "\\x%02x", c);
    }
    out[len] = '\0';
    return out;
}

void quote_json(struct buffer *out, struct slice text)
{
    buffer_append_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        if (c == '"' || c == '\\')
            buffer_append_char(out, '\\');
        if (c >= ' ' && c <= '~')
            buffer_append_char(out, (char)c);
        else
            buffer_printf(out, "\\u%04x", c);
    }
    buffer_append_char(out, '"');
}
