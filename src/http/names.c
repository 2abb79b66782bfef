#include "http/names.h"

/* No two names have the same slot: the compiler would warn of it. */
#define SLOT(len, first, last) (((len) + (first)*10 + (last)) % SLOTS)

enum { SLOTS = 128 };

struct known {
    struct slice name;
    enum http_name number;
};

#define ENTRY(number, name, first, last) [SLOT(sizeof(name) - 1, first, last)] = {SLICE_INIT(name), number},
static const struct known slots[SLOTS] = {HTTP_NAMES(ENTRY)};
#undef ENTRY

static enum http_name by_prefix(struct slice name)
{
    static const struct known prefixes[] = {
        {SLICE_INIT("x-amz-"), FIELD_X_AMZ},
        {SLICE_INIT("x-amzn-"), FIELD_X_AMZ},
        {SLICE_INIT("x-forwarded-"), FIELD_X_FORWARDED},
        {SLICE_INIT("sec-fetch-"), FIELD_SEC_FETCH},
    };

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        if (slice_starts_nocase(name, prefixes[i].name))
            return prefixes[i].number;
    }
    return FIELD_OTHER;
}

enum http_name http_name_of(struct slice name)
{
    const struct known *known;

    if (name.len == 0)
        return FIELD_OTHER;
    known = &slots[SLOT(name.len, (unsigned char)ascii_lower(name.ptr[0]),
                        (unsigned char)ascii_lower(name.ptr[name.len - 1]))];
    return known->name.len && slice_eq_nocase(name, known->name) ? known->number : by_prefix(name);
}
