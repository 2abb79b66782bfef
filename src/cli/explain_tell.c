/* What was decided, as JSON and for a person. */
#include <stdio.h>

#include "aws/json_body.h"
#include "cli/explain.h"

static json_t *text_of(struct slice text)
{
    return json_stringn_nocheck(text.ptr ? text.ptr : "", text.len);
}

static json_t *values_of(const struct key_values *values)
{
    json_t *list;

    if (!values->multivalued && values->count == 1)
        return text_of(values->values[0]);
    list = json_array();
    for (size_t i = 0; i < values->count; i++)
        json_array_append_new(list, text_of(values->values[i]));
    return list;
}

struct key_list {
    struct condition_keys keys;
    json_t *found, *unknown;
};

/* Adds a key with what it is; one that is absent, or unknown and not asked for, is left out. */
static void add_key(struct key_list *list, struct slice name, bool asked_for)
{
    struct key_values values;
    char text[512];
    enum key_status status;

    if (name.len >= sizeof(text))
        return;
    memcpy(text, name.ptr, name.len);
    text[name.len] = '\0';
    status = condition_keys_find(&list->keys, name, &values);
    if (status == KEY_FOUND)
        json_object_set_new(list->found, text, values_of(&values));
    else if (status == KEY_UNKNOWN && asked_for)
        json_object_set_new(list->unknown, text, json_true());
}

static void add_named(void *user, const struct policy_name *name)
{
    if (name->kind == POLICY_NAMES_KEY)
        add_key(user, name->text, true);
}

/* The tags of the request, by their names; those lie in the body, so they stay. */
static void add_tags(struct key_list *list)
{
    struct key_values tags;

    if (condition_keys_find(&list->keys, SLICE("aws:TagKeys"), &tags) != KEY_FOUND)
        return;
    for (size_t i = 0; i < tags.count; i++) {
        struct slice name =
            condition_keys_text(&list->keys, "aws:RequestTag/%.*s", SLICE_FMT(tags.values[i]));

        if (name.len)
            add_key(list, name, false);
    }
}

static json_t *names_of(json_t *object)
{
    json_t *list = json_array(), *value;
    const char *name;

    json_object_foreach(object, name, value) json_array_append_new(list, json_string(name));
    return list;
}

/* Those that the request and the host tell, and those that the policies name. */
static void add_keys(struct explanation *e, json_t *json)
{
    struct key_host host = admission_host(&e->admission, &e->signer);
    struct key_list list = {.found = json_object(), .unknown = json_object()};
    struct sg_error ignored;
    json_t *body = NULL;

    if (e->admission.needs_body || e->request.body.len)
        json_body_parse(e->request.body, &body, &ignored);
    condition_keys_init(&list.keys, &e->admission.match, &e->request.head, body, e->admission.owner, &host,
                        &ignored);
    for (size_t i = 0; condition_keys_name(i); i++)
        add_key(&list, slice_cstr(condition_keys_name(i)), false);
    add_tags(&list);
    for (size_t i = 0; i < admission_policy_count(&e->admission); i++)
        policy_each_name(admission_policy(&e->admission, i), add_named, &list);
    json_object_set_new(json, "keys", list.found);
    json_object_set_new(json, "unknown_keys", names_of(list.unknown));
    json_decref(list.unknown);
    json_decref(body);
}

static void add_resources(const struct explanation *e, json_t *json)
{
    json_t *list = json_array();

    for (size_t i = 0; i < e->memory.resources.count; i++)
        json_array_append_new(list, text_of(admission_resource(&e->admission, i)));
    json_object_set_new(json, "resources", list);
}

static const char *decision_of(const struct admission *a)
{
    static const char *const names[] = {"allowed", "explicit_deny", "implicit_deny"};

    if (a->presigned_denied)
        return "presigned_url_denied";
    return a->decided ? names[a->decision] : "refused";
}

static void add_reason(const struct admission *a, json_t *json)
{
    const struct policy_reason *why = &a->reason;

    json_object_set_new(json, "policy", json_string(admission_policy_name(a)));
    json_object_set_new(json, "statement",
                        !why->matched  ? json_null()
                        : why->sid.len ? text_of(why->sid)
                                       : json_integer((json_int_t)why->statement));
    if (why->matched) {
        json_object_set_new(json, "line", json_integer((json_int_t)why->line));
        json_object_set_new(json, "column", json_integer((json_int_t)why->column));
    }
    json_object_set_new(json, "deferred", why->deferred ? text_of(why->unknown) : json_null());
}

json_t *explain_json(struct explanation *e)
{
    const struct admission *a = &e->admission;
    json_t *json = json_pack("{s:s,s:s}", "listener", a->listener->name, "decision", decision_of(a));

    if (!json)
        return NULL;
    if (a->match.operation) {
        json_object_set_new(json, "operation", json_string(a->match.operation->name));
        json_object_set_new(json, "action", json_string(a->match.operation->action));
        json_object_set_new(json, "service", json_string(aws_services[a->match.operation->service].key));
        add_resources(e, json);
        add_keys(e, json);
    }
    if (a->decided)
        add_reason(a, json);
    json_object_set_new(json, "forwarded", json_boolean(e->verdict == ADMISSION_GRANTED));
    if (e->verdict == ADMISSION_REFUSED)
        json_object_set_new(json, "status", json_integer(aws_error_status(a->refusal)));
    if (e->err.text[0])
        json_object_set_new(json, "message", text_of(slice_cstr(e->err.text)));
    return json;
}

static void print_text(const char *label, const char *text)
{
    if (text)
        printf("%-11s %s\n", label, text);
}

static void print_member(const json_t *json, const char *member)
{
    print_text(member, json_string_value(json_object_get(json, member)));
}

static void print_list(const char *label, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        print_text(i ? "" : label, json_string_value(json_array_get(list, i)));
}

static void print_beginnings(const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!strchr(json_string_value(json_array_get(list, i)), '*'))
            continue;
        print_text("", "(the request tells it up to the '*': what allows all that begin so allows it)");
        return;
    }
}

static void print_keys(const json_t *json)
{
    const json_t *unknown = json_object_get(json, "unknown_keys");
    const char *label = "keys", *name;
    json_t *value;

    json_object_foreach(json_object_get(json, "keys"), name, value)
    {
        printf("%-11s %s =", label, name);
        label = "";
        if (json_is_string(value))
            printf(" %s", json_string_value(value));
        for (size_t i = 0; i < json_array_size(value); i++)
            printf(" %s", json_string_value(json_array_get(value, i)));
        putchar('\n');
    }
    for (size_t i = 0; i < json_array_size(unknown); i++) {
        printf("%-11s %s is not known here\n", label, json_string_value(json_array_get(unknown, i)));
        label = "";
    }
}

static void print_decision(const json_t *json)
{
    const json_t *statement = json_object_get(json, "statement");
    const char *policy = json_string_value(json_object_get(json, "policy"));
    const char *deferred = json_string_value(json_object_get(json, "deferred"));
    bool forwarded = json_is_true(json_object_get(json, "forwarded"));
    bool allowed = strcmp(json_string_value(json_object_get(json, "decision")), "allowed") == 0;

    print_member(json, "decision");
    if (deferred)
        printf("%-11s to the endpoint, which knows %s\n", "deferred", deferred);
    if (json_is_string(statement))
        printf("%-11s %s", "statement", json_string_value(statement));
    else if (json_is_integer(statement))
        printf("%-11s %lld", "statement", (long long)json_integer_value(statement) + 1);
    if (policy && statement && !json_is_null(statement))
        printf(", at %s:%lld:%lld\n", policy, (long long)json_integer_value(json_object_get(json, "line")),
               (long long)json_integer_value(json_object_get(json, "column")));
    else
        print_text("policy", policy);
    if (forwarded && !allowed)
        print_text("forwarded", "all the same: the listener has mode: audit");
    print_member(json, "message");
}

void explain_print(const json_t *json)
{
    print_member(json, "listener");
    print_member(json, "operation");
    print_member(json, "action");
    print_member(json, "service");
    print_list("resources", json_object_get(json, "resources"));
    print_beginnings(json_object_get(json, "resources"));
    print_keys(json);
    print_decision(json);
}
