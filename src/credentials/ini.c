#include "credentials/ini.h"

struct reader {
    struct ini_entry entry; /* read, but not visited while it may be continued */
    bool in_section;
    size_t indent; /* of the entry's line */
    ini_visit *visit;
    void *user;
};

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct slice strip(struct slice s)
{
    while (s.len && is_blank(s.ptr[0]))
        s = slice_from(s, 1);
    while (s.len && is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

/* Takes a line off the front of *rest. It ends with LF, CR LF or CR, as in Python's text files. */
static bool next_line(struct slice *rest, struct slice *line)
{
    size_t n = 0;

    if (rest->len == 0)
        return false;
    while (n < rest->len && rest->ptr[n] != '\n' && rest->ptr[n] != '\r')
        n++;
    *line = slice_of(rest->ptr, n);
    if (n + 1 < rest->len && rest->ptr[n] == '\r' && rest->ptr[n + 1] == '\n')
        n++;
    *rest = slice_from(*rest, n < rest->len ? n + 1 : n);
    return true;
}

static void flush(struct reader *reader)
{
    if (reader->entry.line)
        reader->visit(reader->user, &reader->entry);
    reader->entry.line = 0;
}

/* "[name]", whatever follows the last bracket. */
static bool take_section(struct reader *reader, struct slice line)
{
    const char *end = memrchr(line.ptr, ']', line.len);

    if (line.ptr[0] != '[' || !end || end - line.ptr < 2)
        return false;
    reader->entry.section = slice_of(line.ptr + 1, (size_t)(end - line.ptr) - 1);
    reader->entry.key = reader->entry.value = slice_of(NULL, 0);
    reader->in_section = true;
    return true;
}

/* "key = value", split at the first '=' or ':'. */
static bool take_option(struct reader *reader, struct slice line)
{
    size_t n = 0;

    while (n < line.len && line.ptr[n] != '=' && line.ptr[n] != ':')
        n++;
    reader->entry.key = strip(slice_of(line.ptr, n));
    if (n == line.len || reader->entry.key.len == 0)
        return false;
    reader->entry.value = strip(slice_from(line, n + 1));
    return true;
}

static enum sg_status take_line(struct reader *reader, struct slice line, unsigned number,
                                struct sg_error *err)
{
    struct slice text = strip(line);
    size_t indent = 0;

    if (text.len == 0 || text.ptr[0] == '#' || text.ptr[0] == ';')
        return SG_OK;
    indent = (size_t)(text.ptr - line.ptr);
    if (reader->entry.line && reader->entry.key.len && indent > reader->indent) {
        reader->entry.continued = true;
        return SG_OK;
    }
    flush(reader);
    if (!take_section(reader, text)) {
        if (!reader->in_section)
            return sg_fail(err, SG_INVALID, "line %u: a [section] must come before this line", number);
        if (!take_option(reader, text))
            return sg_fail(err, SG_INVALID, "line %u: this is neither [section] nor key = value", number);
    }
    reader->entry.continued = false;
    reader->entry.line = number;
    reader->indent = indent;
    return SG_OK;
}

enum sg_status ini_parse(struct slice text, ini_visit *visit, void *user, struct sg_error *err)
{
    struct reader reader = {.visit = visit, .user = user};
    struct slice line;
    unsigned number = 0;

    while (next_line(&text, &line)) {
        enum sg_status status = take_line(&reader, line, ++number, err);

        if (status)
            return status;
    }
    flush(&reader);
    return SG_OK;
}
