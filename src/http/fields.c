#include "http/parse.h"

struct http_lines http_lines_of(struct slice bytes)
{
    struct http_lines lines = {bytes, bytes.len >= HTTP_MAX_HEAD};

    if (lines.too_long)
        lines.rest.len = HTTP_MAX_HEAD;
    return lines;
}

/* Why no line can be taken: a byte that no line may have, the limit, or the end of the bytes. */
static int refuse_tail(const struct http_lines *lines, struct sg_error *err)
{
    struct slice name = slice_of(lines->rest.ptr, http_span(lines->rest, HTTP_TOKEN));
    size_t bad = http_span(lines->rest, HTTP_TEXT);

    if (bad < lines->rest.len && !(lines->rest.ptr[bad] == '\r' && bad + 1 == lines->rest.len))
        return HTTP_REFUSE(
            err, 400,
            "The line of the head that starts with \"%s\" has byte 0x%02x in it; send printable "
            "characters, and CR only before LF.",
            http_quote(name).text, (unsigned char)lines->rest.ptr[bad]);
    if (lines->too_long)
        return HTTP_REFUSE(err, 431, "The head is larger than %d bytes; send fewer or shorter fields.",
                           HTTP_MAX_HEAD);
    return HTTP_REFUSE(err, 400, "The head ends before its blank line; end it with CRLF CRLF.");
}

int http_line_take(struct http_lines *lines, struct slice *line, struct sg_error *err)
{
    struct slice *rest = &lines->rest;
    const char *lf = rest->len ? memchr(rest->ptr, '\n', rest->len) : NULL;

    if (!lf)
        return refuse_tail(lines, err);
    *line = slice_of(rest->ptr, (size_t)(lf - rest->ptr));
    *rest = slice_from(*rest, line->len + 1);
    if (line->len == 0 || lf[-1] != '\r')
        return HTTP_REFUSE(
            err, 400,
            "The line of the head that starts with \"%s\" ends in LF alone; end every line with "
            "CRLF.",
            http_quote(slice_of(line->ptr, http_span(*line, HTTP_TOKEN))).text);
    line->len--;
    return 0;
}

/* Why the line has no field name with a colon after it. */
static int refuse_name(struct slice line, struct slice name, struct sg_error *err)
{
    char next = name.len < line.len ? line.ptr[name.len] : '\0';
    bool blank = next == ' ' || next == '\t';
    struct http_quote quote = http_quote(name);

    if (name.len == line.len)
        return HTTP_REFUSE(err, 400, "The field line \"%s\" has no colon; write \"Name: value\".",
                           quote.text);
    if (name.len == 0 && blank)
        return HTTP_REFUSE(
            err, 400,
            "A field line starts with a blank, which is obsolete line folding; write each field "
            "on one line.");
    if (name.len == 0 && next == ':')
        return HTTP_REFUSE(err, 400, "A field line has no name before its colon; write \"Name: value\".");
    if (blank)
        return HTTP_REFUSE(
            err, 400,
            "There is a blank in or after the field name \"%s\"; the colon must follow the name "
            "at once.",
            quote.text);
    return HTTP_REFUSE(
        err, 400,
        "The field name that starts with \"%s\" has byte 0x%02x in it; use letters, digits and "
        "hyphens.",
        quote.text, (unsigned char)next);
}

/* Why the line at the front is no field line. */
static int refuse_field(struct http_lines *lines, struct sg_error *err)
{
    struct slice line, name, value;
    int refused = http_line_take(lines, &line, err);

    if (refused)
        return refused;
    name = slice_of(line.ptr, http_span(line, HTTP_TOKEN));
    if (name.len == 0 || name.len == line.len || line.ptr[name.len] != ':')
        return refuse_name(line, name, err);
    value = slice_from(line, name.len + 1);
    return HTTP_REFUSE(err, 400,
                       "The value of the field %s has byte 0x%02x in it; control characters are not allowed.",
                       http_quote(name).text, (unsigned char)value.ptr[http_span(value, HTTP_TEXT)]);
}

/* Takes a good field line off the front; false, and nothing is taken, when there is none. */
static bool take_field(struct http_lines *lines, struct http_field *field)
{
    struct slice rest = lines->rest;

    field->name = slice_of(rest.ptr, http_span(rest, HTTP_TOKEN));
    if (field->name.len == 0 || field->name.len == rest.len || rest.ptr[field->name.len] != ':')
        return false;
    rest = slice_from(rest, field->name.len + 1);
    field->value = slice_of(rest.ptr, http_span_text(rest));
    rest = slice_from(rest, field->value.len);
    if (!slice_starts(rest, SLICE("\r\n")))
        return false;
    field->value = slice_trim(field->value);
    lines->rest = slice_from(rest, 2);
    return true;
}

int http_fields_parse(struct http_lines *lines, struct http_head *head, struct sg_error *err)
{
    while (!slice_starts(lines->rest, SLICE("\r\n"))) {
        struct http_field field;

        if (!take_field(lines, &field))
            return refuse_field(lines, err);
        if (head->count == HTTP_MAX_FIELDS)
            return HTTP_REFUSE(err, 431, "The head has more than %d fields; send fewer.", HTTP_MAX_FIELDS);
        http_head_add(head, field);
    }
    lines->rest = slice_from(lines->rest, 2);
    return 0;
}
