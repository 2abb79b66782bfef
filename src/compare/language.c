#include "compare/language.h"

#include <stdlib.h>

#include "compare/bit_sets.h"

/* What one comparison of patterns may take: 64 MiB of states at most. */
enum { MOST_WORDS = 8 * 1024 * 1024, MOST_SYMBOLS = 1024, BITS = 64 };

static void add_token(struct languages *l, struct token token)
{
    if (l->count == l->room) {
        size_t room = l->room ? 2 * l->room : 256;
        struct token *grown = realloc(l->tokens, room * sizeof(*grown));

        if (!grown) {
            l->failed = true;
            return;
        }
        l->tokens = grown;
        l->room = room;
    }
    l->tokens[l->count++] = token;
}

/* As pattern_match() counts them. */
static size_t character_length(struct slice text)
{
    size_t len = 1;

    while (len < text.len && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
        len++;
    return len;
}

void languages_text(struct languages *l, struct slice text, bool ignore_case)
{
    while (text.len) {
        size_t len = character_length(text);

        add_token(l, (struct token){.kind = TOKEN_CHARACTER,
                                    .ignore_case = ignore_case,
                                    .text = slice_of(text.ptr, len)});
        text = slice_from(text, len);
    }
}

void languages_wildcard(struct languages *l, enum token_kind kind, bool within_part)
{
    add_token(l, (struct token){.kind = kind, .within_part = within_part});
}

void languages_end(struct languages *l, bool universe)
{
    add_token(l, (struct token){.kind = TOKEN_END, .universe = universe});
    l->open = l->count;
}

void languages_drop(struct languages *l)
{
    l->count = l->open;
}

void languages_free(struct languages *l)
{
    free(l->tokens);
    *l = (struct languages){.tokens = NULL};
}

/*
 * A state is the set of tokens that may come next, over all languages: a bit each. A character moves every
 * bit at once.
 */
struct walk {
    const struct languages *languages;
    struct arena *arena;
    size_t words;
    struct slice symbols[MOST_SYMBOLS];
    size_t symbol_count;
    uint64_t *advance, *stay;             /* `words` words for each symbol */
    uint64_t *any, *ends, *live, *living; /* wildcards for any text; ends, all and of the universe; … */
    bool has_universe;
    struct bit_sets states, accepted;
    struct step {
        uint32_t from;
        uint16_t symbol;
    } * steps; /* how each state was reached */
    size_t step_room;
    uint64_t *effort;
    bool failed, cut;
};

static void set_bit(uint64_t *bits, size_t i)
{
    bits[i / BITS] |= UINT64_C(1) << i % BITS;
}

static bool meet(const uint64_t *a, const uint64_t *b, size_t words)
{
    for (size_t i = 0; i < words; i++) {
        if (a[i] & b[i])
            return true;
    }
    return false;
}

static void add_symbol(struct walk *w, struct slice text)
{
    for (size_t i = 0; i < w->symbol_count; i++) {
        if (slice_eq(w->symbols[i], text))
            return;
    }
    if (w->symbol_count == MOST_SYMBOLS)
        w->cut = true;
    else
        w->symbols[w->symbol_count++] = text;
}

/* The same letter in its other case, else the same character. */
static struct slice other_case(struct slice text)
{
    static const char letters[] = "aAbBcCdDeEfFgGhHiIjJkKlLmMnNoOpPqQrRsStTuUvVwWxXyYzZ";
    const char *at = text.len == 1 && *text.ptr ? strchr(letters, *text.ptr) : NULL;

    return at ? slice_of(letters + ((at - letters) ^ 1), 1) : text;
}

/* A character that stands in no pattern stands for all of them; then come those that do, and the colon. */
static void find_symbols(struct walk *w)
{
    static const char usual[] = "0xyzqjkvw123456789abcdefghilmnoprstu-_.";
    const struct languages *l = w->languages;
    size_t used;

    w->symbols[w->symbol_count++] = SLICE("\xe2\x98\x83");
    for (size_t i = 0; i < l->count; i++) {
        if (l->tokens[i].kind != TOKEN_CHARACTER)
            continue;
        add_symbol(w, l->tokens[i].text);
        if (l->tokens[i].ignore_case)
            add_symbol(w, other_case(l->tokens[i].text));
    }
    used = w->symbol_count;
    for (size_t i = 0; i < sizeof(usual) - 1; i++) {
        w->symbol_count = used;
        add_symbol(w, slice_of(usual + i, 1));
        if (w->symbol_count > used) {
            w->symbols[0] = w->symbols[used];
            break;
        }
    }
    w->symbol_count = used;
    add_symbol(w, SLICE(":"));
}

static void read_token(struct walk *w, size_t i)
{
    const struct token *token = &w->languages->tokens[i];

    if (token->kind == TOKEN_ANY)
        set_bit(w->any, i);
    if (token->kind == TOKEN_END) {
        set_bit(w->ends, i);
        w->has_universe |= token->universe;
    }
    for (size_t s = 0; s < w->symbol_count; s++) {
        struct slice symbol = w->symbols[s];
        bool takes = !(token->within_part && slice_eq(symbol, SLICE(":")));

        if (token->kind == TOKEN_CHARACTER)
            takes = token->ignore_case ? slice_eq_nocase(symbol, token->text) : slice_eq(symbol, token->text);
        if (takes && token->kind != TOKEN_END)
            set_bit(token->kind == TOKEN_ANY ? &w->stay[s * w->words] : &w->advance[s * w->words], i);
    }
}

/* `live` is what a state that leads to examples has some of: the universe's, or anything. */
static void find_live(struct walk *w)
{
    bool universe = false;

    for (size_t i = w->languages->count; i-- > 0;) {
        if (w->languages->tokens[i].kind == TOKEN_END)
            universe = w->languages->tokens[i].universe;
        if (universe || !w->has_universe)
            set_bit(w->live, i);
    }
    for (size_t i = 0; i < w->words; i++)
        w->living[i] = w->live[i] & w->ends[i];
}

/* What a wildcard for any text is followed by may come next, too. */
static void close_state(const struct walk *w, uint64_t *state)
{
    bool changed = true;

    while (changed) {
        uint64_t carry = 0;

        changed = false;
        for (size_t i = 0; i < w->words; i++) {
            uint64_t passed = state[i] & w->any[i];
            uint64_t next = state[i] | passed << 1 | carry;

            carry = passed >> (BITS - 1);
            changed |= next != state[i];
            state[i] = next;
        }
    }
}

static void move(const struct walk *w, const uint64_t *state, size_t symbol, uint64_t *next)
{
    const uint64_t *advance = &w->advance[symbol * w->words], *stay = &w->stay[symbol * w->words];
    uint64_t carry = 0;

    for (size_t i = 0; i < w->words; i++) {
        uint64_t moved = state[i] & advance[i];

        next[i] = moved << 1 | carry | (state[i] & stay[i]);
        carry = moved >> (BITS - 1);
    }
    close_state(w, next);
}

/* The characters that led to a state. */
static struct slice spell(const struct walk *w, uint32_t state)
{
    size_t len = 0;
    char *bytes;

    for (uint32_t at = state; at; at = w->steps[at].from)
        len += w->symbols[w->steps[at].symbol].len;
    bytes = arena_alloc(w->arena, len, 1);
    if (!bytes)
        return (struct slice){NULL, 0};
    for (size_t end = len; state; state = w->steps[state].from) {
        struct slice symbol = w->symbols[w->steps[state].symbol];

        end -= symbol.len;
        memcpy(bytes + end, symbol.ptr, symbol.len);
    }
    return slice_of(bytes, len);
}

/* Tells the string that led to the state, if it is in a combination of languages that is new. */
static void accept(struct walk *w, uint32_t state, uint64_t *work,
                   void (*tell)(void *user, struct slice example), void *user)
{
    const uint64_t *bits = w->states.bits + state * w->words;
    enum bit_sets_added added;

    if (w->has_universe && !meet(bits, w->living, w->words))
        return;
    for (size_t i = 0; i < w->words; i++)
        work[i] = bits[i] & w->ends[i];
    added = bit_sets_add(&w->accepted, work);
    w->failed |= added == BIT_SETS_FAILED;
    if (added == BIT_SETS_NEW)
        tell(user, spell(w, state));
}

static void add_state(struct walk *w, const uint64_t *bits, uint32_t from, size_t symbol)
{
    enum bit_sets_added added;

    if (w->has_universe && !meet(bits, w->live, w->words))
        return;
    if (w->states.count * w->words > MOST_WORDS) {
        w->cut = true;
        return;
    }
    added = bit_sets_add(&w->states, bits);
    w->failed |= added == BIT_SETS_FAILED;
    if (added != BIT_SETS_NEW)
        return;
    if (w->states.room > w->step_room) {
        struct step *grown = reallocarray(w->steps, w->states.room, sizeof(*grown));

        if (!grown) {
            w->failed = true;
            return;
        }
        w->steps = grown;
        w->step_room = w->states.room;
    }
    w->steps[w->states.count - 1] = (struct step){from, (uint16_t)symbol};
}

/* Whether so many words may still be looked at. */
static bool spend(struct walk *w, uint64_t words)
{
    w->cut |= words > *w->effort;
    *w->effort -= w->cut ? *w->effort : words;
    return !w->cut;
}

static void walk_all(struct walk *w, uint64_t *work, void (*tell)(void *user, struct slice example),
                     void *user)
{
    memset(work, 0, w->words * sizeof(*work));
    for (size_t i = 0; i < w->languages->count; i++) {
        if (i == 0 || w->languages->tokens[i - 1].kind == TOKEN_END)
            set_bit(work, i);
    }
    close_state(w, work);
    set_bit(work, w->languages->count); /* told apart from the same state after some characters */
    add_state(w, work, 0, 0);
    for (uint32_t state = 0; state < w->states.count && !w->failed; state++) {
        for (size_t symbol = 0; symbol < w->symbol_count && !w->cut && !w->failed; symbol++) {
            if (!spend(w, w->words))
                break;
            move(w, &w->states.bits[state * w->words], symbol, work);
            add_state(w, work, state, symbol);
        }
        if (state > 0 && !w->failed)
            accept(w, state, work, tell, user);
    }
    if (w->states.count && !w->failed)
        accept(w, 0, work, tell, user);
}

enum sg_status languages_examples(const struct languages *languages, uint64_t *effort, struct arena *arena,
                                  void (*tell)(void *user, struct slice example), void *user)
{
    struct walk *w = calloc(1, sizeof(*w));
    uint64_t *memory = NULL;
    enum sg_status status = SG_NO_MEMORY;

    if (!w || languages->failed)
        goto out;
    w->languages = languages;
    w->arena = arena;
    w->effort = effort;
    w->words = w->states.words = w->accepted.words = (languages->count + BITS - 1) / BITS + 1;
    find_symbols(w);
    if (!spend(w, languages->count * w->symbol_count)) {
        status = SG_UNSUPPORTED;
        goto out;
    }
    memory = calloc(w->words * (2 * w->symbol_count + 5), sizeof(*memory));
    if (!memory)
        goto out;
    w->any = memory + w->words;
    w->ends = w->any + w->words;
    w->live = w->ends + w->words;
    w->living = w->live + w->words;
    w->advance = w->living + w->words;
    w->stay = w->advance + w->symbol_count * w->words;
    for (size_t i = 0; i < languages->count; i++)
        read_token(w, i);
    find_live(w);
    walk_all(w, memory, tell, user);
    status = w->failed || arena->failed ? SG_NO_MEMORY : w->cut ? SG_UNSUPPORTED : SG_OK;
out:
    if (w) {
        bit_sets_free(&w->states);
        bit_sets_free(&w->accepted);
        free(w->steps);
    }
    free(memory);
    free(w);
    return status;
}
