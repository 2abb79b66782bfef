#include "aws/operation_key.h"

#include <stdio.h>

#include "aws/json_body.h"

static enum key_status refuse(struct condition_keys *keys, enum sg_status status)
{
    keys->status = status;
    return KEY_UNKNOWN;
}

static enum key_status wrong_type(struct condition_keys *keys, const struct operation_key *row,
                                  const char *wanted)
{
    return refuse(keys, sg_fail(keys->err, SG_INVALID, "%s is not %s", row->members, wanted));
}

bool operation_key_is(const char *row, struct slice name, struct slice *rest)
{
    struct slice wanted = slice_cstr(row);

    if (!slice_starts_nocase(name, wanted))
        return false;
    *rest = slice_from(name, wanted.len);
    return wanted.ptr[wanted.len - 1] == '/' ? rest->len > 0 : rest->len == 0;
}

static bool add(struct condition_keys *keys, struct slice value)
{
    if (keys->value_count == KEY_MAX_VALUES)
        return false;
    keys->values[keys->value_count++] = value;
    return true;
}

static bool contains(const struct slice *values, size_t count, struct slice value)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_eq(values[i], value))
            return true;
    }
    return false;
}

/* A key that is no list has one value: the same several times is one, and different ones are none that we
 * know. */
static enum key_status finish(struct condition_keys *keys, const struct operation_key *row, size_t first,
                              bool partial, struct key_values *out)
{
    size_t count = keys->value_count - first;

    if (count == 0)
        return row->missing == MISSING_UNKNOWN ? KEY_UNKNOWN : KEY_ABSENT;
    if (partial && row->missing != MISSING_ABSENT)
        return KEY_UNKNOWN;
    if (!row->multivalued) {
        for (size_t i = 1; i < count; i++) {
            if (!slice_eq(keys->values[first], keys->values[first + i]))
                return KEY_UNKNOWN;
        }
        count = 1;
    }
    *out = (struct key_values){keys->values + first, count, row->multivalued};
    return KEY_FOUND;
}

static bool take_value(struct condition_keys *keys, const struct operation_key *row, struct slice value)
{
    struct arn arn;
    struct slice type, crowd;

    if (row->kind == KEY_ARN && !arn_is_meant(value))
        return false;
    if (row->kind != KEY_CROWD)
        return add(keys, value);
    if (!arn_parse(value, &arn) || !slice_split(&arn.resource, '/', &type) ||
        !slice_eq(type, SLICE("workteam")))
        return false;
    slice_split(&arn.resource, '/', &crowd);
    return arn.resource.ptr && add(keys, crowd);
}

static char mark_of(enum key_kind kind)
{
    return kind == KEY_NUMBER ? '#' : kind == KEY_BOOL ? '?' : '\0';
}

static enum key_status fetch_members(struct condition_keys *keys, const struct operation_key *row,
                                     struct key_values *out)
{
    struct slice members = slice_cstr(row->members);
    struct source_variable variable = {.mark = mark_of(row->kind)};
    size_t first = keys->value_count;
    bool partial = false;

    while (slice_split(&members, '|', &variable.members)) {
        enum sg_status status = source_fetch(&keys->request, row->place, &variable, &keys->found, keys->err);

        if (status != SG_OK)
            return refuse(keys, status);
        partial = partial || (keys->found.count > 0 && keys->found.missing);
        for (size_t i = 0; i < keys->found.count; i++) {
            if (!take_value(keys, row, keys->found.at[i]))
                return KEY_UNKNOWN;
        }
    }
    return finish(keys, row, first, partial, out);
}

static bool add_arn(struct condition_keys *keys, const struct source_template *template,
                    const struct slice *names)
{
    const struct resource_owner *owner = keys->owner;
    char text[ARN_MAX];
    size_t len = 0;
    struct slice arn;

    for (size_t i = 0; i < template->count; i++) {
        if (!arn_is_segment(names[i]) || len + template->literals[i].len + names[i].len > sizeof(text))
            return false;
        memcpy(text + len, template->literals[i].ptr, template->literals[i].len);
        len += template->literals[i].len;
        memcpy(text + len, names[i].ptr, names[i].len);
        len += names[i].len;
    }
    arn = condition_keys_text(keys, "arn:%.*s:%s:%.*s:%.*s:%.*s", SLICE_FMT(owner->partition),
                              aws_services[keys->request.match->operation->service].signing_name,
                              SLICE_FMT(owner->region), SLICE_FMT(owner->account), (int)len, text);
    return arn.len > 0 && add(keys, arn);
}

/* The last variable may have several values, those before it have one; *partial when one has none. */
static enum sg_status add_arns(struct condition_keys *keys, const char *resource, bool *good, bool *partial)
{
    struct source_template template;
    struct slice names[SOURCE_MAX_VARIABLES];

    source_template_parse(resource, &template);
    for (size_t i = 0; i < template.count; i++) {
        enum sg_status status =
            source_fetch(&keys->request, SOURCE_BODY, &template.variables[i], &keys->found, keys->err);

        if (status != SG_OK || keys->found.count == 0)
            return status;
        names[i] = keys->found.at[0];
    }
    *partial = *partial || keys->found.missing;
    for (size_t i = 0; i < keys->found.count && *good; i++) {
        names[template.count - 1] = keys->found.at[i];
        *good = add_arn(keys, &template, names);
    }
    return SG_OK;
}

static enum key_status fetch_arns(struct condition_keys *keys, const struct operation_key *row,
                                  struct key_values *out)
{
    struct slice rest = slice_cstr(row->members), one;
    size_t first = keys->value_count;
    bool good = true, partial = false;

    while (slice_split(&rest, '|', &one)) {
        char resource[128];
        enum sg_status status;

        if (one.len >= sizeof(resource))
            return KEY_UNKNOWN;
        memcpy(resource, one.ptr, one.len);
        resource[one.len] = '\0';
        status = add_arns(keys, resource, &good, &partial);
        if (status != SG_OK)
            return refuse(keys, status);
        if (!good)
            return KEY_UNKNOWN;
    }
    return finish(keys, row, first, partial, out);
}

static struct slice string_of(const json_t *json)
{
    return slice_of(json_string_value(json), json_string_length(json));
}

/* One value of those that a name may be given several times: twice, and only AWS knows which one counts. */
struct named_value {
    struct slice name;
    json_t *value;
    size_t count;
};

static void take_named(struct named_value *wanted, struct slice name, json_t *value)
{
    if (!slice_eq_nocase(name, wanted->name))
        return;
    wanted->value = value;
    wanted->count++;
}

static enum key_status find_in_pairs(struct condition_keys *keys, const struct operation_key *row,
                                     json_t *list, struct named_value *wanted)
{
    if (!json_is_array(list))
        return wrong_type(keys, row, "a list");
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *pair = json_array_get(list, i), *name, *value;

        if (!json_is_object(pair))
            return wrong_type(keys, row, "a list of structures");
        if (json_body_member(pair, SLICE("Key"), &name, keys->err) != SG_OK ||
            json_body_member(pair, SLICE("Value"), &value, keys->err) != SG_OK)
            return refuse(keys, SG_INVALID);
        if (!json_is_string(name) || !json_is_string(value))
            return wrong_type(keys, row, "a list of Key and Value, both strings");
        take_named(wanted, string_of(name), value);
    }
    return KEY_FOUND;
}

static enum key_status find_in_map(struct condition_keys *keys, const struct operation_key *row, json_t *map,
                                   struct named_value *wanted)
{
    const char *name;
    json_t *value;

    if (!json_is_object(map))
        return wrong_type(keys, row, "a JSON object");
    json_object_foreach(map, name, value)
    {
        if (!json_is_string(value))
            return wrong_type(keys, row, "a JSON object of strings");
        take_named(wanted, slice_cstr(name), value);
    }
    return KEY_FOUND;
}

static enum key_status fetch_named(struct condition_keys *keys, const struct operation_key *row, json_t *json,
                                   struct slice name, struct key_values *out)
{
    struct named_value wanted = {.name = name};
    enum key_status status = row->kind == KEY_PAIRS ? find_in_pairs(keys, row, json, &wanted)
                                                    : find_in_map(keys, row, json, &wanted);

    if (status != KEY_FOUND)
        return status;
    if (wanted.count != 1)
        return wanted.count ? KEY_UNKNOWN : KEY_ABSENT;
    return condition_keys_one(keys, string_of(wanted.value), out);
}

static enum key_status fetch_map_keys(struct condition_keys *keys, const struct operation_key *row,
                                      json_t *map, struct key_values *out)
{
    size_t first = keys->value_count;
    const char *name;
    json_t *value;

    if (!json_is_object(map))
        return wrong_type(keys, row, "a JSON object");
    json_object_foreach(map, name, value)
    {
        if (!contains(keys->values + first, keys->value_count - first, slice_cstr(name)) &&
            !add(keys, slice_cstr(name)))
            return KEY_UNKNOWN;
    }
    return finish(keys, row, first, false, out);
}

/* Those that read one member of the body as a whole. */
static enum key_status fetch_whole(struct condition_keys *keys, const struct operation_key *row,
                                   struct slice rest, struct key_values *out)
{
    json_t *json;

    if (json_body_member(keys->request.body, slice_cstr(row->members), &json, keys->err) != SG_OK)
        return refuse(keys, SG_INVALID);
    if (json_is_null(json))
        json = NULL;
    if (row->kind == KEY_GIVEN)
        return condition_keys_one(keys, json ? SLICE("true") : SLICE("false"), out);
    if (!json)
        return row->missing == MISSING_UNKNOWN ? KEY_UNKNOWN : KEY_ABSENT;
    return row->kind == KEY_MAP_KEYS ? fetch_map_keys(keys, row, json, out)
                                     : fetch_named(keys, row, json, rest, out);
}

/* Whether the body has a member of this name, with something in it. */
static enum sg_status is_given(struct condition_keys *keys, struct slice name, bool *given)
{
    json_t *json;
    enum sg_status status = json_body_member(keys->request.body, name, &json, keys->err);

    *given = json && !json_is_null(json) && !(json_is_array(json) && json_array_size(json) == 0);
    return status;
}

/* Whether the body has both a structure that a path begins with and the list of such
 * ("TrainingJobDefinition", "TrainingJobDefinitions"). The API takes one of them: with both, nobody knows
 * which one counts. */
static enum sg_status has_both(struct condition_keys *keys, const struct operation_key *row, bool *both)
{
    struct slice members = slice_cstr(row->members), path;

    *both = false;
    while (!*both && slice_split(&members, '|', &path)) {
        const char *brace = memchr(path.ptr, '{', path.len);
        struct slice rest = brace ? slice_from(path, (size_t)(brace - path.ptr) + 1) : path, step;
        char list[64];

        slice_split(&rest, '.', &step);
        if (!rest.ptr || step.len + 1 >= sizeof(list) || memchr(step.ptr, '[', step.len))
            continue;
        snprintf(list, sizeof(list), "%.*ss", SLICE_FMT(step));
        if (is_given(keys, step, both) != SG_OK || (*both && is_given(keys, slice_cstr(list), both) != SG_OK))
            return SG_INVALID;
    }
    return SG_OK;
}

enum key_status operation_key_fetch(struct condition_keys *keys, const struct operation_key *row,
                                    struct slice rest, struct key_values *out)
{
    bool both;

    if (row->kind == KEY_UNTOLD)
        return KEY_UNKNOWN;
    if (row->place == SOURCE_BODY && !keys->request.body) {
        keys->body_wanted = true;
        return KEY_UNKNOWN;
    }
    if (row->place == SOURCE_BODY) {
        enum sg_status status = has_both(keys, row, &both);

        if (status != SG_OK)
            return refuse(keys, status);
        if (both)
            return KEY_UNKNOWN;
    }
    switch (row->kind) {
    case KEY_ARN_OF:
        return fetch_arns(keys, row, out);
    case KEY_GIVEN:
    case KEY_PAIRS:
    case KEY_MAP:
    case KEY_MAP_KEYS:
        return fetch_whole(keys, row, rest, out);
    default:
        return fetch_members(keys, row, out);
    }
}
