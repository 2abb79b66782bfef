#include "aws/sigv4_claim.h"

#include <time.h>

/* Takes "Name=value" off the front of the list. */
static bool take(struct slice *list, struct slice name, struct slice *value)
{
    struct slice part;

    if (!list->ptr || !slice_split(list, ',', &part))
        return false;
    part = slice_trim(part);
    if (!slice_starts(part, name))
        return false;
    *value = slice_from(part, name.len);
    return value->len > 0;
}

bool sigv4_claim_parse(struct slice authorization, struct sigv4_claim *claim)
{
    static const struct slice algorithm = SLICE_INIT("AWS4-HMAC-SHA256 ");
    struct slice list, credential;

    *claim = (struct sigv4_claim){.day = {NULL, 0}};
    if (!slice_starts(authorization, algorithm))
        return false;
    list = slice_from(authorization, algorithm.len);
    if (!take(&list, SLICE("Credential="), &credential) ||
        !take(&list, SLICE("SignedHeaders="), &claim->signed_headers) ||
        !take(&list, SLICE("Signature="), &claim->signature) || list.ptr)
        return false;
    return slice_split(&credential, '/', &claim->access_key_id) &&
           slice_split(&credential, '/', &claim->day) &&
           slice_split(&credential, '/', &claim->scope.region) &&
           slice_split(&credential, '/', &claim->scope.service) &&
           slice_eq(credential, SLICE("aws4_request")) && claim->signature.len == SIGV4_SIGNATURE_LEN;
}

static bool is_signed(const struct sigv4_claim *claim, struct slice name)
{
    struct slice rest = claim->signed_headers, one;

    while (slice_split(&rest, ';', &one)) {
        if (slice_eq_nocase(one, name))
            return true;
    }
    return false;
}

/* Whether a field could change what is done, unseen by the signature. */
static bool must_be_signed(struct slice name)
{
    return slice_eq_nocase(name, SLICE("host")) || slice_starts_nocase(name, SLICE("x-amz-")) ||
           (slice_starts_nocase(name, SLICE("x-amzn-")) && !slice_eq_nocase(name, SLICE("x-amzn-trace-id")));
}

bool sigv4_claim_fields(const struct sigv4_claim *claim, const struct http_head *head,
                        struct http_field *fields, size_t *count)
{
    struct slice rest = claim->signed_headers, name;

    *count = 0;
    while (slice_split(&rest, ';', &name)) {
        const struct http_field *field = http_head_find(head, name);

        if (!field || *count == HTTP_MAX_FIELDS)
            return false;
        fields[(*count)++] = *field;
    }
    for (size_t i = 0; i < head->count; i++) {
        struct slice present = head->fields[i].name;

        if (is_signed(claim, present) ? http_head_find(head, present) != &head->fields[i]
                                      : must_be_signed(present))
            return false;
    }
    return is_signed(claim, SLICE("host")) && is_signed(claim, SLICE("x-amz-date"));
}

bool sigv4_parse_date(struct slice text, int64_t *wall_seconds)
{
    static const char form[] = "00000000T000000Z";
    int digits[SIGV4_DATE_LEN];
    struct tm tm;
    char again[SIGV4_DATE_LEN + 1];

    if (text.len != SIGV4_DATE_LEN)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        bool digit = text.ptr[i] >= '0' && text.ptr[i] <= '9';

        if (form[i] == '0' ? !digit : text.ptr[i] != form[i])
            return false;
        digits[i] = text.ptr[i] - '0';
    }
    tm = (struct tm){.tm_year = digits[0] * 1000 + digits[1] * 100 + digits[2] * 10 + digits[3] - 1900,
                     .tm_mon = digits[4] * 10 + digits[5] - 1,
                     .tm_mday = digits[6] * 10 + digits[7],
                     .tm_hour = digits[9] * 10 + digits[10],
                     .tm_min = digits[11] * 10 + digits[12],
                     .tm_sec = digits[13] * 10 + digits[14]};
    *wall_seconds = timegm(&tm);
    sigv4_format_date(*wall_seconds, again);
    return slice_eq(text, slice_cstr(again)); /* no thirteenth month */
}
