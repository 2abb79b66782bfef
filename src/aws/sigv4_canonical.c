#include "aws/sigv4_canonical.h"

enum {
    TOKEN = 8, /* what a method or field name may hold (RFC 9110 section 5.6.2) */
    EVERYWHERE = SIGV4_KEEP_UNRESERVED | SIGV4_KEEP_SEGMENTS | SIGV4_KEEP_URI | TOKEN,
};

static const unsigned char byte_class[256] = {
    ['A' ... 'Z'] = EVERYWHERE,
    ['a' ... 'z'] = EVERYWHERE,
    ['0' ... '9'] = EVERYWHERE,
    ['-'] = EVERYWHERE,
    ['.'] = EVERYWHERE,
    ['_'] = EVERYWHERE,
    ['~'] = EVERYWHERE,
    ['!'] = SIGV4_KEEP_URI | TOKEN,
    ['$'] = SIGV4_KEEP_URI | TOKEN,
    ['%'] = SIGV4_KEEP_URI | TOKEN,
    ['&'] = SIGV4_KEEP_URI | TOKEN,
    ['\''] = SIGV4_KEEP_URI | TOKEN,
    ['*'] = SIGV4_KEEP_URI | TOKEN,
    ['+'] = SIGV4_KEEP_URI | TOKEN,
    ['('] = SIGV4_KEEP_URI,
    [')'] = SIGV4_KEEP_URI,
    [','] = SIGV4_KEEP_URI,
    [';'] = SIGV4_KEEP_URI,
    ['='] = SIGV4_KEEP_URI,
    [':'] = SIGV4_KEEP_URI,
    ['@'] = SIGV4_KEEP_URI,
    ['/'] = SIGV4_KEEP_URI | SIGV4_KEEP_SEGMENTS,
    ['?'] = SIGV4_KEEP_URI,
    ['#'] = TOKEN,
    ['^'] = TOKEN,
    ['`'] = TOKEN,
    ['|'] = TOKEN,
};

static bool is_token(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!(byte_class[(unsigned char)s.ptr[i]] & TOKEN))
            return false;
    }
    return s.len > 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

void sigv4_append_encoded(struct buffer *out, struct slice s, enum sigv4_keep keep)
{
    static const char hex[] = "0123456789ABCDEF";
    char *to;

    if (s.len == 0)
        return;
    if (s.len > SIZE_MAX / 3) {
        out->failed = true;
        return;
    }
    if (!buffer_reserve(out, 3 * s.len))
        return;
    to = out->data + out->len;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char byte = (unsigned char)s.ptr[i];

        if (byte_class[byte] & keep) {
            *to++ = s.ptr[i];
        } else {
            *to++ = '%';
            *to++ = hex[byte >> 4];
            *to++ = hex[byte & 15];
        }
    }
    out->len = (size_t)(to - out->data);
}

/* Takes the last "/segment" off what was written since `start`; nothing when there is none. */
static void drop_segment(struct buffer *out, size_t start)
{
    while (out->len > start && out->data[--out->len] != '/')
        ;
}

/* RFC 3986 section 5.2.4 on the path as sent (an encoded dot is no dot), and empty segments go, too. */
static void append_normalised(struct buffer *out, struct slice path, enum sigv4_keep keep)
{
    size_t start = out->len;
    struct slice rest = path;
    struct slice segment;

    while (slice_split(&rest, '/', &segment)) {
        if (segment.len == 0 || slice_eq(segment, SLICE(".")))
            continue;
        if (slice_eq(segment, SLICE(".."))) {
            drop_segment(out, start);
            continue;
        }
        buffer_append_char(out, '/');
        sigv4_append_encoded(out, segment, keep);
    }
    if (out->len == start || path.ptr[path.len - 1] == '/')
        buffer_append_char(out, '/');
}

static void append_path(struct buffer *out, const struct sigv4_request *request)
{
    enum sigv4_keep keep = request->encode_once ? SIGV4_KEEP_URI : SIGV4_KEEP_SEGMENTS;

    if (request->keep_path)
        sigv4_append_encoded(out, request->path, keep);
    else
        append_normalised(out, request->path, keep);
}

/* botocore signs the method in upper case, whatever was asked for. */
static void append_method(struct buffer *out, struct slice method)
{
    for (size_t i = 0; i < method.len; i++) {
        char c = method.ptr[i];

        buffer_append_char(out, c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
    }
}

static int compare_names(struct slice a, struct slice b)
{
    size_t shared = a.len < b.len ? a.len : b.len;

    for (size_t i = 0; i < shared; i++) {
        int left = (unsigned char)ascii_lower(a.ptr[i]);
        int right = (unsigned char)ascii_lower(b.ptr[i]);

        if (left != right)
            return left - right;
    }
    return (a.len > b.len) - (a.len < b.len);
}

/* The headers by name, those of one name in the order of the request. There are few, nearly in order. */
static void sort_fields(const struct sigv4_request *request, const struct http_field **sorted)
{
    for (size_t i = 0; i < request->header_count; i++) {
        const struct http_field *field = &request->headers[i];
        size_t at = i;

        for (; at > 0 && compare_names(sorted[at - 1]->name, field->name) > 0; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = field;
    }
}

/* In lower case. False when it is no token. */
static bool append_name(struct buffer *out, struct slice name)
{
    unsigned char classes = TOKEN;
    char *to;

    if (!buffer_reserve(out, name.len))
        return true;
    to = out->data + out->len;
    for (size_t i = 0; i < name.len; i++) {
        classes &= byte_class[(unsigned char)name.ptr[i]];
        to[i] = ascii_lower(name.ptr[i]);
    }
    out->len += name.len;
    return classes && name.len > 0;
}

static void append_again(struct buffer *out, size_t at, size_t len)
{
    if (buffer_reserve(out, len))
        buffer_append(out, slice_of(out->data + at, len));
}

static bool is_control(unsigned char byte)
{
    return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

/* Without blanks around it, every run of blanks inside it as one space. Returns where a control character
 * stands that no value may have; the value's length when there is none. */
static size_t append_value(struct buffer *out, struct slice value)
{
    struct slice rest = slice_trim(value);
    bool after_blank = false;
    char *to;

    if (slice_is_visible(rest)) { /* as a session token, which has a thousand bytes */
        buffer_append(out, rest);
        return value.len;
    }
    if (!buffer_reserve(out, rest.len))
        return value.len;
    to = out->data + out->len;
    for (size_t i = 0; i < rest.len; i++) {
        char c = rest.ptr[i];

        if (is_control((unsigned char)c))
            return (size_t)(rest.ptr + i - value.ptr);
        if (!is_blank(c))
            *to++ = c;
        else if (!after_blank)
            *to++ = ' ';
        after_blank = is_blank(c);
    }
    out->len = (size_t)(to - out->data);
    return value.len;
}

static enum sg_status refuse_name(struct slice name, struct sg_error *err)
{
    return sg_fail(err, SG_INVALID,
                   "a header name of %zu bytes is not a token (letters, digits, hyphens and the like)",
                   name.len);
}

static enum sg_status refuse_value(const struct http_field *field, size_t at, struct sg_error *err)
{
    return sg_fail(err, SG_INVALID,
                   "header %.*s: byte %zu of its value is the control character 0x%02x; remove it",
                   SLICE_FMT(field->name), at + 1, (unsigned char)field->value.ptr[at]);
}

static bool same_name_as_before(const struct http_field *const *sorted, size_t i)
{
    return i > 0 && slice_eq_nocase(sorted[i]->name, sorted[i - 1]->name);
}

/* The header lines, an empty line, and the list of names. */
static enum sg_status append_headers(struct buffer *out, const struct sigv4_request *request,
                                     struct sigv4_span *signed_headers, struct sg_error *err)
{
    const struct http_field *sorted[HTTP_MAX_FIELDS];
    size_t names[HTTP_MAX_FIELDS]; /* where each stands in `out`, in lower case */

    sort_fields(request, sorted);
    for (size_t i = 0; i < request->header_count; i++) {
        size_t good;

        if (same_name_as_before(sorted, i)) {
            buffer_append_char(out, ',');
        } else {
            if (i > 0)
                buffer_append_char(out, '\n');
            names[i] = out->len;
            if (!append_name(out, sorted[i]->name))
                return refuse_name(sorted[i]->name, err);
            buffer_append_char(out, ':');
        }
        good = append_value(out, sorted[i]->value);
        if (good < sorted[i]->value.len)
            return refuse_value(sorted[i], good, err);
    }
    buffer_append(out, SLICE("\n\n"));

    signed_headers->at = out->len;
    for (size_t i = 0; i < request->header_count; i++) {
        if (same_name_as_before(sorted, i))
            continue;
        if (i > 0)
            buffer_append_char(out, ';');
        append_again(out, names[i], sorted[i]->name.len);
    }
    signed_headers->len = out->len - signed_headers->at;
    return SG_OK;
}

static enum sg_status check_request(const struct sigv4_request *request, struct sg_error *err)
{
    if (!is_token(request->method))
        return sg_fail(err, SG_INVALID, "the method is not a token like GET or POST");
    if (!slice_starts(request->path, SLICE("/")))
        return sg_fail(err, SG_INVALID, "the path does not start with '/'");
    if (!is_token(request->payload_hash))
        return sg_fail(
            err, SG_INVALID,
            "the payload hash is neither a SHA-256 in hexadecimal nor a word like UNSIGNED-PAYLOAD");
    if (request->header_count == 0 || request->header_count > HTTP_MAX_FIELDS)
        return sg_fail(err, SG_INVALID, "%zu headers to sign: 1 to %d are possible", request->header_count,
                       HTTP_MAX_FIELDS);
    return SG_OK;
}

enum sg_status sigv4_append_request(struct sigv4_query *query, const struct sigv4_request *request,
                                    struct buffer *out, struct sigv4_span *signed_headers,
                                    struct sg_error *err)
{
    if (check_request(request, err) != SG_OK)
        return SG_INVALID;
    append_method(out, request->method);
    buffer_append_char(out, '\n');
    append_path(out, request);
    buffer_append_char(out, '\n');
    sigv4_append_sorted_query(query, request->query, out);
    buffer_append_char(out, '\n');
    if (append_headers(out, request, signed_headers, err) != SG_OK)
        return SG_INVALID;
    buffer_append_char(out, '\n');
    buffer_append(out, request->payload_hash);
    return out->failed ? sg_fail(err, SG_NO_MEMORY, "out of memory for the canonical request") : SG_OK;
}
