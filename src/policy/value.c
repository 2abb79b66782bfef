#include "policy/value.h"

#include <arpa/inet.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Takes digits off the front. */
static struct slice take_digits(struct slice *text)
{
    size_t len = 0;

    while (len < text->len && is_digit(text->ptr[len]))
        len++;
    *text = slice_from(*text, len);
    return slice_of(text->ptr - len, len);
}

static bool take_char(struct slice *text, char c)
{
    if (text->len == 0 || *text->ptr != c)
        return false;
    *text = slice_from(*text, 1);
    return true;
}

bool decimal_read(struct slice text, struct decimal *out)
{
    *out = (struct decimal){.negative = take_char(&text, '-')};
    if (!out->negative)
        take_char(&text, '+');
    out->whole = take_digits(&text);
    if (out->whole.len == 0)
        return false;
    if (take_char(&text, '.')) {
        out->fraction = take_digits(&text);
        if (out->fraction.len == 0)
            return false;
    }
    if (text.len)
        return false;
    while (out->whole.len && *out->whole.ptr == '0')
        out->whole = slice_from(out->whole, 1);
    while (out->fraction.len && out->fraction.ptr[out->fraction.len - 1] == '0')
        out->fraction.len--;
    out->negative &= out->whole.len || out->fraction.len;
    return true;
}

int decimal_compare(const struct decimal *a, const struct decimal *b)
{
    int sign = a->negative ? -1 : 1;
    int order;

    if (a->negative != b->negative)
        return sign;
    if (a->whole.len != b->whole.len)
        return a->whole.len < b->whole.len ? -sign : sign;
    order = slice_cmp(a->whole, b->whole);
    if (order == 0)
        order = slice_cmp(a->fraction, b->fraction);
    return sign * ((order > 0) - (order < 0));
}

/* Exactly `digits` digits off the front, as a number from min to max. */
static bool take_number(struct slice *text, size_t digits, int min, int max, int *out)
{
    unsigned long long value;

    if (text->len < digits || !slice_to_u64(slice_of(text->ptr, digits), (unsigned long long)max, &value) ||
        (int)value < min)
        return false;
    *text = slice_from(*text, digits);
    *out = (int)value;
    return true;
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap(year));
}

/* From 1970-01-01 to the first day of the year (Gregorian, also before it was in use). */
static int64_t days_before_year(int year)
{
    enum { DAYS_BEFORE_1970 = 719528 }; /* from 0000-01-01; year 0 is a leap year */
    int64_t before = year - 1;

    if (year == 0)
        return -DAYS_BEFORE_1970;
    return 365 * (int64_t)year + before / 4 - before / 100 + before / 400 + 1 - DAYS_BEFORE_1970;
}

static bool take_date(struct slice *text, int64_t *days)
{
    int year, month = 1, day = 1;

    if (!take_number(text, 4, 0, 9999, &year))
        return false;
    if (take_char(text, '-')) {
        if (!take_number(text, 2, 1, 12, &month))
            return false;
        if (take_char(text, '-') && !take_number(text, 2, 1, days_of_month(year, month), &day))
            return false;
    }
    *days = days_before_year(year) + day - 1;
    for (int i = 1; i < month; i++)
        *days += days_of_month(year, i);
    return true;
}

/* ".5" and so on; what is finer than a nanosecond is cut. */
static bool take_fraction(struct slice *text, uint32_t *nanoseconds)
{
    struct slice digits;

    *nanoseconds = 0;
    if (!take_char(text, '.'))
        return true;
    digits = take_digits(text);
    for (size_t i = 0; i < 9; i++)
        *nanoseconds = *nanoseconds * 10 + (i < digits.len ? (uint32_t)(digits.ptr[i] - '0') : 0);
    return digits.len > 0;
}

/* "Z", "+hh:mm" or "-hh:mm". */
static bool take_zone(struct slice *text, int64_t *offset)
{
    int hours, minutes, sign;

    *offset = 0;
    if (take_char(text, 'Z'))
        return true;
    sign = take_char(text, '-') ? -1 : take_char(text, '+') ? 1 : 0;
    if (!sign || !take_number(text, 2, 0, 23, &hours) || !take_char(text, ':') ||
        !take_number(text, 2, 0, 59, &minutes))
        return false;
    *offset = sign * (hours * 3600 + minutes * 60);
    return true;
}

static bool read_date(struct slice text, struct instant *out)
{
    int hours, minutes, seconds = 0;
    int64_t days, offset;

    *out = (struct instant){0};
    if (!take_date(&text, &days))
        return false;
    out->seconds = days * 86400;
    if (text.len == 0)
        return true;
    if (!take_char(&text, 'T') || !take_number(&text, 2, 0, 23, &hours) || !take_char(&text, ':') ||
        !take_number(&text, 2, 0, 59, &minutes))
        return false;
    if (take_char(&text, ':') &&
        (!take_number(&text, 2, 0, 59, &seconds) || !take_fraction(&text, &out->nanoseconds)))
        return false;
    if (!take_zone(&text, &offset))
        return false;
    out->seconds += hours * 3600 + minutes * 60 + seconds - offset;
    return text.len == 0;
}

static bool read_epoch(struct slice text, struct instant *out)
{
    bool negative = take_char(&text, '-');
    unsigned long long seconds;

    *out = (struct instant){0};
    if (!slice_to_u64(take_digits(&text), INT64_MAX / 2, &seconds) ||
        !take_fraction(&text, &out->nanoseconds) || text.len)
        return false;
    out->seconds = negative ? -(int64_t)seconds : (int64_t)seconds;
    if (negative && out->nanoseconds) {
        out->seconds--;
        out->nanoseconds = 1000000000 - out->nanoseconds;
    }
    return true;
}

bool instant_read(struct slice text, struct instant *out)
{
    return read_date(text, out) || read_epoch(text, out);
}

int instant_compare(const struct instant *a, const struct instant *b)
{
    if (a->seconds != b->seconds)
        return a->seconds < b->seconds ? -1 : 1;
    return (a->nanoseconds > b->nanoseconds) - (a->nanoseconds < b->nanoseconds);
}

bool network_read(struct slice text, struct network *out)
{
    char address[INET6_ADDRSTRLEN];
    struct slice rest = text, part;
    unsigned long long bits;

    *out = (struct network){.family = AF_INET};
    if (!slice_split(&rest, '/', &part) || part.len >= sizeof(address) || memchr(part.ptr, '\0', part.len))
        return false;
    memcpy(address, part.ptr, part.len);
    address[part.len] = '\0';
    if (memchr(address, ':', part.len))
        out->family = AF_INET6;
    if (inet_pton(out->family, address, out->address) != 1)
        return false;
    bits = out->family == AF_INET ? 32 : 128;
    if (rest.ptr && !slice_to_u64(rest, bits, &bits))
        return false;
    out->prefix = (unsigned)bits;
    return true;
}

bool network_contains(const struct network *outer, const struct network *inner)
{
    size_t bytes = outer->prefix / 8;
    unsigned rest = outer->prefix % 8;

    if (outer->family != inner->family || outer->prefix > inner->prefix ||
        memcmp(outer->address, inner->address, bytes) != 0)
        return false;
    return rest == 0 || (outer->address[bytes] ^ inner->address[bytes]) >> (8 - rest) == 0;
}
