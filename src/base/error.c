#include "base/error.h"

#include <stdio.h>
#include <string.h>

void sg_vword(char *text, size_t size, const char *format, va_list args)
{
    static const char cut[] = "...";
    int len = vsnprintf(text, size, format, args);

    if (len >= 0 && (size_t)len >= size && size >= sizeof(cut))
        memcpy(text + size - sizeof(cut), cut, sizeof(cut));
}

/* The length of the character at the text's beginning (RFC 3629, section 4); 0: it is no UTF-8. */
static size_t character_len(const unsigned char *text)
{
    /* Of the first bytes after which not every second byte is good. */
    static const struct {
        unsigned char first, lowest, highest;
    } seconds[] = {{0xE0, 0xA0, 0xBF}, {0xED, 0x80, 0x9F}, {0xF0, 0x90, 0xBF}, {0xF4, 0x80, 0x8F}};
    unsigned char c = text[0];
    size_t len = c < 0x80 ? 1 : c < 0xC2 ? 0 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF5 ? 4 : 0;

    for (size_t i = 1; i < len; i++) {
        if ((text[i] & 0xC0) != 0x80) /* or the text ends */
            return 0;
    }
    for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
        if (c == seconds[i].first && (text[1] < seconds[i].lowest || text[1] > seconds[i].highest))
            return 0;
    }
    return len;
}

/* What others have said may be in it, and it may be cut within a character. */
static void make_plain(char *text)
{
    while (*text) {
        size_t len = character_len((const unsigned char *)text);

        if (len == 0)
            *text = '?';
        else if ((unsigned char)*text < ' ' || *text == '\x7f')
            *text = ' ';
        text += len ? len : 1;
    }
}

void sg_word(char *text, size_t size, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    sg_vword(text, size, format, args);
    va_end(args);
    make_plain(text);
}

void sg_reword(struct sg_error *err, const char *format, va_list args)
{
    char text[SG_TEXT];

    sg_vword(text, sizeof(text), format, args);
    make_plain(text);
    memcpy(err->text, text, strlen(text) + 1);
}

enum sg_status sg_fail(struct sg_error *err, enum sg_status status, const char *format, ...)
{
    va_list args;

    if (!err)
        return status;
    err->status = status;
    va_start(args, format);
    sg_reword(err, format, args);
    va_end(args);
    return status;
}
