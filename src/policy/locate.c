#include "policy/locate.h"

#include <stdbool.h>

struct cursor {
    struct slice text;
    size_t at;
};

static char peek(const struct cursor *c)
{
    return c->at < c->text.len ? c->text.ptr[c->at] : '\0';
}

static void skip_blanks(struct cursor *c)
{
    while (peek(c) == ' ' || peek(c) == '\t' || peek(c) == '\n' || peek(c) == '\r')
        c->at++;
}

/* Over the string at the cursor; its bytes without quotes, escapes as written. */
static struct slice take_string(struct cursor *c)
{
    size_t start = ++c->at;

    while (c->at < c->text.len && peek(c) != '"')
        c->at += peek(c) == '\\' ? 2 : 1;
    c->at++;
    return slice_of(c->text.ptr + start, c->at - 1 - start);
}

/* Over the value at the cursor. Brackets are counted, so depth costs no stack. */
static void skip_value(struct cursor *c)
{
    size_t depth = 0;

    while (c->at < c->text.len) {
        char ch = peek(c);

        if (ch == '"') {
            take_string(c);
        } else if (ch == '{' || ch == '[') {
            depth++;
            c->at++;
        } else if (ch == '}' || ch == ']') {
            if (depth == 0)
                return;
            depth--;
            c->at++;
        } else if (depth == 0 && ch == ',') {
            return;
        } else {
            c->at++;
        }
    }
}

/* To the member or element that the step names. False, and the cursor where it was, when there is none. */
static bool descend(struct cursor *c, const struct locate_step *step, size_t *key_at)
{
    struct cursor in = *c;
    bool object = peek(c) == '{';

    if (!object && peek(c) != '[')
        return false;
    in.at++;
    for (size_t i = 0;; i++) {
        struct slice key = {NULL, 0};

        skip_blanks(&in);
        if (in.at >= in.text.len || peek(&in) == '}' || peek(&in) == ']')
            return false;
        *key_at = in.at;
        if (object) {
            key = take_string(&in);
            skip_blanks(&in);
            in.at++; /* ':' */
            skip_blanks(&in);
        }
        if (step->key ? slice_eq(key, slice_cstr(step->key)) : i == step->index) {
            *c = in;
            return true;
        }
        skip_value(&in);
        if (peek(&in) == ',')
            in.at++;
    }
}

struct position locate(struct slice text, const struct locate_step *path, size_t steps)
{
    struct cursor c = {text, 0};
    struct position position = {1, 1};
    size_t at;

    skip_blanks(&c);
    at = c.at;
    for (size_t i = 0; i < steps; i++) {
        if (!descend(&c, &path[i], &at))
            break;
    }
    for (size_t i = 0; i < at && i < text.len; i++) {
        position.column++;
        if (text.ptr[i] == '\n') {
            position.line++;
            position.column = 1;
        }
    }
    return position;
}
