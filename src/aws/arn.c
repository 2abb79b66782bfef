#include "aws/arn.h"

enum { ACCOUNT_DIGITS = 12 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

/* Lower-case letters, digits and '-': partitions, services and regions. */
static bool is_label(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!is_lower(text.ptr[i]) && !is_digit(text.ptr[i]) && text.ptr[i] != '-')
            return false;
    return text.len > 0;
}

static bool is_account(struct slice text)
{
    if (slice_eq(text, SLICE("aws")))
        return true;
    for (size_t i = 0; i < text.len; i++)
        if (!is_digit(text.ptr[i]))
            return false;
    return text.len == ACCOUNT_DIGITS;
}

bool arn_is_meant(struct slice text)
{
    return slice_starts_nocase(text, SLICE("arn:"));
}

bool arn_is_segment(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (!is_lower(ascii_lower(c)) && !is_digit(c) && c != '.' && c != '_' && c != '-')
            return false;
    }
    return text.len > 0;
}

bool arn_is_segments(struct slice text)
{
    struct slice segment;

    while (slice_split(&text, '/', &segment))
        if (!arn_is_segment(segment))
            return false;
    return true;
}

bool arn_parse(struct slice text, struct arn *arn)
{
    struct slice rest = text, prefix;

    if (text.len > ARN_MAX)
        return false;
    if (!slice_split(&rest, ':', &prefix) || !slice_split(&rest, ':', &arn->partition) ||
        !slice_split(&rest, ':', &arn->service) || !slice_split(&rest, ':', &arn->region) ||
        !slice_split(&rest, ':', &arn->account) || !rest.ptr)
        return false;
    arn->resource = rest;
    return slice_eq(prefix, SLICE("arn")) && slice_starts(arn->partition, SLICE("aws")) &&
           is_label(arn->partition) && is_label(arn->service) && is_label(arn->region) &&
           is_account(arn->account) && memchr(rest.ptr, '/', rest.len) && arn_is_segments(rest);
}
