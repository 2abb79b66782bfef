/* From patterns that were seen to a document. */
#include "policy/suggest_patterns.h"

#include <stdlib.h>

#include <jansson.h>

static int by_action(const void *a, const void *b)
{
    const struct sighting *one = a, *other = b;
    int order = slice_cmp(one->listener, other->listener);

    if (order == 0)
        order = slice_cmp(one->action, other->action);
    return order ? order : slice_cmp(one->resource, other->resource);
}

static int by_resource(const void *a, const void *b)
{
    const struct sighting *one = a, *other = b;
    int order = slice_cmp(one->listener, other->listener);

    if (order == 0)
        order = slice_cmp(one->resource, other->resource);
    return order ? order : slice_cmp(one->action, other->action);
}

/* How sightings become statements: those that have the same `major` make a row; rows of the same minors make
 * one statement. */
struct layout {
    int (*order)(const void *a, const void *b);
    bool major_is_action;
};

static const struct layout by_actions = {by_action, true}, by_resources = {by_resource, false};

/* Sightings of one listener with one action (or one resource). */
struct row {
    const struct sighting *at;
    size_t count;
    bool told; /* in a statement */
};

static struct slice major_of(const struct layout *layout, const struct sighting *one)
{
    return layout->major_is_action ? one->action : one->resource;
}

static struct slice minor_of(const struct layout *layout, const struct sighting *one)
{
    return layout->major_is_action ? one->resource : one->action;
}

/* Sorts, and finds the rows, of which there are as many as sightings at most. */
static size_t split_rows(struct sighting *all, size_t all_count, const struct layout *layout,
                         struct row *rows)
{
    size_t count = 0;

    qsort(all, all_count, sizeof(*all), layout->order);
    for (size_t i = 0; i < all_count; i++) {
        const struct sighting *one = &all[i];

        if (i == 0 || !slice_eq(one->listener, one[-1].listener) ||
            !slice_eq(major_of(layout, one), major_of(layout, one - 1)))
            rows[count++] = (struct row){.at = one};
        rows[count - 1].count++;
    }
    return count;
}

static bool belong_together(const struct layout *layout, const struct row *a, const struct row *b)
{
    if (a->count != b->count || !slice_eq(a->at->listener, b->at->listener))
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (!slice_eq(minor_of(layout, &a->at[i]), minor_of(layout, &b->at[i])))
            return false;
    }
    return true;
}

static size_t count_statements(const struct layout *layout, const struct row *rows, size_t count)
{
    size_t statements = 0;

    for (size_t i = 0; i < count; i++) {
        size_t k = 0;

        while (k < i && !belong_together(layout, &rows[k], &rows[i]))
            k++;
        statements += k == i;
    }
    return statements;
}

/* False when it is no text: not UTF-8. */
static bool append_text(json_t *list, struct slice text)
{
    return json_array_append_new(list, json_stringn(text.ptr, text.len)) == 0;
}

/* One value stands alone. */
static json_t *listed(json_t *list)
{
    json_t *only;

    if (json_array_size(list) != 1)
        return list;
    only = json_incref(json_array_get(list, 0));
    json_decref(list);
    return only;
}

/* IAM takes letters and digits: "Main1" of the first statement of "main". */
static json_t *sid_of(struct slice listener, size_t number)
{
    char text[64];
    size_t len = 0;
    bool first = true;

    for (size_t i = 0; i < listener.len && len < sizeof(text) - 24; i++) {
        char c = listener.ptr[i], lower = ascii_lower(c);
        bool letter = lower >= 'a' && lower <= 'z';

        if (letter && first && c == lower)
            c = (char)(c - 'a' + 'A');
        first = !letter && !(c >= '0' && c <= '9');
        if (!first)
            text[len++] = c;
    }
    return json_sprintf("%.*s%zu", (int)len, text, number);
}

/* The statement of a row and those that belong to it, but for its Sid; NULL when a name is no text. */
static json_t *statement_of(const struct layout *layout, struct row *rows, size_t count, size_t row)
{
    json_t *majors = json_array(), *minors = json_array(), *actions, *resources;
    bool good = true;

    for (size_t i = row; i < count; i++) {
        if (rows[i].told || !belong_together(layout, &rows[row], &rows[i]))
            continue;
        rows[i].told = true;
        good &= append_text(majors, major_of(layout, rows[i].at));
    }
    for (size_t i = 0; i < rows[row].count; i++)
        good &= append_text(minors, minor_of(layout, &rows[row].at[i]));
    actions = listed(layout->major_is_action ? majors : minors);
    resources = listed(layout->major_is_action ? minors : majors);
    if (good)
        return json_pack("{s:n, s:s, s:s, s:o, s:o}", "Sid", "Effect", "Allow", "Principal", "*", "Action",
                         actions, "Resource", resources);
    json_decref(actions);
    json_decref(resources);
    return NULL;
}

static bool has_sid(const json_t *statements, const json_t *sid)
{
    const json_t *statement;
    size_t i;

    json_array_foreach(statements, i, statement)
    {
        if (json_equal(json_object_get(statement, "Sid"), sid))
            return true;
    }
    return false;
}

/* With the first number that no statement of that name has: listeners may be called alike but for case. */
static void set_sid(json_t *statement, const json_t *statements, struct slice listener)
{
    json_t *sid = sid_of(listener, 1);

    for (size_t number = 2; has_sid(statements, sid); number++) {
        json_decref(sid);
        sid = sid_of(listener, number);
    }
    json_object_set_new(statement, "Sid", sid);
}

static json_t *statements_of(const struct layout *layout, struct row *rows, size_t count)
{
    json_t *statements = json_array();

    for (size_t i = 0; i < count; i++) {
        json_t *statement;

        if (rows[i].told)
            continue;
        statement = statement_of(layout, rows, count, i);
        if (!statement) {
            json_decref(statements);
            return NULL;
        }
        set_sid(statement, statements, rows[i].at->listener);
        json_array_append_new(statements, statement);
    }
    return statements;
}

/* In the layout that takes fewer statements. */
static json_t *document_of(struct sighting *all, size_t all_count, struct row *rows)
{
    size_t count = split_rows(all, all_count, &by_resources, rows);
    size_t statements = count_statements(&by_resources, rows, count);
    const struct layout *layout = &by_actions;
    json_t *list;

    count = split_rows(all, all_count, layout, rows);
    if (count_statements(layout, rows, count) > statements) {
        layout = &by_resources;
        count = split_rows(all, all_count, layout, rows);
    }
    list = statements_of(layout, rows, count);
    return list ? json_pack("{s:s, s:o}", "Version", "2012-10-17", "Statement", list) : NULL;
}

bool suggestion_write(const struct suggestion *s, bool wildcards, struct buffer *out)
{
    struct arena arena = {.blocks = NULL};
    struct row *rows = arena_alloc(&arena, s->count, sizeof(*rows));
    struct sighting *all = suggest_patterns(s, wildcards, &arena);
    json_t *document = NULL;
    char *text = NULL;
    bool good = false;

    if (!s->failed && !arena.failed && all && rows) {
        document = document_of(all, suggest_prune(all, s->count), rows);
        text = document ? json_dumps(document, JSON_INDENT(2)) : NULL;
    }
    if (text) {
        buffer_append(out, slice_cstr(text));
        buffer_append_char(out, '\n');
        good = !out->failed;
    }
    free(text);
    json_decref(document);
    arena_free(&arena);
    return good;
}
