/* Numbers, dates and addresses: on each side of every boundary that the operands of a key draw. */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "compare/witness_values.h"

struct teller {
    struct arena *arena;
    void (*tell)(void *user, struct slice text);
    void *user;
    bool fits;
};

static void __attribute__((format(printf, 2, 3))) tell(struct teller *t, const char *format, ...)
{
    struct slice text;
    va_list args;
    bool fits;

    va_start(args, format);
    fits = arena_vprintf(t->arena, 512, &text, format, args);
    va_end(args);
    if (fits)
        t->tell(t->user, text);
    else
        t->fits = false;
}

/* The number itself, its neighbours, and what is next to it away from zero: by a digit more than any has. */
static void tell_number(struct teller *t, const struct decimal *number, size_t digits)
{
    const char *sign = number->negative ? "-" : "";
    struct slice whole = number->whole.len ? number->whole : SLICE("0");
    unsigned long long value;

    if (number->fraction.len)
        tell(t, "%s%.*s.%.*s", sign, SLICE_FMT(whole), SLICE_FMT(number->fraction));
    else
        tell(t, "%s%.*s", sign, SLICE_FMT(whole));
    if (slice_to_u64(whole, 1000000000, &value)) {
        tell(t, "%lld", (number->negative ? -1 : 1) * (long long)value + 1);
        tell(t, "%lld", (number->negative ? -1 : 1) * (long long)value - 1);
    }
    tell(t, "%s%.*s.%.*s%0*d", sign, SLICE_FMT(whole), SLICE_FMT(number->fraction),
         (int)(digits + 1 - number->fraction.len), 1);
    /* The same in other words, for what is compared as text, too. */
    tell(t, "%s%.*s.%.*s%0*d", sign, SLICE_FMT(whole), SLICE_FMT(number->fraction),
         (int)(digits + 1 - number->fraction.len), 0);
}

static void tell_instant(struct teller *t, const struct instant *instant)
{
    static const int64_t steps[][2] = {{0, 0}, {1, 0}, {-1, 0}, {0, 1}, {-1, 999999999}};

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        int64_t nanoseconds = instant->nanoseconds + steps[i][1];
        time_t seconds = (time_t)(instant->seconds + steps[i][0] + nanoseconds / 1000000000);
        struct tm date;
        char day[64];

        nanoseconds %= 1000000000;
        if (!gmtime_r(&seconds, &date) || date.tm_year < -1900 || date.tm_year > 9999 - 1900) {
            tell(t, "%lld", (long long)seconds);
            continue;
        }
        snprintf(day, sizeof(day), "%04d-%02d-%02dT%02d:%02d:%02d", date.tm_year + 1900, date.tm_mon + 1,
                 date.tm_mday, date.tm_hour, date.tm_min, date.tm_sec);
        if (nanoseconds)
            tell(t, "%s.%09lldZ", day, (long long)nanoseconds);
        else
            tell(t, "%sZ", day);
    }
}

static void tell_address(struct teller *t, const struct network *network, const unsigned char *address)
{
    char text[INET6_ADDRSTRLEN];

    if (inet_ntop(network->family, address, text, sizeof(text)))
        tell(t, "%s", text);
}

/* By one up or down, around the ends. */
static void step(unsigned char *address, size_t bytes, int by)
{
    for (size_t i = bytes; i-- > 0;) {
        address[i] = (unsigned char)(address[i] + by);
        if (address[i] != (by > 0 ? 0 : 255))
            return;
    }
}

/* The first and the last of the network, and those before and after. */
static void tell_network(struct teller *t, const struct network *network)
{
    size_t bytes = network->family == AF_INET ? 4 : 16;
    unsigned char first[16], last[16];

    for (size_t i = 0; i < bytes; i++) {
        unsigned fixed = network->prefix > 8 * i ? network->prefix - 8 * (unsigned)i : 0;
        unsigned char mask = (unsigned char)(fixed >= 8 ? 255 : 0xff00 >> fixed);

        first[i] = network->address[i] & mask;
        last[i] = (unsigned char)(network->address[i] | ~mask);
    }
    tell_address(t, network, first);
    tell_address(t, network, last);
    step(first, bytes, -1);
    step(last, bytes, 1);
    tell_address(t, network, first);
    tell_address(t, network, last);
}

static size_t most_digits(const struct condition *const *conditions, size_t count)
{
    size_t most = 0;

    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < conditions[i]->count && conditions[i]->op.base->kind == OPERAND_NUMBER; k++) {
            size_t len = conditions[i]->operands[k].number.fraction.len;

            most = len > most ? len : most;
        }
    }
    return most;
}

static void tell_usual(struct teller *t, enum operand_kind kind, size_t digits)
{
    struct decimal zero = {.negative = false}, below = {.negative = true};

    if (kind == OPERAND_NUMBER) {
        tell_number(t, &zero, digits);
        tell_number(t, &below, digits);
    } else if (kind == OPERAND_NETWORK) {
        tell(t, "192.0.2.1");
        tell(t, "2001:db8::1");
        tell(t, "0.0.0.0");
        tell(t, "::");
    }
}

bool witness_values(const struct condition *const *conditions, size_t count, enum operand_kind kind,
                    struct arena *arena, void (*tell_text)(void *user, struct slice text), void *user)
{
    struct teller t = {arena, tell_text, user, true};
    size_t digits = most_digits(conditions, count);
    bool any = false;

    for (size_t i = 0; i < count; i++) {
        const struct condition *condition = conditions[i];

        for (size_t k = 0; k < condition->count && condition->op.base->kind == kind; k++) {
            any = true;
            if (kind == OPERAND_NUMBER)
                tell_number(&t, &condition->operands[k].number, digits);
            else if (kind == OPERAND_DATE)
                tell_instant(&t, &condition->operands[k].date);
            else if (kind == OPERAND_NETWORK)
                tell_network(&t, &condition->operands[k].network);
        }
    }
    if (any)
        tell_usual(&t, kind, digits);
    return t.fits;
}
