#include "aws/condition_keys.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "aws/operation_key.h"

typedef enum key_status key_read(struct condition_keys *keys, struct key_values *out);

/* A key that every request may carry. */
struct global_key {
    const char *name;
    const char *always; /* its value, the same for all that sagegate sends; … */
    key_read *read;     /* … or how it is found; neither: it is absent */
};

struct slice condition_keys_text(struct condition_keys *keys, const char *format, ...)
{
    char *start = keys->request.text + keys->request.used;
    size_t room = sizeof(keys->request.text) - keys->request.used;
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(start, room, format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= room)
        return slice_of("", 0);
    keys->request.used += (size_t)len;
    return slice_of(start, (size_t)len);
}

enum key_status condition_keys_one(struct condition_keys *keys, struct slice value, struct key_values *out)
{
    if (!value.ptr || keys->value_count == KEY_MAX_VALUES)
        return KEY_UNKNOWN;
    keys->values[keys->value_count] = value;
    *out = (struct key_values){&keys->values[keys->value_count++], 1, false};
    return KEY_FOUND;
}

/* One value that may not be known. */
static enum key_status known(struct condition_keys *keys, struct slice value, struct key_values *out)
{
    return value.len ? condition_keys_one(keys, value, out) : KEY_UNKNOWN;
}

static enum key_status read_region(struct condition_keys *keys, struct key_values *out)
{
    return known(keys, keys->host->region, out);
}

static enum key_status read_source_vpce(struct condition_keys *keys, struct key_values *out)
{
    return known(keys, keys->host->source_vpce, out);
}

static enum key_status read_source_vpc(struct condition_keys *keys, struct key_values *out)
{
    return known(keys, keys->host->source_vpc, out);
}

static enum key_status read_vpc_source_ip(struct condition_keys *keys, struct key_values *out)
{
    return known(keys, keys->host->vpc_source_ip, out);
}

static enum key_status read_client_uid(struct condition_keys *keys, struct key_values *out)
{
    return known(keys, keys->host->client_uid, out);
}

static enum key_status read_client_user(struct condition_keys *keys, struct key_values *out)
{
    return known(keys, keys->host->client_user, out);
}

/* What it would be over the internet nobody here knows. */
static enum key_status read_source_ip(struct condition_keys *keys, struct key_values *out)
{
    (void)out;
    return keys->host->vpc_endpoint ? KEY_ABSENT : KEY_UNKNOWN;
}

static enum key_status read_current_time(struct condition_keys *keys, struct key_values *out)
{
    time_t now = (time_t)keys->host->now;
    char text[sizeof("2015-08-30T12:36:00Z") + 8];
    struct tm tm;

    if (!gmtime_r(&now, &tm) || !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
        return KEY_UNKNOWN;
    return known(keys, condition_keys_text(keys, "%s", text), out);
}

static enum key_status read_epoch_time(struct condition_keys *keys, struct key_values *out)
{
    return known(keys, condition_keys_text(keys, "%lld", (long long)keys->host->now), out);
}

static enum key_status read_header(struct condition_keys *keys, struct slice name, struct key_values *out)
{
    const struct http_head *head = keys->request.head;
    const struct http_field *found = NULL;

    for (size_t i = 0; i < head->count; i++) {
        if (!slice_eq_nocase(head->fields[i].name, name))
            continue;
        if (found)
            return KEY_UNKNOWN; /* which one counts? */
        found = &head->fields[i];
    }
    return found ? condition_keys_one(keys, found->value, out) : KEY_ABSENT;
}

static enum key_status read_user_agent(struct condition_keys *keys, struct key_values *out)
{
    return read_header(keys, SLICE("User-Agent"), out);
}

static enum key_status read_referer(struct condition_keys *keys, struct key_values *out)
{
    return read_header(keys, SLICE("Referer"), out);
}

/* NULL when nobody knows, which is remembered. */
static const struct caller_identity *identity_of(struct condition_keys *keys)
{
    keys->identity_wanted = keys->identity_wanted || !keys->host->identity;
    return keys->host->identity;
}

/* Only users have one. */
static enum key_status read_username(struct condition_keys *keys, struct key_values *out)
{
    const struct caller_identity *identity = identity_of(keys);

    if (identity && identity->principal_type.len && !slice_eq(identity->principal_type, SLICE("User")))
        return KEY_ABSENT;
    return identity ? known(keys, identity->username, out) : KEY_UNKNOWN;
}

static enum key_status read_principal_account(struct condition_keys *keys, struct key_values *out)
{
    const struct caller_identity *identity = identity_of(keys);

    return identity ? known(keys, identity->account, out) : KEY_UNKNOWN;
}

static enum key_status read_principal_arn(struct condition_keys *keys, struct key_values *out)
{
    const struct caller_identity *identity = identity_of(keys);

    return identity ? known(keys, identity->principal_arn, out) : KEY_UNKNOWN;
}

static enum key_status read_principal_type(struct condition_keys *keys, struct key_values *out)
{
    const struct caller_identity *identity = identity_of(keys);

    return identity ? known(keys, identity->principal_type, out) : KEY_UNKNOWN;
}

static enum key_status read_user_id(struct condition_keys *keys, struct key_values *out)
{
    const struct caller_identity *identity = identity_of(keys);

    return identity ? known(keys, identity->user_id, out) : KEY_UNKNOWN;
}

/* Those of services that call for others are absent: sagegate calls for itself. */
static const struct global_key global_keys[] = {
    {.name = "aws:CalledVia"},
    {.name = "aws:CalledViaFirst"},
    {.name = "aws:CalledViaLast"},
    {.name = "aws:CurrentTime", .read = read_current_time},
    {.name = "aws:EpochTime", .read = read_epoch_time},
    {.name = "aws:PrincipalAccount", .read = read_principal_account},
    {.name = "aws:PrincipalArn", .read = read_principal_arn},
    {.name = "aws:PrincipalIsAWSService", .always = "false"},
    {.name = "aws:PrincipalServiceName"},
    {.name = "aws:PrincipalServiceNamesList"},
    {.name = "aws:PrincipalType", .read = read_principal_type},
    {.name = "aws:Referer", .read = read_referer},
    {.name = "aws:RequestedRegion", .read = read_region},
    {.name = "aws:SecureTransport", .always = "true"},
    {.name = "aws:SourceAccount"},
    {.name = "aws:SourceArn"},
    {.name = "aws:SourceIp", .read = read_source_ip},
    {.name = "aws:SourceVpc", .read = read_source_vpc},
    {.name = "aws:SourceVpce", .read = read_source_vpce},
    {.name = "aws:UserAgent", .read = read_user_agent},
    {.name = "aws:userid", .read = read_user_id},
    {.name = "aws:username", .read = read_username},
    {.name = "aws:ViaAWSService", .always = "false"},
    {.name = "aws:VpcSourceIp", .read = read_vpc_source_ip},
    {.name = "sagegate:CallerUid", .read = read_client_uid},
    {.name = "sagegate:CallerUser", .read = read_client_user},
};

enum { GLOBAL_KEYS = sizeof(global_keys) / sizeof(global_keys[0]) };

static enum key_status read_global(struct condition_keys *keys, const struct global_key *row,
                                   struct key_values *out)
{
    if (row->read)
        return row->read(keys, out);
    return row->always ? condition_keys_one(keys, slice_cstr(row->always), out) : KEY_ABSENT;
}

static enum key_status find(struct condition_keys *keys, struct slice name, struct key_values *out)
{
    const struct operation_key *row = keys->request.match->operation->keys;
    struct slice rest;

    for (size_t i = 0; i < GLOBAL_KEYS; i++) {
        if (slice_eq_nocase(name, slice_cstr(global_keys[i].name)))
            return read_global(keys, &global_keys[i], out);
    }
    for (; row && row->name; row++) {
        if (operation_key_is(row->name, name, &rest))
            return operation_key_fetch(keys, row, rest, out);
    }
    for (const char *const *other = operation_key_names; *other; other++) {
        if (operation_key_is(*other, name, &rest))
            return KEY_ABSENT;
    }
    return KEY_UNKNOWN;
}

void condition_keys_init(struct condition_keys *keys, const struct operation_match *match,
                         const struct http_head *head, json_t *body, const struct resource_owner *owner,
                         const struct key_host *host, struct sg_error *err)
{
    keys->host = host;
    keys->owner = owner;
    keys->body_wanted = false;
    keys->identity_wanted = false;
    keys->status = SG_OK;
    keys->err = err;
    keys->request.match = match;
    keys->request.head = head;
    keys->request.body = body;
    keys->request.used = 0;
    keys->value_count = 0;
    keys->remembered = 0;
}

/* A policy of many statements asks for the same few keys again and again. */
enum key_status condition_keys_find(struct condition_keys *keys, struct slice name, struct key_values *out)
{
    enum key_status status;

    for (size_t i = 0; i < keys->remembered; i++) {
        if (slice_eq(keys->memory[i].name, name)) {
            *out = keys->memory[i].values;
            return keys->memory[i].status;
        }
    }
    *out = (struct key_values){NULL, 0, false};
    status = find(keys, name, out);
    if (status != KEY_FOUND)
        *out = (struct key_values){NULL, 0, false};
    if (keys->remembered < KEY_MAX_REMEMBERED) {
        keys->memory[keys->remembered].name = name;
        keys->memory[keys->remembered].status = status;
        keys->memory[keys->remembered++].values = *out;
    }
    return status;
}

bool condition_keys_is_told(struct slice name)
{
    struct slice rest;

    for (size_t i = 0; i < GLOBAL_KEYS; i++) {
        if (slice_eq_nocase(name, slice_cstr(global_keys[i].name)))
            return true;
    }
    for (size_t i = 0; i < operation_count; i++) {
        const struct operation_key *row = operation_table[i].keys;

        for (; row && row->name; row++) {
            if (row->kind != KEY_UNTOLD && operation_key_is(row->name, name, &rest))
                return true;
        }
    }
    return false;
}

const char *condition_keys_name(size_t i)
{
    return i < GLOBAL_KEYS ? global_keys[i].name : operation_key_names[i - GLOBAL_KEYS];
}

bool condition_keys_is_global(struct slice name)
{
    for (size_t i = 0; i < GLOBAL_KEYS; i++) {
        if (slice_eq_nocase(name, slice_cstr(global_keys[i].name)))
            return true;
    }
    return false;
}

static const struct operation_key *find_row(const struct operation *operation, struct slice name)
{
    struct slice rest;

    for (const struct operation_key *row = operation->keys; row && row->name; row++) {
        if (operation_key_is(row->name, name, &rest))
            return row;
    }
    return NULL;
}

bool condition_keys_is_carried(const struct operation *operation, struct slice name)
{
    return find_row(operation, name) != NULL;
}

bool condition_keys_is_list(struct slice name)
{
    for (size_t i = 0; i < operation_count; i++) {
        const struct operation_key *row = find_row(&operation_table[i], name);

        if (row)
            return row->multivalued;
    }
    return false;
}
