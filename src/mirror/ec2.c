#include "mirror/ec2.h"

#include <stdio.h>
#include <stdlib.h>

#include "credentials/query.h"

enum {
    ANSWER_MAX = 2 * 1024 * 1024, /* a policy has up to 20,480 characters, of which XML may make six each */
    PARAMETERS_MAX = 16 * 1024,
    PAGES_MAX = 16,
};

struct ec2 {
    struct query_service *service;
};

struct ec2_call {
    struct ec2 *ec2;
    struct credentials *keys;
    struct slice ids[EC2_ENDPOINTS_MAX];
    size_t count;
    unsigned timeout_ms;
    struct ec2_listener listener;
    struct ec2_answer answer; /* the last one */
    unsigned pages;           /* that were asked for */
    struct query_call *query;
};

struct ec2 *ec2_new(struct https *https, const struct config *config)
{
    const struct query_service_setup setup = {
        .service = AWS_EC2, .name = "EC2", .version = "2016-11-15", .answer_max = ANSWER_MAX};
    struct ec2 *ec2 = calloc(1, sizeof(*ec2));

    if (!ec2)
        return NULL;
    ec2->service = query_service_new(https, config, &setup);
    if (!ec2->service) {
        ec2_free(ec2);
        return NULL;
    }
    return ec2;
}

void ec2_free(struct ec2 *ec2)
{
    if (!ec2)
        return;
    query_service_free(ec2->service);
    free(ec2);
}

void ec2_cancel(struct ec2_call *call)
{
    if (!call)
        return;
    query_cancel(call->query);
    credentials_unref(call->keys);
    ec2_answer_free(&call->answer);
    free(call);
}

static void finish(struct ec2_call *call, const char *why_not)
{
    call->listener.done(call->listener.user, why_not);
    ec2_cancel(call);
}

static enum sg_status read_answer(void *user, struct slice xml, struct query_error *error,
                                  struct sg_error *err)
{
    struct ec2_answer *answer = &((struct ec2_call *)user)->answer;
    enum sg_status status;

    ec2_answer_free(answer);
    status = ec2_answer_parse(xml, answer, err);
    *error = (struct query_error){answer->error_code, answer->error_message};
    return status;
}

static bool ask_page(struct ec2_call *call);

static void on_answer(void *user, const char *why_not)
{
    struct ec2_call *call = user;

    call->query = NULL; /* it goes by itself */
    if (why_not) {
        finish(call, why_not);
        return;
    }
    for (size_t i = 0; i < call->answer.count; i++)
        call->listener.endpoint(call->listener.user, &call->answer.endpoints[i]);
    if (!call->answer.next_token.len)
        finish(call, NULL);
    else if (call->pages == PAGES_MAX)
        finish(call, "EC2's answer to DescribeVpcEndpoints has no end: too many pages");
    else if (!ask_page(call))
        finish(call, "out of memory");
}

/* A filter, not a list of ids: that would fail as a whole for one that there is not. */
static bool ask_page(struct ec2_call *call)
{
    const struct query_handler handler = {read_answer, on_answer, call};
    struct query_call *query =
        query_new(call->ec2->service, "DescribeVpcEndpoints", PARAMETERS_MAX, &handler);
    char name[40];

    if (!query)
        return false;
    query_add(query, "Filter.1.Name", SLICE("vpc-endpoint-id"));
    for (size_t i = 0; i < call->count; i++) {
        snprintf(name, sizeof(name), "Filter.1.Value.%zu", i + 1);
        query_add(query, name, call->ids[i]);
    }
    query_add(query, "NextToken", call->answer.next_token);
    if (!query_start(query, call->keys, call->timeout_ms))
        return false;
    call->query = query;
    call->pages++;
    return true;
}

struct ec2_call *ec2_describe_vpc_endpoints(struct ec2 *ec2, struct credentials *keys,
                                            const struct slice *ids, size_t count, unsigned timeout_ms,
                                            const struct ec2_listener *listener)
{
    struct ec2_call *call = calloc(1, sizeof(*call));

    if (!call)
        return NULL;
    call->ec2 = ec2;
    call->keys = credentials_ref(keys);
    call->count = count < EC2_ENDPOINTS_MAX ? count : EC2_ENDPOINTS_MAX;
    memcpy(call->ids, ids, call->count * sizeof(*ids));
    call->timeout_ms = timeout_ms;
    call->listener = *listener;
    if (ask_page(call))
        return call;
    ec2_cancel(call);
    return NULL;
}
