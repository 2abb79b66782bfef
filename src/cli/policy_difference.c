#include "cli/policy_difference.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json_memory.h"
#include "cli/cli.h"
#include "mirror/world.h"

static json_t *text_of(struct slice text)
{
    return json_stringn_nocheck(text.ptr ? text.ptr : "", text.len);
}

/* As --context takes them. */
static json_t *context_of(const struct compare_difference *difference)
{
    json_t *context = json_object();

    for (size_t i = 0; i < difference->context_count; i++) {
        const struct compare_value *one = &difference->context[i];
        json_t *value = one->values.multivalued ? json_array() : text_of(one->values.values[0]);
        char *key = json_memory_alloc(one->key.len + 1);

        for (size_t k = 0; one->values.multivalued && k < one->values.count; k++)
            json_array_append_new(value, text_of(one->values.values[k]));
        if (key) {
            memcpy(key, one->key.ptr, one->key.len);
            key[one->key.len] = '\0';
        }
        json_object_set_new_nocheck(context, key ? key : "", value);
        free(key);
    }
    return context;
}

static const char *name_of(const struct difference_side *side)
{
    return side->name ? side->name : side->paths[0];
}

/* As it can be shown on any terminal. */
static void print_text(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        printf(c < ' ' || c == 0x7f ? "\\x%02x" : "%c", c);
    }
}

static bool is_printable(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 0x7f)
            return false;
    }
    return true;
}

static void print_statement(const struct difference_side *side, const struct policy_reason *why)
{
    printf("%s:%u:%u (statement %zu", side->paths[why->document], why->line, why->column, why->statement + 1);
    if (why->sid.len)
        fputs(", ", stdout);
    print_text(why->sid);
    putchar(')');
}

/* A word of a shell's command. */
static void print_word(struct slice text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./-_";
    bool quote = text.len == 0;

    for (size_t i = 0; i < text.len; i++)
        quote |= !memchr(plain, text.ptr[i], sizeof(plain) - 1);
    putchar(' ');
    if (quote)
        putchar('\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\'')
            fputs("'\\'", stdout);
        putchar(text.ptr[i]);
    }
    if (quote)
        putchar('\'');
}

static void print_option(const char *name, struct slice value)
{
    if (value.len == 0)
        return;
    printf(" %s", name);
    print_word(value);
}

/* A command needs files: of the side that allows, else of the other. */
static void print_command(const struct difference_side sides[2], const struct compare_difference *difference)
{
    size_t by = difference->allowed_by;
    const struct difference_side *side = sides[by].nameless ? &sides[1 - by] : &sides[by];
    json_t *context = context_of(difference);
    char *text = json_dumps(context, JSON_COMPACT | JSON_ENSURE_ASCII);

    fputs("    ", stdout);
    if (difference->context_count && text) {
        fputs("printf %s", stdout);
        print_word(slice_cstr(text));
        fputs(" | ", stdout);
    }
    fputs("sagegate policy eval", stdout);
    for (size_t i = 0; i < side->count; i++)
        print_option("--policy", slice_cstr(side->paths[i]));
    print_option("--action", difference->action);
    print_option("--resource", difference->resource);
    print_option("--principal", difference->principal);
    if (difference->context_count)
        fputs(" --context /dev/stdin", stdout);
    putchar('\n');
    free(text);
    json_decref(context);
}

static void print_difference(const struct difference_side sides[2],
                             const struct compare_difference *difference)
{
    const struct difference_side *allows = &sides[difference->allowed_by];
    const struct difference_side *refuses = &sides[1 - difference->allowed_by];

    fputs("  ", stdout);
    print_statement(allows, &difference->allow);
    printf(" allows %.*s", SLICE_FMT(difference->action));
    if (difference->resource.len)
        fputs(" on ", stdout);
    print_text(difference->resource);
    fputs(", which ", stdout);
    if (difference->refusal == POLICY_EXPLICIT_DENY)
        print_statement(refuses, &difference->refuse);
    else
        printf("no statement of %s", refuses->paths[difference->refuse.document]);
    fputs(difference->refusal == POLICY_EXPLICIT_DENY ? " denies." : " allows.", stdout);
    if (is_printable(difference->resource) && is_printable(difference->principal)) {
        puts(" Example:");
        print_command(sides, difference);
    } else {
        puts(" No terminal shows the whole request: --json does.");
    }
}

static size_t count_allowed(const struct comparison *comparison, size_t by)
{
    size_t count = 0;

    for (size_t i = 0; i < comparison->count; i++)
        count += comparison->differences[i].allowed_by == by;
    return count;
}

static void print_side(const struct difference_side sides[2], const struct comparison *comparison, size_t by)
{
    size_t count = count_allowed(comparison, by);

    if (count == 0 && comparison->cut[0] == '\0')
        printf("%s allows nothing that %s does not.\n", name_of(&sides[by]), name_of(&sides[1 - by]));
    if (count == 0)
        return;
    printf("%s allows what %s does not:\n", name_of(&sides[by]), name_of(&sides[1 - by]));
    for (size_t i = 0; i < comparison->count; i++) {
        if (comparison->differences[i].allowed_by == by)
            print_difference(sides, &comparison->differences[i]);
    }
}

/* What is told of a comparison may lack something when memory was short for its JSON. */
static int told(int status)
{
    if (!json_memory_was_short())
        return status;
    fputs("sagegate policy: memory is short\n", stderr);
    return EXIT_USAGE;
}

static int compare(const struct difference_side sides[2], unsigned services, struct comparison *comparison)
{
    const struct compare_side compared[] = {{sides[0].policies, sides[0].count},
                                            {sides[1].policies, sides[1].count}};
    struct arena arena = {.blocks = NULL};
    struct compare_world world = mirror_world(&arena, &services);
    enum sg_status status = arena.failed ? SG_NO_MEMORY : policy_compare(compared, &world, comparison);

    arena_free(&arena);
    json_memory_watch();
    if (status != SG_OK) {
        fputs("sagegate policy: memory is short\n", stderr);
        return EXIT_USAGE;
    }
    return comparison->count ? EXIT_FAILED : comparison->cut[0] ? EXIT_CUT : EXIT_OK;
}

int difference_print(const struct difference_side sides[2], unsigned services)
{
    struct comparison comparison = {.count = 0};
    int status = compare(sides, services, &comparison);

    if (status == EXIT_OK) {
        printf("%s and %s allow the same.\n", name_of(&sides[0]), name_of(&sides[1]));
    } else if (status != EXIT_USAGE) {
        print_side(sides, &comparison, 1);
        print_side(sides, &comparison, 0);
    }
    if (comparison.cut[0])
        printf("Not compared in full: %s. There may be %s differences.\n", comparison.cut,
               comparison.count ? "more" : "");
    comparison_free(&comparison);
    return told(status);
}

static json_t *statement_of(const struct difference_side *side, const struct policy_reason *why)
{
    return json_pack("{s:s, s:I, s:o, s:I, s:I}", "policy", side->paths[why->document], "statement",
                     (json_int_t)why->statement, "sid", why->sid.len ? text_of(why->sid) : json_null(),
                     "line", (json_int_t)why->line, "column", (json_int_t)why->column);
}

static json_t *object_of(const struct difference_side sides[2], const struct compare_difference *difference)
{
    size_t by = difference->allowed_by;
    bool denied = difference->refusal == POLICY_EXPLICIT_DENY;

    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "allowed_by", name_of(&sides[by]),
                     "refused_by", name_of(&sides[1 - by]), "action", text_of(difference->action), "resource",
                     difference->resource.len ? text_of(difference->resource) : json_null(), "principal",
                     text_of(difference->principal), "context", context_of(difference), "allow",
                     statement_of(&sides[by], &difference->allow), "deny",
                     denied ? statement_of(&sides[1 - by], &difference->refuse) : json_null());
}

int difference_json(const struct difference_side sides[2], json_t **out)
{
    struct comparison comparison = {.count = 0};
    int status = compare(sides, ALL_SERVICES, &comparison);
    json_t *list = json_array();

    for (size_t i = 0; i < comparison.count; i++)
        json_array_append_new(list, object_of(sides, &comparison.differences[i]));
    *out = json_pack("{s:b, s:o, s:o}", "same", status == EXIT_OK, "not_compared",
                     comparison.cut[0] ? json_string(comparison.cut) : json_null(), "differences", list);
    comparison_free(&comparison);
    return told(status);
}
