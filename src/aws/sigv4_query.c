#include <stdlib.h>

#include "aws/sigv4_canonical.h"

struct sigv4_parameter {
    struct slice name;
    struct slice value;
};

void sigv4_query_free(struct sigv4_query *query)
{
    buffer_free(&query->encoded);
    free(query->parameters);
    *query = (struct sigv4_query){0};
}

static struct sigv4_parameter parameter_of(struct slice pair)
{
    struct slice value = pair;
    struct slice name;

    (void)slice_split(&value, '=', &name);
    return (struct sigv4_parameter){name, value};
}

static int compare_parameters(const void *a, const void *b)
{
    const struct sigv4_parameter *left = a, *right = b;
    int order = slice_cmp(left->name, right->name);

    return order != 0 ? order : slice_cmp(left->value, right->value);
}

/* Splits at '&' into query->parameters; false when memory is short. */
static bool split_parameters(struct sigv4_query *query, struct slice rest, size_t *count)
{
    size_t needed = 1;
    struct slice pair;

    for (size_t i = 0; i < rest.len; i++)
        needed += rest.ptr[i] == '&';
    if (needed > query->capacity) {
        struct sigv4_parameter *grown = reallocarray(query->parameters, needed, sizeof(*query->parameters));

        if (!grown)
            return false;
        query->parameters = grown;
        query->capacity = needed;
    }
    *count = 0;
    while (slice_split(&rest, '&', &pair))
        query->parameters[(*count)++] = parameter_of(pair);
    return true;
}

void sigv4_append_sorted_query(struct sigv4_query *query, struct slice text, struct buffer *out)
{
    size_t count;

    if (text.len == 0)
        return;
    buffer_reset(&query->encoded);
    sigv4_append_encoded(&query->encoded, text, SIGV4_KEEP_URI);
    if (query->encoded.failed || !split_parameters(query, buffer_slice(&query->encoded), &count)) {
        out->failed = true;
        return;
    }
    qsort(query->parameters, count, sizeof(*query->parameters), compare_parameters);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buffer_append_char(out, '&');
        buffer_append(out, query->parameters[i].name);
        buffer_append_char(out, '=');
        buffer_append(out, query->parameters[i].value);
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Takes one byte, escaped or not, off the front of *rest. SG_INVALID when it must not be sent. */
static enum sg_status take_byte(struct slice *rest, unsigned char *byte, struct sg_error *err)
{
    size_t width = 1;

    *byte = (unsigned char)rest->ptr[0];
    if (*byte == '%') {
        int high = rest->len >= 3 ? hex_digit(rest->ptr[1]) : -1;
        int low = rest->len >= 3 ? hex_digit(rest->ptr[2]) : -1;

        if (high < 0 || low < 0)
            return sg_fail(
                err, SG_INVALID,
                "query: a '%%' is not followed by two hexadecimal digits; write a percent sign as %%25");
        *byte = (unsigned char)(high << 4 | low);
        width = 3;
    } else if (*byte == '+') {
        return sg_fail(err, SG_INVALID,
                       "query: a '+' is read as a plus by some and as a space by others; write %%2B or %%20");
    }
    if (*byte < 0x20 || *byte == 0x7f)
        return sg_fail(err, SG_INVALID, "query: holds the control character 0x%02x; remove it", *byte);
    *rest = slice_from(*rest, width);
    return SG_OK;
}

/* One name or value, decoded and encoded again. */
static enum sg_status append_recoded(struct buffer *out, struct slice rest, struct sg_error *err)
{
    while (rest.len) {
        unsigned char byte;
        char c;

        if (take_byte(&rest, &byte, err) != SG_OK)
            return SG_INVALID;
        c = (char)byte;
        sigv4_append_encoded(out, slice_of(&c, 1), SIGV4_KEEP_UNRESERVED);
    }
    return SG_OK;
}

enum sg_status sigv4_canonical_query(struct slice query, struct buffer *out, struct sg_error *err)
{
    size_t start = out->len;
    struct slice pair;

    while (slice_split(&query, '&', &pair)) {
        struct sigv4_parameter parameter;

        if (pair.len == 0)
            continue;
        parameter = parameter_of(pair);
        if (out->len > start)
            buffer_append_char(out, '&');
        if (append_recoded(out, parameter.name, err) != SG_OK)
            goto invalid;
        buffer_append_char(out, '=');
        if (append_recoded(out, parameter.value, err) != SG_OK)
            goto invalid;
    }
    return out->failed ? sg_fail(err, SG_NO_MEMORY, "query: out of memory") : SG_OK;

invalid:
    out->len = start;
    return SG_INVALID;
}
