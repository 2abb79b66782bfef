/*
 * Who, what, allowed? First by the head alone, so that a refusal comes before the body is read; the
 * operations whose resources are named in the body are decided when it is complete. Whatever is unclear is
 * refused.
 */
#include "aws/json_body.h"
#include "base/log.h"
#include "proxy/exchange.h"

/* RFC 9110 section 7.6.1 lets a client name fields to be dropped by the first hop. Naming these would change
   what the signature or the policy has seen. */
static bool must_reach_the_endpoint(struct slice name)
{
    static const struct slice names[] = {SLICE_INIT("authorization"), SLICE_INIT("host"), SLICE_INIT("date"),
                                         SLICE_INIT("expect")};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (slice_eq_nocase(name, names[i]))
            return true;
    }
    return slice_starts_nocase(name, SLICE("content-")) || slice_starts_nocase(name, SLICE("x-amz"));
}

static enum exchange_state check_caller(struct exchange *exchange)
{
    const struct caller *caller = &exchange->client->caller;
    const char *listener = exchange->client->listener->name;

    if (!caller->refused)
        return EXCHANGE_READ_BODY;
    exchange->close_client = true;
    if (!caller->peer.known)
        return exchange_refuse(
            exchange, AWS_ERROR_ACCESS_DENIED,
            "Listener %s is for certain users or programs, and the kernel does not say who this "
            "connection belongs to.",
            listener);
    return exchange_refuse(exchange, AWS_ERROR_ACCESS_DENIED,
                           "Listener %s is for certain users or programs, not for this one: uid %s%s%s.",
                           listener, caller->uid, caller->user[0] ? ", " : "", caller->user);
}

static enum exchange_state check_connection(struct exchange *exchange)
{
    const struct http_head *head = &exchange->request;

    for (size_t i = 0; i < head->count; i++) {
        struct slice rest = head->fields[i].value, token;

        if (!slice_eq_nocase(head->fields[i].name, SLICE("connection")))
            continue;
        while (slice_split(&rest, ',', &token)) {
            token = slice_trim(token);
            if (must_reach_the_endpoint(token))
                return exchange_refuse(exchange, AWS_ERROR_BAD_REQUEST,
                                       "The Connection header names %.*s, which must reach the endpoint. "
                                       "Name only headers of this hop there.",
                                       SLICE_FMT(token));
        }
    }
    return EXCHANGE_READ_BODY;
}

/* The fields whose value decides something may come once; chunked signatures can't be made anew. */
static enum exchange_state check_fields(struct exchange *exchange)
{
    const struct http_head *head = &exchange->request;
    const struct http_field *hash = http_head_field(head, SLICE("x-amz-content-sha256"));
    const struct http_field *coding = http_head_field(head, SLICE("content-encoding"));

    if (hash && slice_starts_nocase(hash->value, SLICE("STREAMING-")))
        return exchange_refuse(
            exchange, AWS_ERROR_VALIDATION,
            "X-Amz-Content-Sha256: %.*s announces a body in signed chunks, which sagegate cannot "
            "sign anew. Send the plain body; SageMaker needs no chunk signatures.",
            SLICE_FMT(hash->value));
    if (coding && slice_starts_nocase(coding->value, SLICE("aws-chunked")))
        return exchange_refuse(exchange, AWS_ERROR_VALIDATION,
                               "Content-Encoding: aws-chunked is not supported. Send the plain body.");
    for (size_t i = 0; i < head->count; i++) {
        struct slice name = head->fields[i].name;

        if (operation_knows_header(exchange->match.operation, name) &&
            http_head_field(head, name) != &head->fields[i])
            return exchange_refuse(exchange, AWS_ERROR_BAD_REQUEST,
                                   "The header %.*s is repeated. Send it once.", SLICE_FMT(name));
    }
    return EXCHANGE_READ_BODY;
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
static enum exchange_state canonical_query(struct exchange *exchange)
{
    struct buffer *query = &exchange->query;
    struct slice rest, parameter;
    size_t kept = 0;

    buffer_reset(query);
    if (!exchange->request.query.ptr)
        return EXCHANGE_READ_BODY;
    if (sigv4_canonical_query(exchange->request.query, query, &exchange->error) != SG_OK)
        return exchange_refuse(exchange, AWS_ERROR_BAD_REQUEST, "%s", exchange->error.text);
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
    exchange->request.query = kept ? buffer_slice(query) : (struct slice){NULL, 0};
    return EXCHANGE_READ_BODY;
}

static enum exchange_state find_operation(struct exchange *exchange)
{
    enum sg_status status = operation_find(&exchange->request, &exchange->match, &exchange->error);
    const struct operation *operation = exchange->match.operation;

    if (status != SG_OK) {
        exchange->match.operation = NULL;
        return exchange_refuse(exchange,
                               status == SG_NOT_FOUND ? AWS_ERROR_ACCESS_DENIED : AWS_ERROR_BAD_REQUEST, "%s",
                               exchange->error.text);
    }
    if (operation->flags & OPERATION_HTTP2)
        return exchange_refuse(exchange, AWS_ERROR_ACCESS_DENIED,
                               "%s works over HTTP/2 only, which sagegate does not serve yet.",
                               operation->action);
    if (!exchange->proxy->upstreams[operation->service])
        return exchange_refuse(exchange, AWS_ERROR_ACCESS_DENIED,
                               "%s belongs to a service without a configured endpoint. Add endpoints.%s to "
                               "sagegate's configuration.",
                               operation->action, aws_services[operation->service].key);
    return EXCHANGE_READ_BODY;
}

/* Until the request's condition keys are derived, only those of the caller are known here: a condition on
   others neither allows nor spares. */
static enum context_lookup context_of(void *user, struct slice key, struct context_values *out)
{
    struct exchange *exchange = user;

    return caller_context(&exchange->client->caller, key, out);
}

/* AWS's own words first, so that whoever searches for them finds them; then what decided, and where to look.
 */
static enum exchange_state deny(struct exchange *exchange)
{
    const struct config_listener *listener = exchange->client->listener;
    const struct policy_reason *why = &exchange->reason;
    struct slice resource = why->resource.len ? why->resource : SLICE("*");

    if (exchange->decision == POLICY_IMPLICIT_DENY)
        return exchange_refuse(exchange, AWS_ERROR_ACCESS_DENIED,
                               "Not authorized to perform: %s on resource: %.*s because no statement of "
                               "sagegate's policy %s (listener %s) allows it",
                               exchange->match.operation->action, SLICE_FMT(resource), listener->policy_file,
                               listener->name);
    return exchange_refuse(
        exchange, AWS_ERROR_ACCESS_DENIED,
        "Not authorized to perform: %s on resource: %.*s with an explicit deny in sagegate's "
        "policy %s:%u:%u, statement %zu%s%.*s (listener %s)",
        exchange->match.operation->action, SLICE_FMT(resource), listener->policy_file, why->line, why->column,
        why->statement + 1, why->sid.len ? " " : "", SLICE_FMT(why->sid), listener->name);
}

/* Decides; the resources are known. */
static enum exchange_state decide(struct exchange *exchange, enum exchange_state next)
{
    struct slice arns[RESOURCE_MAX];
    struct request_facts facts = {
        .action = slice_cstr(exchange->match.operation->action),
        .resources = arns,
        .resource_count = exchange->resources.count,
        .any_resource = exchange->resources.any,
        .context = context_of,
        .context_user = exchange,
    };

    for (size_t i = 0; i < exchange->resources.count; i++)
        arns[i] = resource_list_at(&exchange->resources, i);
    exchange->decision = policy_evaluate(exchange->client->listener->policy, &facts, &exchange->reason);
    exchange->decided = true;
    return exchange->decision == POLICY_ALLOWED ? next : deny(exchange);
}

static enum exchange_state decide_on(struct exchange *exchange, struct slice body, enum exchange_state next)
{
    enum sg_status status = SG_OK;
    json_t *json = NULL;

    if (resource_needs_body(exchange->match.operation))
        status = json_body_parse(body, &json, &exchange->error);
    if (status == SG_OK)
        status = resource_list_build(&exchange->match, &exchange->request, json, &exchange->proxy->owner,
                                     &exchange->resources, &exchange->error);
    json_decref(json);
    if (status == SG_NO_MEMORY)
        return exchange_refuse(exchange, AWS_ERROR_UNAVAILABLE, "%s; try again", exchange->error.text);
    if (status != SG_OK)
        return exchange_refuse(exchange, AWS_ERROR_VALIDATION, "%s", exchange->error.text);
    return decide(exchange, next);
}

static enum exchange_state decide_early(struct exchange *exchange)
{
    const struct http_head *head = &exchange->request;
    uint64_t max = exchange->proxy->config->max_body;

    if (!resource_needs_body(exchange->match.operation)) {
        enum exchange_state next = decide_on(exchange, (struct slice){NULL, 0}, EXCHANGE_READ_BODY);

        if (next != EXCHANGE_READ_BODY)
            return next;
    }
    if (head->framing == HTTP_CONTENT_LENGTH && head->content_length > max)
        return exchange_refuse(exchange, AWS_ERROR_TOO_LARGE,
                               "The body has %llu bytes; sagegate takes up to %llu (limits.max_body).",
                               (unsigned long long)head->content_length, (unsigned long long)max);
    return EXCHANGE_READ_BODY;
}

enum exchange_state admission_by_head(struct exchange *exchange)
{
    static enum exchange_state (*const checks[])(struct exchange *) = {
        check_caller,   forgery_check, check_connection, canonical_query,
        find_operation, check_fields,  decide_early,
    };

    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        enum exchange_state next = checks[i](exchange);

        if (next != EXCHANGE_READ_BODY)
            return next;
    }
    return EXCHANGE_READ_BODY;
}

enum exchange_state admission_by_body(struct exchange *exchange)
{
    if (exchange->decided)
        return EXCHANGE_AWAIT_CREDENTIALS;
    return decide_on(exchange, exchange->content, EXCHANGE_AWAIT_CREDENTIALS);
}
