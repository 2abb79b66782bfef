/*
 * Who, what, allowed? First by the head alone, so that a refusal comes before the body is read; the
 * operations whose resources are named in the body are decided when it is complete. Whatever is unclear is
 * refused.
 */
#include <openssl/crypto.h>

#include "proxy/admission.h"

#include <stdarg.h>

#include "aws/json_body.h"
#include "aws/sigv4.h"

enum admission_verdict admission_refuse(struct admission *a, enum aws_error error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    sg_reword(a->err, format, args);
    va_end(args);
    a->refusal = error;
    return ADMISSION_REFUSED;
}

/* RFC 9110 section 7.6.1 lets a client name fields to be dropped by the first hop. Naming these would change
   what the signature or the policy has seen. */
static bool must_reach_the_endpoint(struct slice name)
{
    static const struct slice names[] = {SLICE_INIT("authorization"), SLICE_INIT("host"),
                                         SLICE_INIT("date"),          SLICE_INIT("expect"),
                                         SLICE_INIT("user-agent"),    SLICE_INIT("referer")};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (slice_eq_nocase(name, names[i]))
            return true;
    }
    return slice_starts_nocase(name, SLICE("content-")) || slice_starts_nocase(name, SLICE("x-amz"));
}

static enum admission_verdict check_caller(struct admission *a)
{
    const struct caller *caller = a->caller;
    const char *listener = a->listener->name;

    if (!caller || !caller->refused)
        return ADMISSION_GRANTED;
    a->close_client = true;
    if (!caller->peer.known)
        return admission_refuse(
            a, AWS_ERROR_ACCESS_DENIED,
            "Listener %s is for certain users or programs, and the kernel does not say who this "
            "connection belongs to.",
            listener);
    return admission_refuse(a, AWS_ERROR_ACCESS_DENIED,
                            "Listener %s is for certain users or programs, not for this one: uid %s%s%s.",
                            listener, caller->uid, caller->user[0] ? ", " : "", caller->user);
}

/* Something that only those know whom the configuration's owner has told. */
static enum admission_verdict check_required_header(struct admission *a)
{
    const struct config_required_header *required = &a->listener->require_header;
    const struct http_field *field = NULL;
    size_t count = 0;

    if (!required->name)
        return ADMISSION_GRANTED;
    for (size_t i = 0; i < a->head->count; i++) {
        if (slice_eq_nocase(a->head->fields[i].name, slice_cstr(required->name))) {
            field = &a->head->fields[i];
            count++;
        }
    }
    if (count == 1 && field->value.len == strlen(required->value) &&
        CRYPTO_memcmp(field->value.ptr, required->value, field->value.len) == 0)
        return ADMISSION_GRANTED;
    a->close_client = true;
    return admission_refuse(
        a, AWS_ERROR_ACCESS_DENIED,
        "Listener %s requires the header %s, and this request has %s. Its value is in a file that "
        "sagegate's owner can show you.",
        a->listener->name, required->name,
        count == 0   ? "none"
        : count == 1 ? "another value of it"
                     : "it more than once");
}

static enum admission_verdict check_connection(struct admission *a)
{
    const struct http_head *head = a->head;

    if (!head->connection_names)
        return ADMISSION_GRANTED;
    for (size_t i = 0; i < head->count; i++) {
        struct slice rest = head->fields[i].value, token;

        if (head->name_of[i] != FIELD_CONNECTION)
            continue;
        while (slice_split(&rest, ',', &token)) {
            token = slice_trim(token);
            if (must_reach_the_endpoint(token))
                return admission_refuse(a, AWS_ERROR_BAD_REQUEST,
                                        "The Connection header names %.*s%s, which must reach the endpoint. "
                                        "Name only headers of this hop there.",
                                        SLICE_BRIEF(token));
        }
    }
    return ADMISSION_GRANTED;
}

/* The fields whose value decides something may come once; chunked signatures can't be made anew. */
static enum admission_verdict check_fields(struct admission *a)
{
    const struct http_head *head = a->head;
    const struct http_field *hash = http_head_field(head, FIELD_X_AMZ_CONTENT_SHA256);
    const struct http_field *coding = http_head_field(head, FIELD_CONTENT_ENCODING);

    if (hash && slice_starts_nocase(hash->value, SLICE("STREAMING-")))
        return admission_refuse(
            a, AWS_ERROR_VALIDATION,
            "X-Amz-Content-Sha256: %.*s%s announces a body in signed chunks, which sagegate cannot "
            "sign anew. Send the plain body; SageMaker needs no chunk signatures.",
            SLICE_BRIEF(hash->value));
    if (coding && slice_starts_nocase(coding->value, SLICE("aws-chunked")))
        return admission_refuse(a, AWS_ERROR_VALIDATION,
                                "Content-Encoding: aws-chunked is not supported. Send the plain body.");
    for (size_t i = 0; head->repeated & HTTP_NAME_BIT(FIELD_X_AMZ) && i < head->count; i++) {
        struct slice name = head->fields[i].name;

        if (head->name_of[i] == FIELD_X_AMZ && operation_knows_header(a->match.operation, name) &&
            http_head_find(head, name) != &head->fields[i])
            return admission_refuse(a, AWS_ERROR_BAD_REQUEST, "The header %.*s is repeated. Send it once.",
                                    SLICE_FMT(name));
    }
    return ADMISSION_GRANTED;
}

static bool is_presign_parameter(struct slice parameter)
{
    static const struct slice names[] = {
        SLICE_INIT("X-Amz-Algorithm"),      SLICE_INIT("X-Amz-Credential"),    SLICE_INIT("X-Amz-Date"),
        SLICE_INIT("X-Amz-Expires"),        SLICE_INIT("X-Amz-SignedHeaders"), SLICE_INIT("X-Amz-Signature"),
        SLICE_INIT("X-Amz-Security-Token"),
    };
    struct slice name;

    slice_split(&parameter, '=', &name);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (slice_eq_nocase(name, names[i]))
            return true;
    }
    return false;
}

/* From here on the query is what will be matched, signed and sent: canonical, and without the client's
 * signature. */
static enum admission_verdict canonical_query(struct admission *a)
{
    struct buffer *query = &a->memory->query;
    struct slice rest, parameter;
    size_t kept = 0;

    buffer_reset(query);
    if (!a->head->query.ptr)
        return ADMISSION_GRANTED;
    if (sigv4_canonical_query(a->head->query, query, a->err) != SG_OK)
        return admission_refuse(a, AWS_ERROR_BAD_REQUEST, "%s", a->err->text);
    rest = buffer_slice(query);
    while (rest.len && slice_split(&rest, '&', &parameter)) {
        if (is_presign_parameter(parameter))
            continue;
        if (kept)
            query->data[kept++] = '&';
        memmove(query->data + kept, parameter.ptr, parameter.len);
        kept += parameter.len;
    }
    query->len = kept;
    a->head->query = kept ? buffer_slice(query) : (struct slice){NULL, 0};
    return ADMISSION_GRANTED;
}

static enum admission_verdict find_operation(struct admission *a)
{
    enum sg_status status = operation_find(a->head, &a->match, a->err);
    const struct operation *operation = a->match.operation;

    if (status != SG_OK) {
        a->match.operation = NULL;
        return admission_refuse(a, status == SG_NOT_FOUND ? AWS_ERROR_ACCESS_DENIED : AWS_ERROR_BAD_REQUEST,
                                "%s", a->err->text);
    }
    if (operation->flags & OPERATION_HTTP2)
        return admission_refuse(a, AWS_ERROR_ACCESS_DENIED,
                                "%s works over HTTP/2 only, which sagegate does not serve yet.",
                                operation->action);
    if (!a->config->endpoints[operation->service].configured)
        return admission_refuse(a, AWS_ERROR_ACCESS_DENIED,
                                "%s belongs to a service without a configured endpoint. Add endpoints.%s to "
                                "sagegate's configuration.",
                                operation->action, aws_services[operation->service].key);
    return ADMISSION_GRANTED;
}

static enum admission_verdict refuse_body(struct admission *a, enum sg_status status)
{
    if (status == SG_NO_MEMORY)
        return admission_refuse(a, AWS_ERROR_UNAVAILABLE, "%s; try again", a->err->text);
    return admission_refuse(a, AWS_ERROR_VALIDATION, "%s", a->err->text);
}

static enum admission_verdict decide_on(struct admission *a, json_t *body,
                                        const struct admission_signer *signer)
{
    enum sg_status status =
        resource_list_build(&a->match, a->head, body, a->owner, &a->memory->resources, a->err);

    return status == SG_OK ? decision_make(a, body, signer) : refuse_body(a, status);
}

static enum admission_verdict check_length(struct admission *a)
{
    uint64_t max = a->config->max_body;

    if (a->head->framing != HTTP_CONTENT_LENGTH || a->head->content_length <= max)
        return ADMISSION_GRANTED;
    return admission_refuse(a, AWS_ERROR_TOO_LARGE,
                            "The body has %llu bytes; sagegate takes up to %llu (limits.max_body).",
                            (unsigned long long)a->head->content_length, (unsigned long long)max);
}

enum admission_verdict admission_by_head(struct admission *a, const struct admission_signer *signer)
{
    static enum admission_verdict (*const checks[])(struct admission *) = {
        check_caller,    check_required_header, forgery_check, check_connection,
        canonical_query, find_operation,        check_fields,
    };
    enum admission_verdict verdict = ADMISSION_NEEDS_BODY;

    a->needs_body = true;
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        enum admission_verdict one = checks[i](a);

        if (one != ADMISSION_GRANTED)
            return one;
    }
    if (!resource_needs_body(a->match.operation)) {
        verdict = decide_on(a, NULL, signer);
        a->needs_body = verdict == ADMISSION_NEEDS_BODY;
    }
    if (verdict != ADMISSION_REFUSED && check_length(a) == ADMISSION_REFUSED)
        return ADMISSION_REFUSED;
    return verdict;
}

/* A body that decides must be the JSON that is read here for the service, too. */
static enum admission_verdict check_announced(struct admission *a)
{
    for (size_t i = 0; i < a->head->count; i++) {
        struct slice value = a->head->fields[i].value;
        bool typed = a->head->name_of[i] == FIELD_CONTENT_TYPE;
        bool coded = a->head->name_of[i] == FIELD_CONTENT_ENCODING;

        if ((typed && !operation_is_json(value)) || (coded && !slice_eq_nocase(value, SLICE("identity"))))
            return admission_refuse(
                a, AWS_ERROR_VALIDATION,
                "The policy depends on the body of %s, which must be plain JSON in UTF-8, and "
                "%s says %.*s%s: send %s.",
                a->match.operation->name, typed ? "Content-Type" : "Content-Encoding", SLICE_BRIEF(value),
                typed ? "application/json" : "no Content-Encoding");
    }
    return ADMISSION_GRANTED;
}

enum admission_verdict admission_by_body(struct admission *a, struct slice body,
                                         const struct admission_signer *signer)
{
    enum admission_verdict verdict = ADMISSION_NEEDS_BODY;
    enum sg_status status;
    json_t *json;

    if (a->decided)
        return decision_verdict(a);
    if (!a->needs_body)
        verdict = decide_on(a, NULL, signer);
    if (verdict != ADMISSION_NEEDS_BODY || !body.ptr)
        return verdict;
    if (check_announced(a) != ADMISSION_GRANTED)
        return ADMISSION_REFUSED;
    status = json_body_parse(body, &json, a->err);
    if (status != SG_OK)
        return refuse_body(a, status);
    verdict = decide_on(a, json, signer);
    json_decref(json);
    return verdict;
}

void admission_forget(struct admission *a)
{
    a->decided = a->audited = false;
    a->err->text[0] = '\0'; /* what audit mode would have refused */
}

void admission_memory_free(struct admission_memory *memory)
{
    buffer_free(&memory->query);
    resource_list_free(&memory->resources);
    asked_free(&memory->asked);
}
