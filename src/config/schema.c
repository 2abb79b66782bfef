#include "config/schema.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/suggest.h"

struct walk {
    yaml_document_t *document;
    struct problems *problems;
};

struct mark schema_mark(const yaml_mark_t *mark)
{
    return (struct mark){(unsigned)mark->line + 1, (unsigned)mark->column + 1};
}

static struct mark mark_of(const yaml_node_t *node)
{
    return schema_mark(&node->start_mark);
}

static struct slice text_of(const yaml_node_t *node)
{
    return slice_of((const char *)node->data.scalar.value, node->data.scalar.length);
}

static void *target_of(const struct schema_key *key, void *target)
{
    return (char *)target + key->target;
}

static void *mapping_of(const struct schema_key *key, void *target)
{
    return (char *)target + (key->max_words ? key->mapping_target : key->target);
}

void schema_defaults(const struct schema *schema, void *target)
{
    for (size_t i = 0; i < schema->count; i++) {
        const struct schema_key *key = &schema->keys[i];

        if (key->mapping)
            schema_defaults(key->mapping, mapping_of(key, target));
        if (key->initial) {
            const char *wrong = key->read(key, slice_cstr(key->initial), target_of(key, target));

            assert(!wrong);
            (void)wrong;
        }
    }
}

/* Nothing, as YAML has it: "", "~", "null" without quotes. */
static bool is_null(const yaml_node_t *node)
{
    struct slice text = text_of(node);

    return node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           (text.len == 0 || slice_eq(text, SLICE("~")) || slice_eq_nocase(text, SLICE("null")));
}

/* Refuses tags that would ask for another reading than the plain one. */
static bool check_tag(struct walk *walk, const yaml_node_t *node)
{
    static const struct {
        yaml_node_type_t type;
        const char *tag;
    } plain[] = {
        {YAML_SCALAR_NODE, YAML_STR_TAG},   {YAML_SCALAR_NODE, YAML_INT_TAG},
        {YAML_SCALAR_NODE, YAML_BOOL_TAG},  {YAML_SCALAR_NODE, YAML_NULL_TAG},
        {YAML_SEQUENCE_NODE, YAML_SEQ_TAG}, {YAML_MAPPING_NODE, YAML_MAP_TAG},
    };
    struct slice tag = slice_cstr((const char *)node->tag);
    char quoted[QUOTE_SIZE];

    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        if (plain[i].type == node->type && slice_eq(tag, slice_cstr(plain[i].tag)))
            return true;
    }
    problem_error(walk->problems, mark_of(node), "the tag '%s' means nothing here; remove it",
                  problem_quote(tag, quoted));
    return false;
}

static bool check_characters(struct walk *walk, const yaml_node_t *node)
{
    struct slice text = text_of(node);

    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        if (c < ' ' || c == 0x7f) {
            problem_error(walk->problems, mark_of(node),
                          "the text holds the control character 0x%02x; it must be one line of visible text",
                          c);
            return false;
        }
    }
    return true;
}

enum { KEYS_SIZE = 512 };

/* The names of all keys, for a person. Returns out. */
static const char *list_keys(const struct schema *schema, char out[KEYS_SIZE])
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < schema->count && len < KEYS_SIZE; i++)
        len += (size_t)snprintf(out + len, KEYS_SIZE - len, "%s%s", i ? ", " : "", schema->keys[i].name);
    return out;
}

static void report_unknown(struct walk *walk, const struct schema *schema, const yaml_node_t *name)
{
    const struct schema_key *near = NULL;
    unsigned nearest = SUGGEST_FAR;
    char quoted[QUOTE_SIZE], known[KEYS_SIZE];

    for (size_t i = 0; i < schema->count; i++) {
        struct slice known_name = slice_cstr(schema->keys[i].name);

        if (suggest_is_near(text_of(name), known_name) &&
            suggest_distance(text_of(name), known_name) < nearest) {
            near = &schema->keys[i];
            nearest = suggest_distance(text_of(name), known_name);
        }
    }
    problem_quote(text_of(name), quoted);
    if (near)
        problem_error(walk->problems, mark_of(name), "unknown key '%s' %s; did you mean '%s'?", quoted,
                      schema->where, near->name);
    else
        problem_error(walk->problems, mark_of(name), "unknown key '%s' %s; the keys are %s", quoted,
                      schema->where, list_keys(schema, known));
}

static const struct schema_key *find_key(struct walk *walk, const struct schema *schema,
                                         const yaml_node_t *name)
{
    if (!check_tag(walk, name))
        return NULL;
    if (name->type != YAML_SCALAR_NODE) {
        problem_error(walk->problems, mark_of(name), "a key must be a word, not a list or a mapping");
        return NULL;
    }
    for (size_t i = 0; i < schema->count; i++) {
        if (slice_eq(text_of(name), slice_cstr(schema->keys[i].name)))
            return &schema->keys[i];
    }
    report_unknown(walk, schema, name);
    return NULL;
}

static void walk_scalar(struct walk *walk, const struct schema_key *key, const yaml_node_t *node,
                        void *target)
{
    char quoted[QUOTE_SIZE];
    const char *want;

    assert(key->want); /* without it a reader could not say no */
    if (node->type != YAML_SCALAR_NODE) {
        problem_error(walk->problems, mark_of(node), "%s is a %s; %s", key->name,
                      node->type == YAML_MAPPING_NODE ? "mapping" : "list", key->want);
        return;
    }
    if (is_null(node) || node->data.scalar.length == 0) {
        problem_error(walk->problems, mark_of(node), "%s is empty; %s%s", key->name, key->want,
                      key->missing ? "" : ", or leave the key out");
        return;
    }
    if (!check_characters(walk, node))
        return;
    want = key->read(key, text_of(node), target_of(key, target));
    if (want)
        problem_error(walk->problems, mark_of(node), "%s is '%s'; %s", key->name,
                      problem_quote(text_of(node), quoted), want);
}

static void walk_mapping(struct walk *walk, const struct schema *schema, const char *name, yaml_node_t *node,
                         void *target, size_t index);

static void walk_list(struct walk *walk, const struct schema_key *key, yaml_node_t *node, void *target)
{
    const struct schema *schema = key->items;
    size_t count;
    char *items;

    if (node->type != YAML_SEQUENCE_NODE) {
        problem_error(walk->problems, mark_of(node), "%s must be a list: each item begins with '- '",
                      key->name);
        return;
    }
    count = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
    if (count == 0 || count > key->max_items) {
        problem_error(walk->problems, mark_of(node), "%s has %zu items; it must have from 1 to %zu",
                      key->name, count, key->max_items);
        return;
    }
    items = calloc(count, schema->size);
    if (!items) {
        problem_error(walk->problems, mark_of(node), "memory is short");
        return;
    }
    memcpy(target_of(key, target), &items, sizeof(items));
    memcpy((char *)target + key->count_target, &count, sizeof(count));
    for (size_t i = 0; i < count; i++) {
        yaml_node_t *item = yaml_document_get_node(walk->document, node->data.sequence.items.start[i]);

        schema_defaults(schema, items + i * schema->size);
        walk_mapping(walk, schema, "an item", item, items + i * schema->size, i);
    }
}

static void walk_word(struct walk *walk, const struct schema_key *key, yaml_node_t *node, void *target)
{
    if (key->mapping && node->type == YAML_MAPPING_NODE)
        walk_mapping(walk, key->mapping, key->name, node, mapping_of(key, target), 0);
    else
        walk_scalar(walk, key, node, target);
}

/* One word may stand without its list. */
static void walk_words(struct walk *walk, const struct schema_key *key, yaml_node_t *node, void *target)
{
    const yaml_node_item_t *items = node->data.sequence.items.start;
    size_t count;

    if (node->type != YAML_SEQUENCE_NODE) {
        walk_word(walk, key, node, target);
        return;
    }
    count = (size_t)(node->data.sequence.items.top - items);
    if (count == 0 || count > key->max_words)
        problem_error(walk->problems, mark_of(node), "%s has %zu items; it must have from 1 to %zu%s",
                      key->name, count, key->max_words, count || key->missing ? "" : ", or be left out");
    for (size_t i = 0; i < count && i < key->max_words; i++) {
        yaml_node_t *item = yaml_document_get_node(walk->document, items[i]);

        if (check_tag(walk, item))
            walk_word(walk, key, item, target);
    }
}

static void walk_value(struct walk *walk, const struct schema_key *key, yaml_node_t *node, void *target)
{
    if (key->mapping && !key->max_words)
        walk_mapping(walk, key->mapping, key->name, node, mapping_of(key, target), 0);
    else if (!check_tag(walk, node))
        return;
    else if (key->items)
        walk_list(walk, key, node, target);
    else if (key->max_words)
        walk_words(walk, key, node, target);
    else
        walk_scalar(walk, key, node, target);
}

static void walk_pairs(struct walk *walk, const struct schema *schema, const yaml_node_t *node, void *target,
                       struct mark *given)
{
    const yaml_node_pair_t *pair = node->data.mapping.pairs.start;

    for (; pair < node->data.mapping.pairs.top && !problems_full(walk->problems); pair++) {
        const yaml_node_t *name = yaml_document_get_node(walk->document, pair->key);
        const struct schema_key *key = find_key(walk, schema, name);
        struct mark *first;

        if (!key)
            continue;
        first = &given[key - schema->keys];
        if (first->line) {
            problem_error(walk->problems, mark_of(name),
                          "duplicate key '%s': it stands first at line %u, column %u; remove one of the two",
                          key->name, first->line, first->column);
            continue;
        }
        *first = mark_of(name);
        walk_value(walk, key, yaml_document_get_node(walk->document, pair->value), target);
    }
}

static void walk_mapping(struct walk *walk, const struct schema *schema, const char *name, yaml_node_t *node,
                         void *target, size_t index)
{
    struct mark given[SCHEMA_KEYS_MAX] = {0};
    char known[KEYS_SIZE];

    assert(schema->count <= SCHEMA_KEYS_MAX);
    if (!check_tag(walk, node))
        return;
    if (node->type != YAML_MAPPING_NODE) {
        problem_error(walk->problems, mark_of(node), "%s must be a mapping; its keys are %s", name,
                      list_keys(schema, known));
        return;
    }
    walk_pairs(walk, schema, node, target, given);
    for (size_t i = 0; i < schema->count; i++) {
        if (schema->keys[i].missing && !given[i].line)
            problem_error(walk->problems, mark_of(node), "%s", schema->keys[i].missing);
    }
    if (schema->check)
        schema->check(walk->problems, given, mark_of(node), target, index);
}

void schema_walk(const struct schema *schema, yaml_document_t *document, struct problems *problems,
                 void *target)
{
    struct walk walk = {document, problems};

    walk_mapping(&walk, schema, "the configuration", yaml_document_get_root_node(document), target, 0);
}
