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

void sg_word(char *text, size_t size, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    sg_vword(text, size, format, args);
    va_end(args);
}

void sg_reword(struct sg_error *err, const char *format, va_list args)
{
    char text[SG_TEXT];

    sg_vword(text, sizeof(text), format, args);
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
