#include "config/environment.h"

#include <stdlib.h>

enum { DEPTH_MAX = 8 }; /* credentials.identities[0].assume_role.tags[0].key, and one more */

/* One step from a mapping or list down. */
struct step {
    const struct schema_key *key; /* NULL: an item of a list, by index */
    size_t index;
};

struct path {
    struct step steps[DEPTH_MAX];
    size_t depth;
};

static char in_variable(char c)
{
    return c == '-' ? '_' : (c >= 'a' && c <= 'z') ? (char)(c - 'a' + 'A') : c;
}

/* Takes a key's name off the front of text, and the '_' after it, unless text ends there. */
static bool take_name(struct slice *text, const char *name)
{
    size_t len = strlen(name);

    if (text->len < len || (text->len > len && text->ptr[len] != '_'))
        return false;
    for (size_t i = 0; i < len; i++) {
        if (text->ptr[i] != in_variable(name[i]))
            return false;
    }
    *text = slice_from(*text, text->len > len ? len + 1 : len);
    return true;
}

static bool find(const struct schema *schema, struct slice text, struct path *path);

static bool find_in_list(const struct schema_key *key, struct slice text, struct path *path)
{
    struct slice digits;
    unsigned long long index;

    slice_split(&text, '_', &digits);
    if (!text.ptr || !slice_to_u64(digits, key->max_items - 1, &index))
        return false;
    path->steps[path->depth++] = (struct step){NULL, (size_t)index};
    return find(key->items, text, path);
}

/* The way to the scalar that text names. Some names begin as others do: every key is tried. */
static bool find(const struct schema *schema, struct slice text, struct path *path)
{
    size_t depth = path->depth;

    for (size_t i = 0; depth + 1 < DEPTH_MAX && i < schema->count; i++) {
        const struct schema_key *key = &schema->keys[i];
        struct slice rest = text;

        if (!take_name(&rest, key->name))
            continue;
        path->depth = depth;
        path->steps[path->depth++] = (struct step){key, 0};
        if (rest.len == 0  ? key->read != NULL
            : key->mapping ? find(key->mapping, rest, path)
            : key->items   ? find_in_list(key, rest, path)
                           : false)
            return true;
    }
    return false;
}

/* Where a problem with what comes from the environment stands: problems.c names the variable. */
static int mark_node(yaml_document_t *document, int id, unsigned variable)
{
    yaml_node_t *node = yaml_document_get_node(document, id);

    if (node) {
        node->start_mark.line = PROBLEM_IN_ENVIRONMENT - 1;
        node->start_mark.column = variable;
    }
    return id;
}

static int add_scalar(yaml_document_t *document, struct slice text, unsigned variable)
{
    return mark_node(document,
                     yaml_document_add_scalar(document, NULL, (const yaml_char_t *)text.ptr, (int)text.len,
                                              YAML_DOUBLE_QUOTED_SCALAR_STYLE),
                     variable);
}

/* A node for what the step leads to, 0 when memory is short. */
static int add_container(yaml_document_t *document, const struct step *step, unsigned variable)
{
    int id = step->key && step->key->items
                 ? yaml_document_add_sequence(document, NULL, YAML_BLOCK_SEQUENCE_STYLE)
                 : yaml_document_add_mapping(document, NULL, YAML_BLOCK_MAPPING_STYLE);

    return mark_node(document, id, variable);
}

/* The place in `parent` that holds the id of what the step leads to, and the id of its key (0 in a list);
 * NULL when there is none yet. */
static int *find_child(yaml_document_t *document, int parent, const struct step *step, int *name_id)
{
    yaml_node_t *node = yaml_document_get_node(document, parent);
    size_t count;

    *name_id = 0;
    if (!step->key) {
        count = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
        return step->index < count ? &node->data.sequence.items.start[step->index] : NULL;
    }
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top;
         pair++) {
        const yaml_node_t *name = yaml_document_get_node(document, pair->key);

        *name_id = pair->key;
        if (name->type == YAML_SCALAR_NODE &&
            slice_eq(slice_of((const char *)name->data.scalar.value, name->data.scalar.length),
                     slice_cstr(step->key->name)))
            return &pair->value;
    }
    return NULL;
}

/* Hangs `child` where the step leads; false when memory is short, or a list would get a gap. */
static bool hang(yaml_document_t *document, int parent, const struct step *step, int child, unsigned variable)
{
    const yaml_node_t *node = yaml_document_get_node(document, parent);
    int name;

    if (!child)
        return false;
    if (!step->key) {
        if ((size_t)(node->data.sequence.items.top - node->data.sequence.items.start) != step->index)
            return false;
        return yaml_document_append_sequence_item(document, parent, child);
    }
    name = add_scalar(document, slice_cstr(step->key->name), variable);
    return name && yaml_document_append_mapping_pair(document, parent, name, child);
}

static bool is_container(yaml_document_t *document, int id, const struct step *step)
{
    yaml_node_type_t wanted = step->key && step->key->items ? YAML_SEQUENCE_NODE : YAML_MAPPING_NODE;

    return yaml_document_get_node(document, id)->type == wanted;
}

/* Words stand there as rightly as a mapping does, which then takes their place. */
static bool takes_words_too(const struct step *step)
{
    return step->key && step->key->max_words;
}

/* What the file says wrongly on the way is left to the reader to report. */
static bool put(yaml_document_t *document, const struct path *path, struct slice text, unsigned variable)
{
    int at = 1; /* the root */

    if (!is_container(document, at, &(struct step){NULL, 0}))
        return true;
    for (size_t i = 0; i < path->depth; i++) {
        const struct step *step = &path->steps[i];
        int name, *child = find_child(document, at, step, &name);
        bool last = i + 1 == path->depth, stays = child && !last && is_container(document, *child, step);

        if (child && !last && !stays && !takes_words_too(step))
            return true;
        if (stays) {
            at = *child;
        } else {
            int made = last ? add_scalar(document, text, variable) : add_container(document, step, variable);

            child = find_child(document, at, step, &name); /* adding nodes moves them */
            if (child && made) {
                *child = made;
                if (name)
                    mark_node(document, name, variable);
            } else if (!hang(document, at, step, made, variable)) {
                return false;
            }
            at = made;
        }
    }
    return true;
}

static int by_number(const void *a, const void *b, void *variables)
{
    return strverscmp(((char **)variables)[*(const unsigned *)a], ((char **)variables)[*(const unsigned *)b]);
}

/* So that the first item of a list comes before the second, in whatever order they were set: the variables'
 * numbers, for free(). NULL when memory is short. */
static unsigned *sort(char **variables, unsigned *count)
{
    unsigned *order;

    *count = 0;
    while (variables[*count])
        (*count)++;
    order = calloc(*count + 1, sizeof(*order));
    if (!order)
        return NULL;
    for (unsigned i = 0; i < *count; i++)
        order[i] = i;
    qsort_r(order, *count, sizeof(*order), by_number, variables);
    return order;
}

static void overlay_one(const struct schema *schema, unsigned variable, yaml_document_t *document,
                        struct problems *problems)
{
    static const struct slice prefix = SLICE_INIT("SAGEGATE_");
    struct slice value = slice_cstr(problems->variables[variable]), name;
    struct mark at = {PROBLEM_IN_ENVIRONMENT, variable + 1};
    struct path path = {.depth = 0};

    slice_split(&value, '=', &name);
    if (!slice_starts(name, prefix) || value.len == 0)
        return;
    if (!find(schema, slice_from(name, prefix.len), &path))
        problem_warning(problems, at, "no key of the configuration has this name; it is ignored");
    else if (!put(document, &path, value, variable))
        problem_error(problems, at,
                      "there are fewer items in that list (they count from 0), or memory is short");
}

void environment_overlay(const struct schema *schema, char **variables, yaml_document_t *document,
                         struct problems *problems)
{
    unsigned count, *order = sort(variables, &count);

    problems->variables = variables;
    if (!order)
        problem_error(problems, (struct mark){1, 1}, "memory is short");
    for (unsigned i = 0; order && i < count; i++)
        overlay_one(schema, order[i], document, problems);
    free(order);
}
