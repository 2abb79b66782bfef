#include "base/log_record.h"

#include <stdio.h>
#include <time.h>

/* How a line begins, after its time, by its level: in text, in JSON, and in the journal as syslog(3) has it.
 */
static const struct {
    char priority;
    unsigned char text_len, json_len;
    char text[LOG_WORD_BYTES], json[LOG_WORD_BYTES];
} levels[] = {
#define LEVEL(priority, text, json)                                                                          \
    {                                                                                                        \
        priority, sizeof(text) - 1, sizeof(json) - 1, text, json                                             \
    }
    LEVEL('3', " error: ", "\",\"level\":\"error\""),
    LEVEL('4', " warn: ", "\",\"level\":\"warn\""),
    LEVEL('6', " info: ", "\",\"level\":\"info\""),
    LEVEL('7', " debug: ", "\",\"level\":\"debug\""),
#undef LEVEL
};

/* Sixteen bytes that are looked at at once; comparing gives 0 or -1 for each. */
typedef signed char bytes16 __attribute__((vector_size(16)));

static const char sixteen[] = "aaaaaaaaaaaaaaaa";

/* Fewer than sixteen bytes; what is left of the sixteen is filled up. Without a call, as it is for every
 * word. */
static inline void copy_short(char *to, const char *from, size_t len)
{
    memcpy(to, sixteen, sizeof(bytes16));
    if (len >= 8) {
        memcpy(to, from, 8);
        memcpy(to + len - 8, from + len - 8, 8);
    } else if (len >= 4) {
        memcpy(to, from, 4);
        memcpy(to + len - 4, from + len - 4, 4);
    } else {
        for (size_t i = 0; i < len; i++)
            to[i] = from[i];
    }
}

/* Of each byte 0 if it can stand for itself anywhere. */
static inline bytes16 oddities(const char *at)
{
    bytes16 bytes;

    memcpy(&bytes, at, sizeof(bytes));
    /* What is not ASCII is below 0. */
    return ~(bytes > ' ') | (bytes == '\x7f') | (bytes == '"') | (bytes == '\\');
}

/*
 * Puts s if it fits and all of it stands for itself even bare, which is most often so. What it costs is a
 * good part of what a log line costs.
 */
static inline __attribute__((always_inline)) bool put_bare(struct log_part *part, struct slice s)
{
    char *to = part->data + part->len;
    bytes16 odd = {0};
    uint64_t halves[2];

    if (s.len > part->limit - part->len)
        return false;
    if (s.len < sizeof(odd)) {
        copy_short(to, s.ptr, s.len);
        odd = oddities(to);
    } else {
        size_t last = s.len - sizeof(odd); /* overlaps with the one before */

        for (size_t at = 0; at < last; at += sizeof(odd)) {
            memcpy(to + at, s.ptr + at, sizeof(odd));
            odd |= oddities(to + at);
        }
        memcpy(to + last, s.ptr + last, sizeof(odd));
        odd |= oddities(to + last);
    }
    memcpy(halves, &odd, sizeof(odd));
    if (halves[0] | halves[1])
        return false;
    part->len += s.len;
    return true;
}

/* Puts what LOG_WORD_BYTES can be copied of. */
static inline void put_word(struct log_part *part, const char *word, size_t len)
{
    if (len > part->limit - part->len) {
        part->cut = true;
        return;
    }
    memcpy(part->data + part->len, word, LOG_WORD_BYTES);
    part->len += len;
}

static inline void put(struct log_part *part, struct slice s)
{
    size_t room = part->limit - part->len;

    if (s.len > room) {
        s.len = room;
        part->cut = true;
    }
    memcpy(part->data + part->len, s.ptr, s.len);
    part->len += s.len;
}

/* At the beginning and at the end, for which there is always room. */
static inline void put_surely(struct log_part *part, struct slice s)
{
    memcpy(part->data + part->len, s.ptr, s.len);
    part->len += s.len;
}

static inline void put_char(struct log_part *part, char c)
{
    if (part->len < part->limit)
        part->data[part->len++] = c;
    else
        part->cut = true;
}

/* Between quotes these and backslashes don't. */
static bool stands_for_itself(char c, bool quoted)
{
    return c >= ' ' && c <= '~' && !(quoted && (c == '"' || c == '\\'));
}

/* What does not stand for itself becomes \u00XX, byte by byte. */
static void put_escaped(struct log_part *part, struct slice s, bool quoted)
{
    if (put_bare(part, s))
        return;
    for (size_t plain = 0; !part->cut; s = slice_from(s, plain + 1), plain = 0) {
        struct slice escaped;
        char text[8];
        unsigned char c;

        while (plain < s.len && stands_for_itself(s.ptr[plain], quoted))
            plain++;
        put(part, slice_of(s.ptr, plain));
        if (plain == s.len)
            return;
        c = (unsigned char)s.ptr[plain];
        snprintf(text, sizeof(text), c == '"' || c == '\\' ? "\\%c" : "\\u%04x", c);
        escaped = slice_cstr(text);
        if (escaped.len <= part->limit - part->len)
            put(part, escaped);
        else
            part->cut = true;
    }
}

/* After the quote that begins it. */
static inline __attribute__((always_inline)) void end_string(struct log_part *part, struct slice value)
{
    if (!put_bare(part, value))
        put_escaped(part, value, true);
    put_char(part, '"');
}

static void put_time(struct log_part *part)
{
    static _Thread_local time_t second = -1;
    static _Thread_local char text[sizeof("2026-01-31T12:00:00.000Z")];
    struct timespec now;
    unsigned ms;

    clock_gettime(CLOCK_REALTIME, &now);
    if (now.tv_sec != second) {
        struct tm tm;

        gmtime_r(&now.tv_sec, &tm);
        if (strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S.000Z", &tm) == 0)
            return;
        second = now.tv_sec;
    }
    ms = (unsigned)(now.tv_nsec / 1000000);
    text[20] = (char)('0' + ms / 100);
    text[21] = (char)('0' + ms / 10 % 10);
    text[22] = (char)('0' + ms % 10);
    put_word(part, text, sizeof(text) - 1);
}

static void begin_journal(struct log_part *part, enum log_level level, struct slice message)
{
    static const struct {
        struct slice message, id;
    } ids[] = {{LOG_REQUEST, SLICE_INIT(LOG_REQUEST_MESSAGE_ID)},
               {LOG_DENIAL, SLICE_INIT(LOG_DENIAL_MESSAGE_ID)}};

    put_surely(part, SLICE("SYSLOG_IDENTIFIER=sagegate\nPRIORITY="));
    put_char(part, levels[level].priority);
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        if (!slice_eq(message, ids[i].message))
            continue;
        put(part, SLICE("\nMESSAGE_ID="));
        put(part, ids[i].id);
    }
    put(part, SLICE("\nMESSAGE="));
}

static void clear(struct log_part *part)
{
    part->len = 0;
    part->limit = sizeof(part->data) - LOG_PART_SPARE;
    part->cut = false;
}

void log_begin(struct log_record *record, enum log_level level, struct slice message)
{
    struct log_part *line = &record->line;

    record->form = log_form();
    record->omitted = false;
    clear(line);
    clear(&record->tags);
    switch (record->form) {
    case LOG_FORM_JOURNAL:
        begin_journal(line, level, message);
        break;
    case LOG_FORM_JSON:
        put_surely(line, SLICE("{\"time\":\""));
        put_time(line);
        put_word(line, levels[level].json, levels[level].json_len);
        put_surely(line, SLICE(",\"message\":\""));
        end_string(line, message);
        return;
    case LOG_FORM_TEXT:
        put_time(line);
        put_word(line, levels[level].text, levels[level].text_len);
        break;
    }
    if (!put_bare(line, message))
        put_escaped(line, message, false);
}

/* What was begun at `before` is left out when it did not fit: half a value would be wrong. */
static inline void keep_whole(struct log_record *record, struct log_part *part, size_t before)
{
    if (!part->cut)
        return;
    part->len = before;
    part->cut = false;
    record->omitted = true;
}

static void put_tag(struct log_record *record, const struct log_key *key, struct slice value)
{
    struct log_part *part = &record->tags;
    size_t before = part->len;

    put(part, SLICE("\nSAGEGATE_"));
    for (size_t i = 0; i < key->len; i++)
        put_char(part, ascii_upper(key->text[1 + i]));
    put_char(part, '=');
    put_escaped(part, value, false);
    keep_whole(record, part, before);
}

static void put_member(struct log_record *record, const struct log_key *key, struct slice value,
                       enum log_kind kind)
{
    struct log_part *part = &record->line;
    size_t before = part->len;

    put_word(part, key->json, key->len + 4 + (kind == LOG_TEXT)); /* with the quote that begins a string */
    if (kind == LOG_TEXT)
        end_string(part, value);
    else
        put(part, value);
    keep_whole(record, part, before);
}

void log_put(struct log_record *record, const struct log_key *key, struct slice value, enum log_kind kind)
{
    struct log_part *line = &record->line;

    if (record->form == LOG_FORM_JSON) {
        put_member(record, key, value, kind);
        return;
    }
    if (!line->cut) {
        put_word(line, key->text, key->len + 2);
        if (!put_bare(line, value)) {
            put_char(line, '"');
            put_escaped(line, value, true);
            put_char(line, '"');
        }
    }
    if (record->form == LOG_FORM_JOURNAL)
        put_tag(record, key, value);
}

/* A value of which LOG_WORD_BYTES can be copied. One that does not fit whole is left out in text, too. */
static void put_number(struct log_record *record, const struct log_key *key, struct slice value)
{
    struct log_part *line = &record->line;
    bool json = record->form == LOG_FORM_JSON;
    const char *name = json ? key->json : key->text;
    size_t name_len = key->len + (json ? 4 : 2);
    char *to = line->data + line->len;

    if (name_len + value.len > line->limit - line->len) {
        *(json ? &record->omitted : &line->cut) = true;
    } else if (!line->cut) {
        memcpy(to, name, LOG_WORD_BYTES);
        memcpy(to + name_len, value.ptr, LOG_WORD_BYTES);
        line->len += name_len + value.len;
    }
    if (record->form == LOG_FORM_JOURNAL)
        put_tag(record, key, value);
}

void log_put_number(struct log_record *record, const struct log_key *key, uint64_t value)
{
    char text[SLICE_U64_MAX + LOG_WORD_BYTES];

    put_number(record, key, slice_from_u64(value, text));
}

void log_put_ms(struct log_record *record, const struct log_key *key, uint64_t us)
{
    char text[SLICE_U64_MAX + LOG_WORD_BYTES], *decimals = text + SLICE_U64_MAX;
    struct slice whole = slice_from_u64(us / 1000, text);
    unsigned rest = (unsigned)(us % 1000);

    decimals[0] = '.';
    decimals[1] = (char)('0' + rest / 100);
    decimals[2] = (char)('0' + rest / 10 % 10);
    decimals[3] = (char)('0' + rest % 10);
    put_number(record, key, slice_of(whole.ptr, whole.len + 4));
}

void log_end(struct log_record *record)
{
    struct log_part *line = &record->line, *tags = &record->tags;

    switch (record->form) {
    case LOG_FORM_JOURNAL:
        if (record->omitted)
            put_surely(tags, SLICE("\nSAGEGATE_CUT=true"));
        put_surely(tags, SLICE("\n"));
        break;
    case LOG_FORM_JSON:
        if (record->omitted)
            put_surely(line, SLICE(",\"cut\":true"));
        put_surely(line, SLICE("}\n"));
        break;
    case LOG_FORM_TEXT:
        put_surely(line, SLICE("\n"));
        break;
    }
    log_write(record->form, slice_of(line->data, line->len), slice_of(tags->data, tags->len));
}
