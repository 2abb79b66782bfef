#include "policy/locate.h"

static char peek(struct slice text, const struct place *p)
{
    return p->at < text.len ? text.ptr[p->at] : '\0';
}

static void advance(struct slice text, struct place *p)
{
    p->position.column++;
    if (peek(text, p) == '\n') {
        p->position.line++;
        p->position.column = 1;
    }
    p->at++;
}

static void skip_blanks(struct slice text, struct place *p)
{
    while (p->at < text.len && memchr(" \t\r\n", text.ptr[p->at], 4))
        advance(text, p);
}

/* Over the string at hand. */
static void skip_string(struct slice text, struct place *p)
{
    advance(text, p);
    while (p->at < text.len && peek(text, p) != '"') {
        if (peek(text, p) == '\\')
            advance(text, p);
        advance(text, p);
    }
    advance(text, p);
}

/* Over the value at hand. Brackets are counted, so depth costs no stack. */
static void skip_value(struct slice text, struct place *p)
{
    size_t depth = 0;

    while (p->at < text.len) {
        char c = peek(text, p);

        if (c == '"') {
            skip_string(text, p);
            continue;
        }
        if (depth == 0 && memchr(",}] \t\r\n", c, 7))
            return;
        depth += c == '{' || c == '[';
        depth -= c == '}' || c == ']';
        advance(text, p);
        if (depth == 0 && (c == '}' || c == ']'))
            return;
    }
}

/* From a member's key to its value. */
static void skip_key(struct slice text, struct place *p)
{
    skip_string(text, p);
    skip_blanks(text, p);
    advance(text, p); /* ':' */
    skip_blanks(text, p);
}

static bool at_end(struct slice text, const struct place *p)
{
    return p->at >= text.len || peek(text, p) == '}' || peek(text, p) == ']';
}

/* From one element to the next, or to the end. */
static void skip_element(struct slice text, struct place *p, bool is_object)
{
    if (is_object)
        skip_key(text, p);
    skip_value(text, p);
    skip_blanks(text, p);
    if (peek(text, p) == ',') {
        advance(text, p);
        skip_blanks(text, p);
    }
}

struct locator locator_start(struct slice text)
{
    struct locator l = {.text = text};

    l.levels[0].here.position = (struct position){1, 1};
    skip_blanks(text, &l.levels[0].here);
    return l;
}

/* Where the value at hand begins, and whether it is a member of an object. */
static struct place value_place(const struct locator *l)
{
    struct place p = l->levels[l->depth].here;

    if (l->depth > 0 && peek(l->text, &p) == '"') {
        struct place after = p;

        skip_string(l->text, &after);
        skip_blanks(l->text, &after);
        if (peek(l->text, &after) == ':')
            skip_key(l->text, &p);
    }
    return p;
}

void locator_down(struct locator *l, size_t index)
{
    struct place p = value_place(l);
    struct locator_level *level = &l->levels[++l->depth];
    bool is_object = peek(l->text, &p) == '{';

    if (l->depth < LOCATOR_DEPTH)
        level[1].entered = false;
    if (!level->entered || index < level->index) {
        advance(l->text, &p);
        skip_blanks(l->text, &p);
        *level = (struct locator_level){.here = p, .entered = true};
    }
    for (; level->index < index && !at_end(l->text, &level->here); level->index++)
        skip_element(l->text, &level->here, is_object);
}

void locator_up(struct locator *l)
{
    l->depth--;
}

struct position locator_position(const struct locator *l)
{
    return l->levels[l->depth].here.position;
}

struct slice locator_value(const struct locator *l)
{
    struct place start = value_place(l), end = start;

    skip_value(l->text, &end);
    return slice_of(l->text.ptr + start.at, end.at - start.at);
}
