/* The values of a condition key: absent, each text that its conditions tell apart, and lists of them. */
#include "compare/witness.h"
#include "compare/witness_values.h"

/* How differently lists may meet conditions. Four quantified conditions on a key have 16 ways at most. */
enum { MOST_LISTS = 256 };

/* All conditions on one key, over both documents. */
struct rows {
    const struct condition **at;
    size_t *statements; /* whose it is */
    size_t count;
    unsigned kinds; /* of operands: a bit each */
};

enum {
    TYPED = 1U << OPERAND_NUMBER | 1U << OPERAND_DATE | 1U << OPERAND_NETWORK,
    TEXT = 1U << OPERAND_PATTERN | 1U << OPERAND_ARN | 1U << OPERAND_BINARY,
};

void witness_each_compared(const struct witness *w, struct slice key,
                           void (*tell)(void *user, const struct pattern *pattern), void *user)
{
    for (size_t i = 0; i < w->count; i++) {
        const struct conditions *conditions = &w->statements[i]->conditions;

        for (size_t k = 0; k < conditions->count; k++) {
            const struct condition *condition = &conditions->at[k];
            enum operand_kind kind = condition->op.base->kind;

            if ((kind != OPERAND_PATTERN && kind != OPERAND_ARN) || !slice_eq_nocase(condition->key, key))
                continue;
            for (size_t j = 0; j < condition->count; j++)
                tell(user, &condition->operands[j].pattern);
        }
    }
}

static struct rows find_rows(struct witness *w, const struct compared_key *key)
{
    struct rows rows = {.at = NULL};
    size_t most = 0;

    for (size_t i = 0; i < w->count; i++)
        most += w->statements[i]->conditions.count;
    rows.at = arena_alloc(w->scratch, most, sizeof(const struct condition *));
    rows.statements = arena_alloc(w->scratch, most, sizeof(size_t));
    w->arena.failed |= !rows.at || !rows.statements;
    for (size_t i = 0; i < w->count && !w->arena.failed; i++) {
        const struct conditions *conditions = &w->statements[i]->conditions;

        for (size_t k = 0; k < conditions->count; k++) {
            if (!slice_eq_nocase(conditions->at[k].key, key->name))
                continue;
            rows.statements[rows.count] = i;
            rows.at[rows.count++] = &conditions->at[k];
            rows.kinds |= 1U << conditions->at[k].op.base->kind;
        }
    }
    return rows;
}

/* Texts that are equal to operands, and words that the language has itself. */
static void write_operands(struct witness *w, const struct condition *condition, struct languages *languages)
{
    enum operand_kind kind = condition->op.base->kind;

    for (size_t i = 0; i < condition->count; i++) {
        const union operand *operand = &condition->operands[i];

        if (kind == OPERAND_PATTERN || kind == OPERAND_ARN) {
            witness_language(w, &operand->pattern, false, languages);
        } else if (kind == OPERAND_BINARY || kind == OPERAND_BOOL) {
            languages_text(languages,
                           kind == OPERAND_BINARY ? operand->text
                                                  : (operand->flag ? SLICE("true") : SLICE("false")),
                           kind == OPERAND_BOOL);
            languages_end(languages, false);
        }
    }
}

/* What operators of ARNs can read: at least five colons. */
static void write_arns(struct languages *languages, bool universe)
{
    languages_text(languages, SLICE("arn"), false);
    for (int i = 0; i < ARN_COLONS; i++) {
        languages_text(languages, SLICE(":"), false);
        languages_wildcard(languages, TOKEN_ANY, false);
    }
    languages_end(languages, universe);
}

static void tell_texts(struct witness *w, const struct compared_key *key, const struct rows *rows,
                       void (*tell)(void *user, struct slice text), void *user)
{
    struct languages languages = {.tokens = NULL};
    unsigned of_text = rows->kinds & (TEXT | 1U << OPERAND_BOOL);

    if (rows->kinds & 1U << OPERAND_ARN)
        write_arns(&languages, of_text == 1U << OPERAND_ARN);
    for (size_t i = 0; i < rows->count; i++)
        write_operands(w, rows->at[i], &languages);
    witness_check(w, languages_examples(&languages, &w->effort, w->scratch, tell, user), "the key ",
                  key->name);
    languages_free(&languages);
}

static bool has_wildcards(const struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        enum operand_kind kind = rows->at[i]->op.base->kind;

        for (size_t k = 0; k < rows->at[i]->count && (kind == OPERAND_PATTERN || kind == OPERAND_ARN); k++) {
            if (rows->at[i]->operands[k].pattern.count > 1)
                return true;
        }
    }
    return false;
}

static void tell_all(struct witness *w, const struct compared_key *key, const struct rows *rows,
                     void (*tell)(void *user, struct slice text), void *user)
{
    unsigned of_text = rows->kinds & (TEXT | 1U << OPERAND_BOOL), typed = rows->kinds & TYPED;

    for (enum operand_kind kind = OPERAND_PATTERN; kind <= OPERAND_PRESENCE; kind++) {
        if (TYPED & 1U << kind && !witness_values(rows->at, rows->count, kind, w->scratch, tell, user))
            witness_cut(w, "a number is too long");
    }
    if (of_text == 1U << OPERAND_BOOL && !typed) {
        tell(user, SLICE("true"));
        tell(user, SLICE("false"));
    } else if (of_text) {
        tell_texts(w, key, rows, tell, user);
    } else if (!typed) {
        tell(user, SLICE("example"));
    }
    if ((typed && of_text && has_wildcards(rows)) || (typed & (typed - 1)))
        witness_cut(w, "the key %.*s is compared as a number, date or address and as something else, too",
                    (int)(key->name.len < 64 ? key->name.len : 64), key->name.ptr);
}

void witness_key_texts(struct witness *w, const struct compared_key *key,
                       void (*tell)(void *user, struct slice text), void *user)
{
    struct rows rows = find_rows(w, key);

    if (!w->arena.failed)
        tell_all(w, key, &rows, tell, user);
}

struct key_builder {
    struct witness *w;
    struct compared_key *key;
    struct rows rows;
    struct list {
        struct context_values values;
        const enum truth *answers; /* of each row */
    } * singles, *lists;
    size_t single_count, list_count;
};

/* The key's options get one with these values; `out` the answers of the rows. */
static void try_values(struct key_builder *b, struct context_values values, enum truth *answers)
{
    struct witness *w = b->w;
    struct context context = {.facts = &w->facts};
    uint64_t *off = witness_bits(w), *on = witness_bits(w);

    if (!off || !on || !witness_spend(w, b->rows.count + 2 * w->words))
        return;
    w->asked = b->key;
    w->answer = values;
    for (size_t i = 0; i < b->rows.count; i++) {
        size_t statement = b->rows.statements[i];
        enum truth truth = condition_test(b->rows.at[i], &context);

        if (answers)
            answers[i] = truth;
        if (!witness_is_on(w->statements[statement], truth))
            witness_set(off, statement);
    }
    w->asked = NULL;
    for (size_t i = 0; i < w->words; i++)
        on[i] = ~off[i];
    witness_add(w, &b->key->options, (struct option){.on = on, .values = values});
}

/* Whether a list is answered as no other so far. */
static bool is_new(const struct key_builder *b, const struct list *lists, size_t count,
                   const enum truth *answers)
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp(lists[i].answers, answers, b->rows.count * sizeof(*answers)) == 0)
            return false;
    }
    return true;
}

static void add_list(struct key_builder *b, struct list *lists, size_t *count, struct context_values values)
{
    enum truth *answers = arena_alloc(b->w->scratch, b->rows.count, sizeof(*answers));

    if (!answers) {
        b->w->arena.failed = true;
        return;
    }
    try_values(b, values, answers);
    if (b->w->arena.failed || !is_new(b, lists, *count, answers))
        return;
    if (*count == MOST_LISTS)
        witness_cut(b->w, "lists for the key %.*s can meet its conditions in too many ways",
                    (int)(b->key->name.len < 64 ? b->key->name.len : 64), b->key->name.ptr);
    else
        lists[(*count)++] = (struct list){values, answers};
}

/* One text: as the key's only value, unless the key is a list by its type, or to be without value as a
 * variable; and as a list. */
static void add_text(void *user, struct slice text)
{
    struct key_builder *b = user;
    struct slice *kept = arena_alloc(b->w->scratch, 1, sizeof(*kept));

    if (!kept || b->w->arena.failed)
        return;
    *kept = text;
    if (b->key->kind != COMPARE_LIST && !(b->key->variable && text.len))
        try_values(b, (struct context_values){kept, 1, false}, NULL);
    if (b->key->kind != COMPARE_SINGLE)
        add_list(b, b->singles, &b->single_count, (struct context_values){kept, 1, true});
}

/* Every list is a shorter one and a value; how it is answered hangs on how those two are. */
static void add_longer(struct key_builder *b)
{
    for (size_t i = 0; i < b->single_count; i++)
        b->lists[b->list_count++] = b->singles[i];
    for (size_t i = 0; i < b->list_count; i++) {
        for (size_t k = 0; k < b->single_count && !b->w->arena.failed; k++) {
            struct context_values shorter = b->lists[i].values;
            struct slice *values = arena_alloc(b->w->scratch, shorter.count + 1, sizeof(*values));

            if (!values)
                return;
            memcpy(values, shorter.values, shorter.count * sizeof(*values));
            values[shorter.count] = b->singles[k].values.values[0];
            add_list(b, b->lists, &b->list_count, (struct context_values){values, shorter.count + 1, true});
        }
    }
}

void witness_key_options(struct witness *w, struct compared_key *key)
{
    struct key_builder b = {.w = w, .key = key, .rows = find_rows(w, key)};

    if (w->arena.failed)
        return;
    if (key->value.len) {
        try_values(&b, (struct context_values){&key->value, 1, false}, NULL);
        return;
    }
    try_values(&b, (struct context_values){NULL, 0, false}, NULL);
    b.singles = arena_alloc(w->scratch, MOST_LISTS, sizeof(*b.singles));
    b.lists = arena_alloc(w->scratch, MOST_LISTS, sizeof(*b.lists));
    if (!b.singles || !b.lists) {
        w->arena.failed = true;
        return;
    }
    tell_all(w, key, &b.rows, add_text, &b);
    if (key->variable && key->kind != COMPARE_LIST)
        add_text(&b, SLICE(""));
    add_longer(&b);
}
