#include "cli/raw_request.h"

/* Takes one line off the front of *rest, without its LF or CRLF; false at the end of the bytes. */
static bool next_line(struct slice *rest, struct slice *line)
{
    if (!slice_split(rest, '\n', line))
        return false;
    if (line->len && line->ptr[line->len - 1] == '\r')
        line->len--;
    return true;
}

/* Takes the last space and the version after it off the end of *target. */
static bool cut_version(struct slice *target)
{
    for (size_t i = target->len; i-- > 0;) {
        if (target->ptr[i] == ' ') {
            bool is_version = slice_starts(slice_from(*target, i), SLICE(" HTTP/"));

            target->len = i;
            return is_version;
        }
    }
    return false;
}

/* The target is all between the first space and the last, as in "GET /a path HTTP/1.1". */
static enum sg_status parse_request_line(struct slice line, struct raw_request *request, struct sg_error *err)
{
    struct slice target = line;

    if (!slice_split(&target, ' ', &request->method) || request->method.len == 0 || !target.ptr)
        return sg_fail(err, SG_INVALID, "line 1: a request starts like this: GET /path?query HTTP/1.1");
    if (!cut_version(&target))
        return sg_fail(err, SG_INVALID, "line 1: no HTTP version; it ends like this: /path?query HTTP/1.1");
    if (!slice_starts(target, SLICE("/")))
        return sg_fail(err, SG_INVALID, "line 1: the target is to start with '/'; the host belongs in Host");
    request->query = target;
    (void)slice_split(&request->query, '?', &request->path);
    return SG_OK;
}

static bool is_folded(struct slice line)
{
    return line.ptr[0] == ' ' || line.ptr[0] == '\t';
}

static enum sg_status parse_field(struct slice line, size_t number, struct raw_request *request,
                                  struct sg_error *err)
{
    struct http_field field;

    if (request->count == HTTP_MAX_FIELDS)
        return sg_fail(err, SG_INVALID, "line %zu: more than %d header lines", number, HTTP_MAX_FIELDS);
    if (is_folded(line) && request->count > 0) {
        /* Obsolete in HTTP/1.1, but in AWS's test suite: one more value of the header before. */
        field.name = request->fields[request->count - 1].name;
        field.value = line;
    } else {
        field.value = line;
        if (!slice_split(&field.value, ':', &field.name) || !field.value.ptr)
            return sg_fail(err, SG_INVALID, "line %zu: no ':'; a header line reads Name: value", number);
    }
    field.value = slice_trim(field.value);
    request->fields[request->count++] = field;
    return SG_OK;
}

enum sg_status raw_request_parse(struct slice bytes, struct raw_request *request, struct sg_error *err)
{
    struct slice rest = bytes;
    struct slice line;

    *request = (struct raw_request){0};
    if (bytes.len == 0 || !next_line(&rest, &line))
        return sg_fail(err, SG_INVALID, "there is no request on standard input");
    if (parse_request_line(line, request, err) != SG_OK)
        return SG_INVALID;
    for (size_t number = 2; next_line(&rest, &line); number++) {
        if (line.len == 0) {
            request->body = rest;
            return SG_OK;
        }
        if (parse_field(line, number, request, err) != SG_OK)
            return SG_INVALID;
    }
    return SG_OK;
}
