/*
 * Lines of the log with named values, for people (text), machines (JSON) and the journal: built piece by
 * piece, since a request has one. Control characters and quotes in what is put are escaped, so that a line is
 * one line whatever a client sent. Never put a secret or a body.
 */
#ifndef SAGEGATE_BASE_LOG_RECORD_H
#define SAGEGATE_BASE_LOG_RECORD_H

#include "base/log.h"

/* The messages of lines with a MESSAGE_ID in the journal: of a request, and of one that was denied. */
#define LOG_REQUEST            SLICE_INIT("request")
#define LOG_REQUEST_MESSAGE_ID "5f3c0a7e9b1d4c66a2d8e1f04b7a9c35"
#define LOG_DENIAL             SLICE_INIT("denied")
#define LOG_DENIAL_MESSAGE_ID  "c4b1f6d27e5a4f1b9d0832a6e17c5f98"

enum { LOG_PART_BYTES = 4096, LOG_PART_SPARE = 32 };

/* Text that grows up to `limit` bytes. */
struct log_part {
    size_t len, limit;
    bool cut; /* not all was put */
    char data[LOG_PART_BYTES];
};

/* For the stack. Large, and filled from the front: log_begin() clears what must be. */
struct log_record {
    enum log_form form;
    bool omitted;         /* a value was too long, and is left out */
    struct log_part line; /* in the journal, up to the end of MESSAGE, … */
    struct log_part tags; /* … and then what an entry can be selected by: SAGEGATE_ACTION=… */
};

/* message is one sentence. Writes at any level: ask log_enabled() before. */
void log_begin(struct log_record *record, enum log_level level, struct slice message);

/*
 * Put a value; its name is a lower_snake_case literal. One of length 0 is left out. What does not fit is cut
 * in text; in JSON and in the journal the whole value is left out, and `cut` tells of it.
 */
#define log_text(record, name, value)   LOG_PUT(log_put_any, record, name, value, LOG_TEXT)
#define log_json(record, name, value)   LOG_PUT(log_put_any, record, name, value, LOG_JSON)
#define log_number(record, name, value) LOG_PUT(log_put_number, record, name, value)
#define log_ms(record, name, us)        LOG_PUT(log_put_ms, record, name, us)

void log_end(struct log_record *record);

/* What LOG_WORD_BYTES can be copied of, however short it is. */
enum { LOG_WORD_BYTES = 24 };

/* A name as it stands in a line of text, and in JSON before a string; len is the name's own. */
struct log_key {
    char text[LOG_WORD_BYTES], json[LOG_WORD_BYTES];
    size_t len;
};
#define LOG_PUT(put, record, name, ...)                                                                      \
    do {                                                                                                     \
        static const struct log_key key_of_it = {" " name "=", ",\"" name "\":\"", sizeof(name) - 1};        \
        put(record, &key_of_it, __VA_ARGS__);                                                                \
    } while (0)

/* In JSON a value is a string, or stands as it is: printable ASCII. */
enum log_kind { LOG_TEXT, LOG_JSON };

void log_put(struct log_record *record, const struct log_key *key, struct slice value, enum log_kind kind);
void log_put_number(struct log_record *record, const struct log_key *key, uint64_t value);
void log_put_ms(struct log_record *record, const struct log_key *key, uint64_t us); /* microseconds */

static inline void log_put_any(struct log_record *record, const struct log_key *key, struct slice value,
                               enum log_kind kind)
{
    if (value.len)
        log_put(record, key, value, kind);
}

#endif
