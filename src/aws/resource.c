#include "aws/resource.h"

#include "aws/source.h"

/* What is read, where it goes, and what the ARNs have in common. */
struct builder {
    const struct operation *operation;
    const struct resource_owner *owner;
    struct resource_list *list;
    struct source_request request;
    struct source_values values;
    struct sg_error *err;
};

bool resource_needs_body(const struct operation *operation)
{
    const struct operation_source *source = operation->sources;

    for (; source && source->resource; source++)
        if (source->place == SOURCE_BODY && strchr(source->resource, '{'))
            return true;
    return false;
}

static struct slice signing_name(const struct builder *b)
{
    return slice_cstr(aws_services[b->operation->service].signing_name);
}

/* Makes the text from `start` on the list's next ARN, or beginning of one, unless it is there already. */
static enum sg_status finish_arn(struct builder *b, size_t start, bool goes_on)
{
    struct resource_list *list = b->list;
    struct slice arn;

    if (list->text.failed)
        return sg_fail(b->err, SG_NO_MEMORY, "no memory for the resources of a request");
    arn = slice_of(list->text.data + start, list->text.len - start);
    if (arn.len > ARN_MAX)
        return sg_fail(b->err, SG_INVALID, "%s names a resource whose ARN is longer than %d bytes",
                       b->operation->name, ARN_MAX);
    for (size_t i = 0; i < list->count; i++) {
        if (slice_eq(resource_list_at(list, i), arn)) {
            list->text.len = start;
            return SG_OK;
        }
    }
    if (list->count == RESOURCE_MAX)
        return sg_fail(b->err, SG_INVALID, "%s names more than %d resources", b->operation->name,
                       RESOURCE_MAX);
    list->arns[list->count].offset = start;
    list->arns[list->count].goes_on = goes_on;
    list->arns[list->count++].len = arn.len;
    buffer_append_char(&list->text, ' ');
    return SG_OK;
}

/* Whether the resource part of an ARN is of the template's type. */
static bool has_form(const struct source_template *template, struct slice resource)
{
    for (size_t i = 0; i < template->count; i++) {
        struct slice literal = template->literals[i], segment;

        if (!slice_starts(resource, literal))
            return false;
        resource = slice_from(resource, literal.len);
        if (template->variables[i].mark == '+')
            return resource.len > 0;
        slice_split(&resource, '/', &segment);
        /* The '/' belongs to the next literal. */
        resource = slice_of(segment.ptr + segment.len, resource.ptr ? resource.len + 1 : 0);
        if (segment.len == 0)
            return false;
    }
    return slice_eq(resource, template->literals[template->count]);
}

static enum sg_status add_arn(struct builder *b, const struct source_template *template, struct slice text)
{
    struct slice member = template->variables[template->count - 1].members;
    struct slice type = template->literals[0].len > 0 ? template->literals[0] : SLICE("TYPE/");
    size_t start = b->list->text.len;
    struct arn arn;

    if (!arn_parse(text, &arn) || !slice_eq(arn.service, signing_name(b)) ||
        !has_form(template, arn.resource))
        return sg_fail(b->err, SG_INVALID,
                       "%.*s is not an ARN of the form arn:PARTITION:%.*s:REGION:ACCOUNT:%.*sNAME",
                       SLICE_FMT(member), SLICE_FMT(signing_name(b)), SLICE_FMT(type));
    buffer_append(&b->list->text, text);
    return finish_arn(b, start, false);
}

/*
 * One name of several. The ARN of a parent (a hub that another account shares) gives its name and its owner;
 * the hub of SageMaker JumpStart is AWS's own.
 */
static enum sg_status take_name(struct builder *b, const struct source_variable *variable, struct slice text,
                                struct resource_owner *owner, struct slice *name)
{
    struct slice type = variable->type;
    struct arn arn;

    *name = text;
    if (type.ptr && arn_parse(text, &arn) && slice_eq(arn.service, signing_name(b)) &&
        slice_starts(arn.resource, type) && arn.resource.len > type.len &&
        arn.resource.ptr[type.len] == '/') {
        *owner = (struct resource_owner){arn.partition, arn.region, arn.account};
        *name = slice_from(arn.resource, type.len + 1);
    }
    if (slice_eq(variable->members, SLICE("HubName")) && slice_eq(*name, SLICE("SageMakerPublicHub")))
        owner->account = SLICE("aws");
    if (source_is_name(variable, *name))
        return SG_OK;
    if (variable->name_max == 0)
        return sg_fail(b->err, SG_INVALID,
                       "%.*s is neither a name (letters, digits, '-', '_' and '.') nor an ARN that %s takes",
                       SLICE_FMT(variable->members), b->operation->name);
    return sg_fail(b->err, SG_INVALID,
                   "%.*s is not %s1 to %u letters and digits, inside which '%.*s' may stand, as %s takes it",
                   SLICE_FMT(variable->members), variable->takes_arn ? "an ARN or " : "", variable->name_max,
                   SLICE_FMT(variable->inside), b->operation->name);
}

/* "arn:aws:sagemaker:us-west-2:123456789012:" */
static void append_arn_start(struct buffer *out, const struct resource_owner *owner, struct slice service)
{
    const struct slice parts[] = {SLICE_INIT("arn"), owner->partition, service, owner->region,
                                  owner->account};

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        buffer_append(out, parts[i]);
        buffer_append_char(out, ':');
    }
}

/* The ARN as far as the first `count` of its names. */
static enum sg_status append_names(struct builder *b, const struct source_template *template,
                                   const struct slice *texts, size_t count)
{
    struct buffer *out = &b->list->text;
    struct resource_owner owner = *b->owner;
    struct slice names[SOURCE_MAX_VARIABLES];

    for (size_t i = 0; i < count; i++)
        if (take_name(b, &template->variables[i], texts[i], &owner, &names[i]) != SG_OK)
            return SG_INVALID;
    append_arn_start(out, &owner, signing_name(b));
    for (size_t i = 0; i < count; i++) {
        buffer_append(out, template->literals[i]);
        buffer_append(out, names[i]);
    }
    buffer_append(out, template->literals[count]);
    return SG_OK;
}

static enum sg_status add_names(struct builder *b, const struct source_template *template,
                                const struct slice *texts)
{
    size_t start = b->list->text.len;
    enum sg_status status = append_names(b, template, texts, template->count);

    return status == SG_OK ? finish_arn(b, start, false) : status;
}

/* What is told of an ARN: up to its name number `count`. */
static enum sg_status add_beginning(struct builder *b, const struct source_template *template,
                                    const struct slice *texts, size_t count)
{
    size_t start = b->list->text.len;
    enum sg_status status = append_names(b, template, texts, count);

    buffer_append_char(&b->list->text, '*');
    return status == SG_OK ? finish_arn(b, start, true) : status;
}

/* Nothing is told. */
static enum sg_status add_anything(struct builder *b)
{
    size_t start = b->list->text.len;

    buffer_append_char(&b->list->text, '*');
    return finish_arn(b, start, true);
}

/* Fetches a variable's values, of which there may be none. */
static enum sg_status fetch(struct builder *b, const struct operation_source *source,
                            const struct source_variable *variable)
{
    enum sg_status status = source_fetch(&b->request, source->place, variable, &b->values, b->err);

    if (status == SG_OK && b->values.missing && source->missing == SOURCE_REFUSE)
        return sg_fail(b->err, SG_INVALID, "%s needs %.*s", b->operation->name, SLICE_FMT(variable->members));
    return status;
}

/* One of the last variable's values, with those of the variables before it. */
static enum sg_status add_one(struct builder *b, const struct operation_source *source,
                              const struct source_template *template, const struct slice *texts)
{
    size_t last = template->count - 1;

    if (source->kind == SOURCE_ARN || (template->variables[last].takes_arn && arn_is_meant(texts[last])))
        return add_arn(b, template, texts[last]);
    if (source->kind == SOURCE_ID)
        return add_beginning(b, template, texts, last);
    return add_names(b, template, texts);
}

static enum sg_status add_source(struct builder *b, const struct operation_source *source)
{
    struct source_template template;
    struct slice texts[SOURCE_MAX_VARIABLES];
    size_t told = 0; /* the leading variables that have a value */
    enum sg_status status = SG_OK;

    source_template_parse(source->resource, &template);
    for (size_t i = 0; i < template.count; i++) {
        if (template.variables[i].members.len == 0)
            continue;
        status = fetch(b, source, &template.variables[i]);
        if (status == SG_OK && b->values.missing && source->missing == SOURCE_ANY)
            status = add_beginning(b, &template, texts, told);
        if (status != SG_OK || b->values.count == 0)
            return status;
        texts[i] = b->values.at[0];
        told += told == i;
    }
    if (source->kind == SOURCE_TOKEN)
        return add_anything(b);
    if (source->kind == SOURCE_UNKNOWN)
        return add_beginning(b, &template, texts, template.count);
    for (size_t i = 0; i < b->values.count && status == SG_OK; i++) {
        texts[template.count - 1] = b->values.at[i];
        status = add_one(b, source, &template, texts);
    }
    return status;
}

enum sg_status resource_list_build(const struct operation_match *match, const struct http_head *head,
                                   json_t *body, const struct resource_owner *owner,
                                   struct resource_list *list, struct sg_error *err)
{
    const struct operation_source *source = match->operation->sources;
    struct builder b; /* large, and little of it is used: not cleared */
    enum sg_status status = SG_OK;

    list->count = 0;
    buffer_reset(&list->text);
    b.operation = match->operation;
    b.owner = owner;
    b.list = list;
    b.err = err;
    b.request.match = match;
    b.request.head = head;
    b.request.body = body;
    for (; status == SG_OK && source && source->resource; source++) {
        b.request.used = 0;
        status = add_source(&b, source);
    }
    if (list->count == 0)
        buffer_append(&list->text, SLICE("* "));
    if (status == SG_OK && list->text.failed)
        status = sg_fail(err, SG_NO_MEMORY, "no memory for the resources of a request");
    if (status != SG_OK)
        list->count = 0;
    return status;
}

struct slice resource_list_text(const struct resource_list *list)
{
    return slice_of(list->text.data, list->text.len - 1);
}

struct slice resource_list_at(const struct resource_list *list, size_t i)
{
    return slice_of(list->text.data + list->arns[i].offset, list->arns[i].len);
}

bool resource_list_goes_on(const struct resource_list *list, size_t i)
{
    return list->arns[i].goes_on;
}

void resource_list_free(struct resource_list *list)
{
    buffer_free(&list->text);
    *list = (struct resource_list){.count = 0};
}

/* "{+ResourceArn}" is of any type. */
static struct slice type_of(const struct operation_source *source)
{
    struct slice rest = slice_cstr(source->resource), type;

    slice_split(&rest, '/', &type);
    return type;
}

bool resource_is_of_type(const struct operation *operation, struct slice type)
{
    for (const struct operation_source *source = operation->sources; source && source->resource; source++) {
        struct slice one = type_of(source);

        if (type.len == 0 || slice_starts(one, SLICE("{")) || slice_eq(one, type))
            return true;
    }
    return false;
}

bool resource_type_at(const struct operation *operation, size_t i, struct slice *type)
{
    const struct operation_source *source = operation->sources;

    while (source && source->resource && i > 0) {
        source++;
        i--;
    }
    if (!source || !source->resource)
        return false;
    *type = type_of(source);
    if (slice_starts(*type, SLICE("{")))
        type->len = 0;
    return true;
}

bool resource_may_be_none(const struct operation *operation)
{
    for (const struct operation_source *source = operation->sources; source && source->resource; source++) {
        if (source->missing != SOURCE_SKIP)
            return false;
    }
    return true;
}

bool resource_type_is_known(struct slice type)
{
    for (size_t i = 0; i < operation_count; i++) {
        const struct operation_source *source = operation_table[i].sources;

        for (; source && source->resource; source++) {
            if (slice_eq(type_of(source), type))
                return true;
        }
    }
    return false;
}
