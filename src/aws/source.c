#include "aws/source.h"

#include <assert.h>
#include <stdio.h>

#include "aws/json_body.h"
#include "aws/percent.h"

/* "63-_/": the most bytes, what may stand inside, and whether an ARN may stand for the name. */
static void form_parse(struct slice form, struct source_variable *variable)
{
    variable->takes_arn = form.len == 0;
    while (form.len > 0 && form.ptr[0] >= '0' && form.ptr[0] <= '9') {
        variable->name_max = variable->name_max * 10 + (unsigned)(form.ptr[0] - '0');
        form = slice_from(form, 1);
    }
    if (form.len > 0 && form.ptr[form.len - 1] == '/') {
        variable->takes_arn = true;
        form.len--;
    }
    variable->inside = form;
}

/* "+A|B=63-:type", what stands between the braces. */
static struct source_variable variable_parse(struct slice text)
{
    struct source_variable variable = {.mark = 0};
    struct slice form;

    if (text.len > 0 && (text.ptr[0] == '#' || text.ptr[0] == '+')) {
        variable.mark = text.ptr[0];
        text = slice_from(text, 1);
    }
    slice_split(&text, ':', &form);
    variable.type = text;
    slice_split(&form, '=', &variable.members);
    form_parse(form, &variable);
    return variable;
}

bool source_is_name(const struct source_variable *variable, struct slice name)
{
    if (variable->mark == '+')
        return arn_is_segments(name);
    if (!arn_is_segment(name))
        return false;
    if (variable->name_max == 0)
        return true;
    if (name.len > variable->name_max || strchr("-_.", name.ptr[0]) || strchr("-_.", name.ptr[name.len - 1]))
        return false;
    for (size_t i = 0; i < name.len; i++) {
        if (strchr("-_.", name.ptr[i]) && !memchr(variable->inside.ptr, name.ptr[i], variable->inside.len))
            return false;
    }
    return true;
}

void source_template_parse(const char *resource, struct source_template *template)
{
    struct slice rest = slice_cstr(resource), inside;

    template->count = 0;
    for (;;) {
        slice_split(&rest, '{', &template->literals[template->count]);
        if (!rest.ptr)
            return;
        assert(template->count < SOURCE_MAX_VARIABLES);
        slice_split(&rest, '}', &inside);
        template->variables[template->count++] = variable_parse(inside);
    }
}

static enum sg_status wrong_type(struct slice member, const char *wanted, struct sg_error *err)
{
    return sg_fail(err, SG_INVALID, "%.*s is not %s", SLICE_FMT(member), wanted);
}

static enum sg_status add_value(struct source_values *values, struct slice value, struct slice member,
                                struct sg_error *err)
{
    if (values->count == RESOURCE_MAX)
        return sg_fail(err, SG_INVALID, "%.*s names more than %d resources", SLICE_FMT(member), RESOURCE_MAX);
    values->at[values->count++] = value;
    return SG_OK;
}

/* Keeps a percent-decoded copy in the request's text. */
static enum sg_status add_decoded(struct source_request *request, struct slice encoded, struct slice member,
                                  struct source_values *values, struct sg_error *err)
{
    char *start = request->text + request->used;
    size_t len = 0;

    while (encoded.len > 0) {
        int c = percent_take(&encoded);

        if (c < 0)
            return sg_fail(err, SG_INVALID, "%.*s has a '%%' without two hex digits", SLICE_FMT(member));
        if (request->used + len == sizeof(request->text))
            return sg_fail(err, SG_INVALID, "%.*s is longer than any name or ARN", SLICE_FMT(member));
        start[len++] = (char)c;
    }
    request->used += len;
    return add_value(values, slice_of(start, len), member, err);
}

static enum sg_status from_label(struct source_request *request, struct slice member,
                                 struct source_values *values, struct sg_error *err)
{
    for (size_t i = 0; i < request->match->label_count; i++)
        if (slice_eq(request->match->labels[i].name, member))
            return add_decoded(request, request->match->labels[i].value, member, values, err);
    return SG_OK;
}

static bool decodes_to(struct slice encoded, struct slice plain)
{
    while (encoded.len > 0 && plain.len > 0) {
        if (percent_take(&encoded) != (unsigned char)plain.ptr[0])
            return false;
        plain = slice_from(plain, 1);
    }
    return encoded.len == 0 && plain.len == 0;
}

static enum sg_status from_query(struct source_request *request, struct slice member,
                                 struct source_values *values, struct sg_error *err)
{
    struct slice rest = request->head->query, pair, name, wanted = member;
    bool list = member.len > 2 && member.ptr[member.len - 1] == ']';

    wanted.len -= list ? 2 : 0;
    if (rest.len > 0 && memchr(rest.ptr, ';', rest.len))
        return sg_fail(err, SG_INVALID, "the query has a ';', which some take for '&': write %%3B");
    while (slice_split(&rest, '&', &pair)) {
        enum sg_status status;

        slice_split(&pair, '=', &name);
        if (!decodes_to(name, wanted))
            continue;
        if (values->count > 0 && !list)
            return sg_fail(err, SG_INVALID, "%.*s is given more than once in the query", SLICE_FMT(member));
        status = add_decoded(request, pair, member, values, err);
        if (status != SG_OK)
            return status;
    }
    return SG_OK;
}

static enum sg_status from_header(struct source_request *request, struct slice member,
                                  struct source_values *values, struct sg_error *err)
{
    enum sg_status status = SG_OK;

    for (size_t i = 0; i < request->head->count; i++) {
        const struct http_field *field = &request->head->fields[i];

        if (!slice_eq_nocase(field->name, member))
            continue;
        if (values->count > 0)
            return sg_fail(err, SG_INVALID, "%.*s is given more than once: send it once", SLICE_FMT(member));
        status = add_value(values, field->value, member, err);
    }
    return status;
}

static enum sg_status add_integer(struct source_request *request, json_t *json, struct slice member,
                                  struct source_values *values, struct sg_error *err)
{
    char digits[24];

    if (!json_is_integer(json) || json_integer_value(json) < 0)
        return wrong_type(member, "a whole number", err);
    snprintf(digits, sizeof(digits), "%" JSON_INTEGER_FORMAT, json_integer_value(json));
    return add_decoded(request, slice_cstr(digits), member, values, err);
}

static enum sg_status add_scalar(struct source_request *request, json_t *json,
                                 const struct source_variable *variable, struct source_values *values,
                                 struct sg_error *err)
{
    if (variable->mark == '#')
        return add_integer(request, json, variable->members, values, err);
    if (variable->mark == '?' && json_is_boolean(json))
        return add_value(values, json_is_true(json) ? SLICE("true") : SLICE("false"), variable->members, err);
    if (variable->mark == '?')
        return wrong_type(variable->members, "true or false", err);
    if (!json_is_string(json))
        return wrong_type(variable->members, "a string", err);
    return add_value(values, slice_of(json_string_value(json), json_string_length(json)), variable->members,
                     err);
}

static enum sg_status walk(struct source_request *request, json_t *object, struct slice path,
                           const struct source_variable *variable, struct source_values *values,
                           struct sg_error *err);

/* What a step of the path led to: the value itself, or a structure to go on from. */
static enum sg_status arrive(struct source_request *request, json_t *json, struct slice path,
                             const struct source_variable *variable, struct source_values *values,
                             struct sg_error *err)
{
    if (!path.ptr)
        return add_scalar(request, json, variable, values, err);
    if (!json_is_object(json))
        return wrong_type(variable->members, "where it belongs: what leads there is no JSON object", err);
    return walk(request, json, path, variable, values, err);
}

static enum sg_status walk(struct source_request *request, json_t *object, struct slice path,
                           const struct source_variable *variable, struct source_values *values,
                           struct sg_error *err)
{
    struct slice step;
    json_t *json;
    enum sg_status status;
    bool list;

    slice_split(&path, '.', &step);
    list = step.len > 2 && step.ptr[step.len - 1] == ']';
    if (list)
        step.len -= 2;
    status = json_body_member(object, step, &json, err);
    if (status != SG_OK)
        return status;
    if (!json || json_is_null(json) || (list && json_is_array(json) && json_array_size(json) == 0)) {
        values->missing = true;
        return SG_OK;
    }
    if (!list)
        return arrive(request, json, path, variable, values, err);
    if (!json_is_array(json))
        return wrong_type(step, "a list", err);
    for (size_t i = 0; status == SG_OK && i < json_array_size(json); i++)
        status = arrive(request, json_array_get(json, i), path, variable, values, err);
    return status;
}

static enum sg_status fetch_one(struct source_request *request, enum source_place place, struct slice member,
                                const struct source_variable *variable, struct source_values *values,
                                struct sg_error *err)
{
    switch (place) {
    case SOURCE_LABEL:
        return from_label(request, member, values, err);
    case SOURCE_QUERY:
        return from_query(request, member, values, err);
    case SOURCE_HEADER:
        return from_header(request, member, values, err);
    case SOURCE_BODY:
        return walk(request, request->body, member, variable, values, err);
    }
    return SG_OK;
}

enum sg_status source_fetch(struct source_request *request, enum source_place place,
                            const struct source_variable *variable, struct source_values *values,
                            struct sg_error *err)
{
    struct slice members = variable->members, member;
    bool alternatives = memchr(members.ptr, '|', members.len) != NULL;

    values->count = 0;
    values->missing = false;
    while (slice_split(&members, '|', &member)) {
        enum sg_status status = fetch_one(request, place, member, variable, values, err);

        if (status != SG_OK)
            return status;
    }
    if (alternatives && values->count > 1)
        return sg_fail(err, SG_INVALID, "only one of %.*s can be given", SLICE_FMT(variable->members));
    if (alternatives || place != SOURCE_BODY)
        values->missing = values->count == 0;
    return SG_OK;
}
