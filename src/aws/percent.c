#include "aws/percent.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = ascii_lower(c);
    return (c >= 'a' && c <= 'f') ? c - 'a' + 10 : -1;
}

int percent_take_escape(struct slice *rest)
{
    int high, low;

    if (rest->len < 3)
        return -1;
    high = hex_digit(rest->ptr[1]);
    low = hex_digit(rest->ptr[2]);
    if (high < 0 || low < 0)
        return -1;
    *rest = slice_from(*rest, 3);
    return high * 16 + low;
}
