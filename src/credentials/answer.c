#include "credentials/answer.h"

#include <time.h>

#include <jansson.h>

#include "base/json_memory.h"
#include "base/secret.h"
#include "credentials/provider.h"

static bool digits(struct slice *text, size_t count, int least, int most, int *value)
{
    unsigned long long number;

    if (text->len < count || !slice_to_u64(slice_of(text->ptr, count), (unsigned long long)most, &number))
        return false;
    *value = (int)number;
    *text = slice_from(*text, count);
    return *value >= least;
}

static bool mark(struct slice *text, char c)
{
    if (text->len == 0 || text->ptr[0] != c)
        return false;
    *text = slice_from(*text, 1);
    return true;
}

/* "Z", "+hh:mm" or "-hh:mm", to the end. */
static bool offset(struct slice text, int *seconds)
{
    int sign = text.len && text.ptr[0] == '-' ? -1 : 1;
    int hours = 0, minutes = 0;

    *seconds = 0;
    if (mark(&text, 'Z'))
        return text.len == 0;
    if (!mark(&text, '+') && !mark(&text, '-'))
        return false;
    if (!digits(&text, 2, 0, 23, &hours) || !mark(&text, ':') || !digits(&text, 2, 0, 59, &minutes))
        return false;
    *seconds = sign * (hours * 3600 + minutes * 60);
    return text.len == 0;
}

enum sg_status credentials_time_parse(struct slice text, int64_t *seconds)
{
    struct tm tm = {0};
    int year = 0, month = 0, day = 0, east = 0;

    if (!digits(&text, 4, 1970, 9999, &year) || !mark(&text, '-') || !digits(&text, 2, 1, 12, &month) ||
        !mark(&text, '-') || !digits(&text, 2, 1, 31, &day) || !mark(&text, 'T') ||
        !digits(&text, 2, 0, 23, &tm.tm_hour) || !mark(&text, ':') || !digits(&text, 2, 0, 59, &tm.tm_min) ||
        !mark(&text, ':') || !digits(&text, 2, 0, 59, &tm.tm_sec))
        return SG_INVALID;
    if (mark(&text, '.')) {
        size_t n = 0;

        while (n < text.len && text.ptr[n] >= '0' && text.ptr[n] <= '9')
            n++;
        if (n == 0)
            return SG_INVALID;
        text = slice_from(text, n);
    }
    if (!offset(text, &east))
        return SG_INVALID;
    tm.tm_year = year - 1900;
    tm.tm_mon = month - 1;
    tm.tm_mday = day;
    *seconds = (int64_t)timegm(&tm) - east;
    /* timegm() makes 30 February the 2nd of March. */
    return tm.tm_mday == day ? SG_OK : SG_INVALID;
}

/* jansson's own memory is not wiped when it is freed; its strings are all that can be reached. */
static void wipe_strings(json_t *object)
{
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        if (json_is_string(value))
            secret_wipe((char *)(uintptr_t)json_string_value(value), json_string_length(value));
    }
}

/* The names of the parts, in the order of enum part, and which may be left out. */
enum part { PART_ID, PART_SECRET, PART_TOKEN, PART_END, PART_COUNT };

static const struct form {
    const char *names[PART_COUNT];
    enum part optional_from;
    bool has_version;
} forms[] = {
    [ANSWER_METADATA] = {{"AccessKeyId", "SecretAccessKey", "Token", "Expiration"}, PART_COUNT, false},
    [ANSWER_PROCESS] = {{"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"}, PART_TOKEN, true},
};

/* An optional part may be missing or null, and is then empty. */
static bool take_parts(const json_t *object, const struct form *form, struct slice parts[PART_COUNT],
                       struct sg_error *err)
{
    for (unsigned i = 0; i < PART_COUNT; i++) {
        const json_t *value = json_object_get(object, form->names[i]);
        bool absent = !value || json_is_null(value);

        parts[i] = slice_of(json_string_value(value), json_string_length(value));
        if (parts[i].len || (absent && i >= form->optional_from))
            continue;
        (void)sg_fail(err, SG_INVALID, "its answer has no %s", form->names[i]);
        return false;
    }
    return true;
}

static bool has_version(const json_t *object, struct sg_error *err)
{
    const json_t *version = json_object_get(object, "Version");

    if (json_is_integer(version) && json_integer_value(version) == 1)
        return true;
    (void)sg_fail(err, SG_INVALID, "its answer has not \"Version\": 1, the only one there is");
    return false;
}

/* On EC2 an answer with status 200 may be an error all the same. */
static bool has_error_code(const json_t *object, struct sg_error *err)
{
    const char *code = json_string_value(json_object_get(object, "Code"));
    const char *message = json_string_value(json_object_get(object, "Message"));

    if (!code || strcmp(code, "Success") == 0)
        return false;
    (void)sg_fail(err, SG_INVALID, "it answered %.80s%s%.200s%s", code, message ? ": " : "",
                  message ? message : "",
                  strcmp(code, "AssumeRoleUnauthorizedAccess") == 0
                      ? " (the role's trust policy must allow ec2.amazonaws.com to assume it)"
                      : "");
    return true;
}

static enum sg_status from_object(const json_t *object, const struct form *form, const char *source,
                                  struct credentials **credentials, struct sg_error *err)
{
    struct slice parts[PART_COUNT];
    struct sg_error part;
    int64_t expiration = 0;

    if ((form->has_version ? !has_version(object, err) : has_error_code(object, err)) ||
        !take_parts(object, form, parts, err))
        return SG_INVALID;
    /* 0 means never. */
    if (parts[PART_END].len && (credentials_time_parse(parts[PART_END], &expiration) || expiration <= 0))
        return sg_fail(err, SG_INVALID, "its answer's Expiration is not a time like 2026-01-31T23:59:59Z");
    if (credentials_check(parts[PART_ID], parts[PART_SECRET], parts[PART_TOKEN], &part))
        return sg_fail(err, SG_INVALID, "its answer is no good: %s", part.text);
    *credentials = credentials_new(parts[PART_ID], parts[PART_SECRET], parts[PART_TOKEN], expiration, source);
    return *credentials ? SG_OK : sg_fail(err, SG_NO_MEMORY, "out of memory");
}

enum sg_status credentials_answer_parse(struct slice json, enum answer_form form, const char *source,
                                        struct credentials **credentials, struct sg_error *err)
{
    json_error_t where;
    json_t *root;
    bool short_of_memory;
    enum sg_status status;

    if (json.len == 0)
        return sg_fail(err, SG_INVALID, "its answer is empty");
    json_memory_watch();
    root = json_loadb(json.ptr, json.len, JSON_REJECT_DUPLICATES, &where);
    short_of_memory = json_memory_was_short();
    /* Not jansson's own text: it quotes what it read. */
    if (!root && !short_of_memory)
        return sg_fail(err, SG_INVALID, "its answer is not JSON (line %d, column %d)", where.line,
                       where.column);
    if (short_of_memory)
        status = sg_fail(err, SG_NO_MEMORY, "out of memory");
    else if (json_is_object(root))
        status = from_object(root, &forms[form], source, credentials, err);
    else
        status = sg_fail(err, SG_INVALID, "its answer is JSON, but not an object");
    wipe_strings(root);
    json_decref(root);
    return status;
}
