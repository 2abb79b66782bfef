#include "cli/log_line.h"

#include <stddef.h>

#include <jansson.h>

/* `tag` is its name in the journal. */
static const struct {
    const char *name, *tag;
    size_t offset;
} fields[] = {
    {"listener", "SAGEGATE_LISTENER", offsetof(struct log_line, listener)},
    {"action", "SAGEGATE_ACTION", offsetof(struct log_line, action)},
    {"resource", "SAGEGATE_RESOURCE", offsetof(struct log_line, resource)},
    {"decision", "SAGEGATE_DECISION", offsetof(struct log_line, decision)},
    {"audit", "SAGEGATE_AUDIT", offsetof(struct log_line, audit)},
    {"cut", "SAGEGATE_CUT", offsetof(struct log_line, cut)},
};

enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

/* What the lines that tell of a request, or a denial, begin with, after time and level. */
static const struct slice messages[] = {SLICE_INIT("request"), SLICE_INIT("denied")};

static struct slice *field_at(struct log_line *line, size_t i)
{
    return (struct slice *)(void *)((char *)line + fields[i].offset);
}

static bool take(struct slice *text, struct slice prefix)
{
    if (!slice_starts(*text, prefix))
        return false;
    *text = slice_from(*text, prefix.len);
    return true;
}

static bool take_message(struct slice *text)
{
    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
        struct slice rest = *text;

        if (take(&rest, messages[i]) && slice_starts(rest, SLICE(" "))) {
            *text = rest;
            return true;
        }
    }
    return false;
}

/* Four hexadecimal digits, of one byte. */
static bool take_byte(struct slice *text, char *byte)
{
    unsigned value = 0;

    if (text->len < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        static const char digits[] = "0123456789abcdef";
        const char *digit = memchr(digits, ascii_lower(text->ptr[i]), 16);

        if (!digit)
            return false;
        value = 16 * value + (unsigned)(digit - digits);
    }
    *text = slice_from(*text, 4);
    *byte = (char)value;
    return value <= 0xff;
}

/* The rest of a value in quotes, up to the one that ends it. */
static bool take_quoted(struct slice *text, struct arena *arena, struct slice *value)
{
    char *bytes = arena_alloc(arena, text->len, 1);
    size_t len = 0;

    while (bytes && text->len) {
        char c = *text->ptr;

        *text = slice_from(*text, 1);
        if (c == '"') {
            *value = slice_of(bytes, len);
            return true;
        }
        if (c == '\\') {
            if (take(text, SLICE("u"))) {
                if (!take_byte(text, &c))
                    return false;
            } else if (take(text, SLICE("\"")) || take(text, SLICE("\\"))) {
                c = text->ptr[-1];
            } else {
                return false;
            }
        }
        bytes[len++] = c;
    }
    return false;
}

static bool take_bare(struct slice *text, struct arena *arena, struct slice *value)
{
    struct slice bare;

    slice_split(text, ' ', &bare);
    *value = arena_copy(arena, bare);
    if (text->ptr)
        *text = slice_of(text->ptr - 1, text->len + 1); /* the blank again */
    return value->ptr != NULL;
}

/* " NAME=VALUE"; of a name that comes twice the first counts. */
static bool take_field(struct slice *text, struct arena *arena, struct log_line *out)
{
    struct slice name, value;

    if (!take(text, SLICE(" ")) || !slice_split(text, '=', &name) || !text->ptr)
        return false;
    if (take(text, SLICE("\"")) ? !take_quoted(text, arena, &value) : !take_bare(text, arena, &value))
        return false;
    for (size_t i = 0; i < FIELDS; i++) {
        struct slice *field = field_at(out, i);

        if (slice_eq(name, slice_cstr(fields[i].name)) && !field->ptr)
            *field = value;
    }
    return true;
}

/* The message begins the line, or follows the first colon and blank: nothing that a client says comes before.
 */
static enum log_line_kind read_text(struct slice line, struct arena *arena, struct log_line *out)
{
    const char *colon;

    if (!take_message(&line)) {
        colon = memmem(line.ptr, line.len, ": ", 2);
        if (!colon)
            return LOG_LINE_OTHER;
        line = slice_from(line, (size_t)(colon - line.ptr) + 2);
        if (!take_message(&line))
            return LOG_LINE_OTHER;
    }
    while (line.ptr && line.len) {
        if (!take_field(&line, arena, out))
            return LOG_LINE_BROKEN;
    }
    return LOG_LINE_REQUEST;
}

static struct slice text_of(const json_t *value)
{
    if (json_is_true(value))
        return SLICE("true");
    return slice_of(json_string_value(value), json_string_length(value));
}

/* The journal's message has the fields in it, too. */
static bool is_message(struct slice text, bool journal)
{
    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
        if (slice_eq(text, messages[i]))
            return true;
    }
    return journal && take_message(&text);
}

static enum log_line_kind read_object(const json_t *object, struct arena *arena, struct log_line *out)
{
    const json_t *message = json_object_get(object, "message");
    bool journal = !message;

    if (!is_message(text_of(journal ? json_object_get(object, "MESSAGE") : message), journal))
        return LOG_LINE_OTHER;
    for (size_t i = 0; i < FIELDS; i++) {
        struct slice text = text_of(json_object_get(object, journal ? fields[i].tag : fields[i].name));

        if (text.ptr)
            *field_at(out, i) = arena_copy(arena, text);
    }
    return LOG_LINE_REQUEST;
}

static enum log_line_kind read_json(struct slice line, struct arena *arena, struct log_line *out)
{
    json_t *object = json_loadb(line.ptr, line.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    enum log_line_kind kind = object ? read_object(object, arena, out) : LOG_LINE_BROKEN;

    json_decref(object);
    return kind;
}

enum log_line_kind log_line_read(struct slice line, struct arena *arena, struct log_line *out)
{
    enum log_line_kind kind;

    *out = (struct log_line){.listener = {NULL, 0}};
    if (line.len == 0)
        return LOG_LINE_OTHER;
    kind = *line.ptr == '{' ? read_json(line, arena, out) : read_text(line, arena, out);
    if (kind == LOG_LINE_REQUEST && (out->listener.len == 0 || out->decision.len == 0))
        return LOG_LINE_BROKEN;
    return kind;
}
