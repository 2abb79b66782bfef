/* What is noted of a denial while it is known what the policies asked for: see admission.h. */
#include "base/log_record.h"
#include "base/quote.h"
#include "proxy/admission.h"

/* A value may be as long as a body. Of a context that is longer than a line of the log, and so left out
 * there, no more is kept. */
static bool is_full(const struct buffer *context)
{
    return context->len > LOG_PART_BYTES;
}

static void append_value(struct buffer *out, struct slice value)
{
    quote_json(out, value.len > LOG_PART_BYTES ? slice_of(value.ptr, LOG_PART_BYTES) : value);
}

static void append_values(struct buffer *out, const struct key_values *values)
{
    bool list = values->multivalued || values->count > 1;

    if (list)
        buffer_append_char(out, '[');
    for (size_t i = 0; i < values->count && !is_full(out); i++) {
        if (i)
            buffer_append_char(out, ',');
        append_value(out, values->values[i]);
    }
    if (list)
        buffer_append_char(out, ']');
}

static void append_key(struct buffer *context, struct slice name, const struct key_values *values)
{
    buffer_append_char(context, context->len ? ',' : '{');
    quote_json(context, name);
    buffer_append_char(context, ':');
    if (values->count)
        append_values(context, values);
    else
        buffer_append(context, SLICE("null"));
}

static void append_name(struct buffer *out, struct slice name)
{
    if (out->len)
        buffer_append_char(out, ' ');
    buffer_append(out, name);
}

/* The decision may have come before all of a statement's keys were asked for. */
static void ask(void *keys, const struct policy_name *name)
{
    struct key_values ignored;

    if (name->kind == POLICY_NAMES_KEY)
        condition_keys_find(keys, name->text, &ignored);
}

static void ask_all(const struct admission *a, struct condition_keys *keys)
{
    struct sg_error ignored; /* of a key that is wrong, but that nothing was decided by */

    keys->err = &ignored;
    for (size_t i = 0; i < admission_policy_count(a); i++)
        policy_each_name(admission_policy(a, i), ask, keys);
    keys->err = a->err;
}

void asked_note(struct admission *a, struct condition_keys *keys, const struct admission_signer *signer)
{
    struct admission_asked *asked = &a->memory->asked;

    ask_all(a, keys);
    buffer_reset(&asked->principal);
    buffer_reset(&asked->context);
    buffer_reset(&asked->unknown);
    if (signer->identity)
        buffer_append(&asked->principal,
                      signer->identity->arn.len ? signer->identity->arn : signer->identity->principal_arn);
    for (size_t i = 0; i < keys->remembered; i++) {
        if (keys->memory[i].status == KEY_UNKNOWN)
            append_name(&asked->unknown, keys->memory[i].name);
        else
            append_key(&asked->context, keys->memory[i].name, &keys->memory[i].values);
    }
    if (asked->context.len)
        buffer_append_char(&asked->context, '}');
}

void asked_free(struct admission_asked *asked)
{
    buffer_free(&asked->principal);
    buffer_free(&asked->context);
    buffer_free(&asked->unknown);
}
