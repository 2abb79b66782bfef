#include "credentials/words.h"

#include <stdint.h>
#include <stdlib.h>

struct splitter {
    struct slice rest;
    char *end; /* where the next character of a word goes */
    char **words;
    size_t count;
    bool in_word;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static char take(struct splitter *splitter)
{
    char c = splitter->rest.ptr[0];

    splitter->rest = slice_from(splitter->rest, 1);
    return c;
}

static void put(struct splitter *splitter, char c)
{
    *splitter->end++ = c;
}

/* Up to the closing quote. In double quotes a backslash escapes itself and the quote. */
static bool take_quoted(struct splitter *splitter, char quote)
{
    while (splitter->rest.len) {
        char c = take(splitter);

        if (c == quote)
            return true;
        if (c == '\\' && quote == '"') {
            if (splitter->rest.len == 0)
                return false;
            if (splitter->rest.ptr[0] == '\\' || splitter->rest.ptr[0] == '"')
                c = take(splitter);
        }
        put(splitter, c);
    }
    return false;
}

static void begin_word(struct splitter *splitter)
{
    if (!splitter->in_word)
        splitter->words[splitter->count++] = splitter->end;
    splitter->in_word = true;
}

static void end_word(struct splitter *splitter)
{
    if (splitter->in_word)
        put(splitter, '\0');
    splitter->in_word = false;
}

/* False when a quote or a backslash has no end. */
static bool take_one(struct splitter *splitter)
{
    char c = take(splitter);

    if (is_blank(c)) {
        end_word(splitter);
        return true;
    }
    begin_word(splitter);
    if (c == '\'' || c == '"')
        return take_quoted(splitter, c);
    if (c == '\\') {
        if (splitter->rest.len == 0)
            return false;
        c = take(splitter);
    }
    put(splitter, c);
    return true;
}

char **words_split(struct slice command, struct sg_error *err)
{
    /* Every second character begins a word at most; all words together are no longer than the command. */
    size_t most = command.len / 2 + 2;
    struct splitter splitter = {.rest = command};

    if (command.len < SIZE_MAX / 16)
        splitter.words = malloc(most * sizeof(char *) + command.len + 1);
    if (!splitter.words) {
        (void)sg_fail(err, SG_NO_MEMORY, "out of memory");
        return NULL;
    }
    splitter.end = (char *)(splitter.words + most);
    while (splitter.rest.len) {
        if (take_one(&splitter))
            continue;
        (void)sg_fail(err, SG_INVALID, "a quote or a backslash in the command has no end");
        free(splitter.words);
        return NULL;
    }
    end_word(&splitter);
    splitter.words[splitter.count] = NULL;
    if (splitter.count)
        return splitter.words;
    (void)sg_fail(err, SG_INVALID, "the command is empty");
    free(splitter.words);
    return NULL;
}
