#include "mirror/ec2_answer.h"

#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ENDPOINT     "/vpcEndpointSet/item"

/* Below the root element. */
static const struct {
    const char *path;
    enum ec2_part part;
} parts[] = {
    {ENDPOINT "/vpcEndpointId", EC2_ID},
    {ENDPOINT "/serviceName", EC2_SERVICE},
    {ENDPOINT "/vpcId", EC2_VPC},
    {ENDPOINT "/state", EC2_STATE},
    {ENDPOINT "/privateDnsEnabled", EC2_PRIVATE_DNS},
    {ENDPOINT "/policyDocument", EC2_POLICY},
};

static const struct {
    const char *path;
    enum ec2_list list;
} lists[] = {
    {ENDPOINT "/subnetIdSet/item", EC2_SUBNETS},
    {ENDPOINT "/groupSet/item/groupId", EC2_GROUPS},
    {ENDPOINT "/dnsEntrySet/item/dnsName", EC2_DNS_NAMES},
};

static bool is_root(struct slice name)
{
    return slice_eq(name, SLICE("DescribeVpcEndpointsResponse")) || slice_eq(name, SLICE("Response"));
}

static const char *open_element(void *user, struct slice path)
{
    struct ec2_answer *answer = user;

    if (!slice_eq(path, SLICE(ENDPOINT)))
        return NULL;
    if (answer->count == EC2_ENDPOINTS_MAX)
        return "its answer holds more endpoints than were asked for";
    answer->count++;
    return NULL;
}

/* What stands in an endpoint's element: the last one is open. */
static const char *take_of_endpoint(struct ec2_vpc_endpoint *endpoint, struct slice path, struct slice text)
{
    for (size_t i = 0; i < COUNT(parts); i++) {
        struct slice *part = &endpoint->parts[parts[i].part];

        if (!slice_eq(path, slice_cstr(parts[i].path)))
            continue;
        if (part->ptr)
            return "its answer holds an element twice";
        *part = text;
    }
    for (size_t i = 0; i < COUNT(lists); i++) {
        size_t *count = &endpoint->lists[lists[i].list].count;

        if (!slice_eq(path, slice_cstr(lists[i].path)))
            continue;
        if (*count == EC2_LIST_MAX)
            return "its answer holds a longer list than any endpoint has";
        endpoint->lists[lists[i].list].at[(*count)++] = text;
    }
    return NULL;
}

/* Of several errors the first counts. */
static void take_first(struct slice *into, struct slice text)
{
    if (!into->ptr)
        *into = text;
}

static const char *take_text(void *user, struct slice path, struct slice text)
{
    struct ec2_answer *answer = user;

    if (slice_starts(path, SLICE(ENDPOINT "/")))
        return take_of_endpoint(&answer->endpoints[answer->count - 1], path, text);
    if (slice_eq(path, SLICE("/nextToken")))
        take_first(&answer->next_token, text);
    else if (slice_eq(path, SLICE("/Errors/Error/Code")))
        take_first(&answer->error_code, text);
    else if (slice_eq(path, SLICE("/Errors/Error/Message")))
        take_first(&answer->error_message, text);
    return NULL;
}

enum sg_status ec2_answer_parse(struct slice xml, struct ec2_answer *answer, struct sg_error *err)
{
    const struct xml_reader reader = {
        .whose = "EC2", .is_root = is_root, .open = open_element, .text = take_text, .user = answer};

    *answer = (struct ec2_answer){.endpoints = calloc(EC2_ENDPOINTS_MAX, sizeof(*answer->endpoints))};
    if (!answer->endpoints)
        return sg_fail(err, SG_NO_MEMORY, "out of memory");
    return xml_read(xml, &reader, &answer->memory, err);
}

void ec2_answer_free(struct ec2_answer *answer)
{
    free(answer->endpoints);
    xml_memory_free(&answer->memory);
    *answer = (struct ec2_answer){0};
}
