#include "base/log_record.h"

#include <stdio.h>
#include <time.h>

/* How a line begins, after its time, by its level: in text, in JSON, and in the journal as syslog(3) has it.
 */
static const struct {
    struct slice text, json, priority;
} levels[] = {
    {LOG_WORD(" error: "), LOG_WORD("\",\"level\":\"error\""), LOG_WORD("3")},
    {LOG_WORD(" warn: "), LOG_WORD("\",\"level\":\"warn\""), LOG_WORD("4")},
    {LOG_WORD(" info: "), LOG_WORD("\",\"level\":\"info\""), LOG_WORD("6")},
    {LOG_WORD(" debug: "), LOG_WORD("\",\"level\":\"debug\""), LOG_WORD("7")},
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
static inline void put_word(struct log_part *part, struct slice word)
{
    if (word.len > part->limit - part->len) {
        part->cut = true;
        return;
    }
    memcpy(part->data + part->len, word.ptr, LOG_WORD_BYTES);
    part->len += word.len;
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
static inline void end_string(struct log_part *part, struct slice value)
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
    put_word(part, slice_of(text, sizeof(text) - 1));
}

static void begin_journal(struct log_part *part, enum log_level level, struct slice message)
{
    static const struct {
        struct slice message, id;
    } ids[] = {{LOG_REQUEST, SLICE_INIT(LOG_REQUEST_MESSAGE_ID)},
               {LOG_DENIAL, SLICE_INIT(LOG_DENIAL_MESSAGE_ID)}};

    put(part, SLICE("SYSLOG_IDENTIFIER=sagegate\nPRIORITY="));
    put_word(part, levels[level].priority);
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
        put_word(line, (struct slice)LOG_WORD("{\"time\":\""));
        put_time(line);
        put_word(line, levels[level].json);
        put_word(line, (struct slice)LOG_WORD(",\"message\":\""));
        end_string(line, message);
        return;
    case LOG_FORM_TEXT:
        put_time(line);
        put_word(line, levels[level].text);
        break;
    }
    if (!put_bare(line, message))
        put_escaped(line, message, false);
}

/* Without what is around it in text. */
static struct slice name_of(struct slice key)
{
    return slice_of(key.ptr + 1, key.len - 2);
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

static void put_tag(struct log_record *record, struct slice key, struct slice value)
{
    struct log_part *part = &record->tags;
    struct slice name = name_of(key);
    size_t before = part->len;

    put(part, SLICE("\nSAGEGATE_"));
    for (size_t i = 0; i < name.len; i++)
        put_char(part, ascii_upper(name.ptr[i]));
    put_char(part, '=');
    put_escaped(part, value, false);
    keep_whole(record, part, before);
}

/* ,"name": of " name=", and the quote that begins a string. */
static inline __attribute__((always_inline)) void put_name(struct log_part *part, struct slice key,
                                                           bool quoted)
{
    char *to = part->data + part->len;
    size_t len = key.len + 2 + quoted;

    if (len > part->limit - part->len) {
        part->cut = true;
        return;
    }
    memcpy(to + 1, key.ptr, LOG_WORD_BYTES);
    to[0] = ',';
    to[1] = to[key.len] = '"';
    to[key.len + 1] = ':';
    to[key.len + 2] = '"';
    part->len += len;
}

static void put_member(struct log_record *record, struct slice key, struct slice value, enum log_kind kind)
{
    struct log_part *part = &record->line;
    size_t before = part->len;

    put_name(part, key, kind == LOG_TEXT);
    if (kind == LOG_TEXT)
        end_string(part, value);
    else
        put(part, value);
    keep_whole(record, part, before);
}

void log_put(struct log_record *record, struct slice key, struct slice value, enum log_kind kind)
{
    struct log_part *line = &record->line;

    if (record->form == LOG_FORM_JSON) {
        put_member(record, key, value, kind);
        return;
    }
    if (!line->cut) {
        put_word(line, key);
        if (!put_bare(line, value)) {
            put_char(line, '"');
            put_escaped(line, value, true);
            put_char(line, '"');
        }
    }
    if (record->form == LOG_FORM_JOURNAL)
        put_tag(record, key, value);
}

/* A value of which LOG_WORD_BYTES can be copied. */
static void put_number(struct log_record *record, struct slice key, struct slice value)
{
    struct log_part *line = &record->line;

    if (record->form == LOG_FORM_JSON) {
        size_t before = line->len;

        put_name(line, key, false);
        put_word(line, value);
        keep_whole(record, line, before);
        return;
    }
    if (!line->cut) {
        put_word(line, key);
        put_word(line, value);
    }
    if (record->form == LOG_FORM_JOURNAL)
        put_tag(record, key, value);
}

void log_put_number(struct log_record *record, struct slice key, uint64_t value)
{
    char text[SLICE_U64_MAX + LOG_WORD_BYTES];

    put_number(record, key, slice_from_u64(value, text));
}

void log_put_ms(struct log_record *record, struct slice key, uint64_t us)
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

/* For it there is always room. */
static void put_ending(struct log_part *part, struct slice s)
{
    memcpy(part->data + part->len, s.ptr, s.len);
    part->len += s.len;
}

void log_end(struct log_record *record)
{
    struct log_part *line = &record->line, *tags = &record->tags;

    switch (record->form) {
    case LOG_FORM_JOURNAL:
        put_ending(tags, record->omitted ? SLICE("\nSAGEGATE_CUT=true\n") : SLICE("\n"));
        break;
    case LOG_FORM_JSON:
        put_ending(line, record->omitted ? SLICE(",\"cut\":true}\n") : SLICE("}\n"));
        break;
    case LOG_FORM_TEXT:
        put_ending(line, SLICE("\n"));
        break;
    }
    log_write(record->form, slice_of(line->data, line->len), slice_of(tags->data, tags->len));
}
