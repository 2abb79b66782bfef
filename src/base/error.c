#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

enum sg_status sg_fail(struct sg_error *err, enum sg_status status, const char *format, ...)
{
    va_list args;

    if (!err)
        return status;
    err->status = status;
    va_start(args, format);
    vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    return status;
}
