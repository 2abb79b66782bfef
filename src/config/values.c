#include "config/values.h"

#include <stdlib.h>

#include "aws/caller_identity.h"

const char memory_is_short[] = "memory is short";

const char *value_copy(struct slice text, void *target)
{
    char *copy = strndup(text.ptr, text.len);

    *(char **)target = copy;
    return copy ? NULL : memory_is_short;
}

const char *read_text(const struct schema_key *key, struct slice text, void *target)
{
    (void)key;
    return value_copy(text, target);
}

const char *read_bool(const struct schema_key *key, struct slice text, void *target)
{
    bool is_true = slice_eq(text, SLICE("true"));

    if (!is_true && !slice_eq(text, SLICE("false")))
        return key->want;
    *(bool *)target = is_true;
    return NULL;
}

const char *read_choice(const struct schema_key *key, struct slice text, void *target)
{
    for (const struct schema_choice *choice = key->choices; choice->name; choice++) {
        if (slice_eq(text, slice_cstr(choice->name))) {
            *(int *)target = choice->value;
            return NULL;
        }
    }
    return key->want;
}

const char *read_number(const struct schema_key *key, struct slice text, void *target)
{
    unsigned long long number;

    if (!slice_to_u64(text, key->max, &number) || number < key->min)
        return key->want;
    *(unsigned *)target = (unsigned)number;
    return NULL;
}

struct unit {
    const char *name;
    uint64_t factor;
};

/* Digits with one of the units after them. */
static bool read_quantity(const struct schema_key *key, struct slice text, const struct unit *units,
                          size_t count, uint64_t *quantity)
{
    struct slice digits = {text.ptr, 0};
    unsigned long long number;

    while (digits.len < text.len && text.ptr[digits.len] >= '0' && text.ptr[digits.len] <= '9')
        digits.len++;
    for (size_t i = 0; i < count; i++) {
        if (!slice_eq(slice_from(text, digits.len), slice_cstr(units[i].name)))
            continue;
        if (!slice_to_u64(digits, key->max / units[i].factor, &number))
            return false;
        *quantity = number * units[i].factor;
        return *quantity >= key->min;
    }
    return false;
}

const char *read_size(const struct schema_key *key, struct slice text, void *target)
{
    static const struct unit units[] = {{"", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};
    uint64_t bytes;

    if (!read_quantity(key, text, units, sizeof(units) / sizeof(units[0]), &bytes))
        return key->want;
    *(uint64_t *)target = bytes;
    return NULL;
}

const char *read_duration(const struct schema_key *key, struct slice text, void *target)
{
    static const struct unit units[] = {{"ms", 1}, {"s", 1000}, {"m", 60 * 1000}, {"h", 60 * 60 * 1000}};
    uint64_t milliseconds;

    if (!read_quantity(key, text, units, sizeof(units) / sizeof(units[0]), &milliseconds))
        return key->want;
    *(unsigned *)target = (unsigned)milliseconds;
    return NULL;
}

const char *read_mode(const struct schema_key *key, struct slice text, void *target)
{
    mode_t mode = 0;

    if (text.len == 4 && text.ptr[0] == '0')
        text = slice_from(text, 1);
    if (text.len != 3)
        return key->want;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '7')
            return key->want;
        mode = mode << 3 | (mode_t)(text.ptr[i] - '0');
    }
    *(mode_t *)target = mode;
    return NULL;
}

const char *read_account(const struct schema_key *key, struct slice text, void *target)
{
    unsigned long long number;

    if (text.len != 12 || !slice_to_u64(text, 999999999999ULL, &number))
        return key->want;
    return value_copy(text, target);
}

const char *read_principal(const struct schema_key *key, struct slice text, void *target)
{
    struct buffer memory = {0};
    struct caller_identity who;
    enum sg_status status = caller_identity_read(text, &memory, &who);
    bool is_session = !slice_eq(who.arn, who.principal_arn);

    buffer_free(&memory);
    if (status == SG_NO_MEMORY)
        return memory_is_short;
    return status != SG_OK || is_session ? key->want : value_copy(text, target);
}

/* Letters, digits and the others. */
static const char *read_of(const struct schema_key *key, struct slice text, void *target, const char *others,
                           size_t least, size_t most)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = ascii_lower(text.ptr[i]);

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || strchr(others, c)))
            return key->want;
    }
    return text.len < least || text.len > most ? key->want : value_copy(text, target);
}

const char *read_name(const struct schema_key *key, struct slice text, void *target)
{
    return read_of(key, text, target, "_-", 1, key->max);
}

const char *read_session_name(const struct schema_key *key, struct slice text, void *target)
{
    return read_of(key, text, target, "_+=,.@-", 2, 64);
}

const char *read_credential_name(const struct schema_key *key, struct slice text, void *target)
{
    return text.ptr[0] == '.' ? key->want : read_of(key, text, target, "_.-", 1, 255);
}

const char *read_flag(const struct schema_key *key, struct slice text, void *target)
{
    for (const struct schema_choice *choice = key->choices; choice->name; choice++) {
        if (slice_eq(text, slice_cstr(choice->name))) {
            *(unsigned *)target |= 1u << choice->value;
            return NULL;
        }
    }
    return key->want;
}

const char *words_append(struct config_words *words, struct slice text)
{
    char **grown = realloc(words->at, (words->count + 1) * sizeof(*grown));

    if (!grown)
        return memory_is_short;
    words->at = grown;
    grown[words->count] = strndup(text.ptr, text.len);
    if (!grown[words->count])
        return memory_is_short;
    words->count++;
    return NULL;
}
