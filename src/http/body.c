#include "http/body.h"

#include "http/chars.h"

enum {
    MAX_SIZE_DIGITS = 16,
    MAX_CHUNK_LINE = 4096, /* bytes, extensions and CRLF included */
    MAX_TRAILERS = 8192,   /* bytes of all trailer lines and the blank line */
};

/* Where in a chunked body the next byte is (RFC 9112 section 7.1). */
enum state {
    SIZE,
    BEFORE_EXTENSION,
    EXTENSION,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER_START,
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    END_LF,
    END,
};

/* What a wrong byte in each state means. */
static const char *const faults[] = {
    [SIZE] = "A chunk size is not 1 to 16 hexadecimal digits of at most 2^63-1 with CRLF after them.",
    [BEFORE_EXTENSION] = "There is a blank after a chunk size; end the size with CRLF.",
    [EXTENSION] = "A chunk extension has a control character in it; end the line with CRLF.",
    [SIZE_LF] = "There is a CR without LF in a chunk line; end the line with CRLF.",
    [DATA_CR] = "A chunk is longer than its size says; end its data with CRLF.",
    [DATA_LF] = "There is a CR without LF after a chunk; end its data with CRLF.",
    [TRAILER_START] = "A trailer line does not start with a field name; end the body with an empty line.",
    [TRAILER_NAME] = "A trailer has no colon right after its field name; write \"Name: value\".",
    [TRAILER_VALUE] = "A trailer value has a control character in it; end the line with CRLF.",
    [TRAILER_LF] = "There is a CR without LF in a trailer; end the line with CRLF.",
    [END_LF] = "There is a CR without LF at the end of the body; end it with CRLF.",
};

void http_body_init(struct http_body *body, const struct http_head *head)
{
    *body = (struct http_body){.framing = head->framing, .state = SIZE};
    if (head->framing == HTTP_CONTENT_LENGTH)
        body->remaining = head->content_length;
}

static bool go(struct http_body *body, enum state next)
{
    body->state = next;
    return true;
}

/* Goes on to the next state when the byte is the only one that may come. */
static bool only(struct http_body *body, char c, char wanted, enum state next)
{
    return c == wanted && go(body, next);
}

/* A byte that stays in its state when of the class, and leaves it when it is the one that ends it. */
static bool until(struct http_body *body, char c, enum http_class wanted, char last, enum state next)
{
    return only(body, c, last, next) || http_is(c, wanted);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* overhead counts the bytes of the line, which so far are digits. */
static bool size_byte(struct http_body *body, char c)
{
    int digit = hex_digit(c);

    if (digit >= 0) {
        if (body->overhead > MAX_SIZE_DIGITS || body->remaining > INT64_MAX >> 4)
            return false;
        body->remaining = body->remaining << 4 | (unsigned)digit;
        return true;
    }
    if (body->overhead == 1)
        return false;
    return only(body, c, '\r', SIZE_LF) || only(body, c, ';', EXTENSION) ||
           only(body, c, ' ', BEFORE_EXTENSION) || only(body, c, '\t', BEFORE_EXTENSION);
}

/* An LF after which overhead counts a chunk line or the trailers from zero. */
static bool count_anew(struct http_body *body, char c, enum state next)
{
    body->overhead = 0;
    return only(body, c, '\n', next);
}

/* Takes one byte that is not content; false when it is wrong there. */
static bool frame_byte(struct http_body *body, char c)
{
    switch ((enum state)body->state) {
    case SIZE:
        return size_byte(body, c);
    case BEFORE_EXTENSION:
        return only(body, c, ';', EXTENSION) || c == ' ' || c == '\t';
    case EXTENSION:
        return until(body, c, HTTP_TEXT, '\r', SIZE_LF);
    case SIZE_LF:
        return count_anew(body, c, body->remaining ? DATA : TRAILER_START);
    case DATA_CR:
        return only(body, c, '\r', DATA_LF);
    case DATA_LF:
        return count_anew(body, c, SIZE);
    case TRAILER_START:
        return only(body, c, '\r', END_LF) || (http_is(c, HTTP_TOKEN) && go(body, TRAILER_NAME));
    case TRAILER_NAME:
        return until(body, c, HTTP_TOKEN, ':', TRAILER_VALUE);
    case TRAILER_VALUE:
        return until(body, c, HTTP_TEXT, '\r', TRAILER_LF);
    case TRAILER_LF:
        return only(body, c, '\n', TRAILER_START);
    case END_LF:
        return only(body, c, '\n', END);
    case DATA:
    case END:
        break;
    }
    return false;
}

static enum http_body_result decode_chunked(struct http_body *body, char *data, size_t len, size_t *consumed,
                                            size_t *produced)
{
    size_t at = 0;
    size_t out = 0;

    while (at < len && body->state != END && !body->fault) {
        if (body->state == DATA) {
            size_t n = body->remaining < len - at ? (size_t)body->remaining : len - at;

            if (at != out)
                memmove(data + out, data + at, n);
            at += n;
            out += n;
            body->remaining -= n;
            if (body->remaining == 0)
                body->state = DATA_CR;
            continue;
        }
        body->overhead++;
        if (body->state < DATA && body->overhead > MAX_CHUNK_LINE)
            body->fault = "A chunk line is longer than 4096 bytes; leave out chunk extensions.";
        else if (body->overhead > MAX_TRAILERS)
            body->fault = "The trailers are larger than 8192 bytes; send fewer.";
        else if (!frame_byte(body, data[at]))
            body->fault = faults[body->state];
        else
            at++;
    }
    *consumed = at;
    *produced = out;
    if (body->fault)
        return HTTP_BODY_BAD;
    return body->state == END ? HTTP_BODY_DONE : HTTP_BODY_MORE;
}

enum http_body_result http_body_decode(struct http_body *body, char *data, size_t len, size_t *consumed,
                                       size_t *produced)
{
    size_t n = 0;

    switch (body->framing) {
    case HTTP_CHUNKED:
        return decode_chunked(body, data, len, consumed, produced);
    case HTTP_CONTENT_LENGTH:
        n = body->remaining < len ? (size_t)body->remaining : len;
        body->remaining -= n;
        break;
    case HTTP_UNTIL_CLOSE:
        n = len;
        break;
    case HTTP_NO_BODY:
        break;
    }
    *consumed = n;
    *produced = n;
    return body->framing != HTTP_UNTIL_CLOSE && body->remaining == 0 ? HTTP_BODY_DONE : HTTP_BODY_MORE;
}

bool http_body_complete_at_eof(const struct http_body *body)
{
    if (body->framing == HTTP_CHUNKED)
        return body->state == END;
    return body->remaining == 0;
}
