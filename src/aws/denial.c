#include "aws/denial.h"

#include <jansson.h>
#include <stdio.h>

const char *const aws_denial_names[AWS_DENIAL_COUNT] = {
    [AWS_DENIAL_UNTOLD] = "untold",
    [AWS_DENIAL_VPC_ENDPOINT] = "vpc_endpoint_policy",
    [AWS_DENIAL_IDENTITY] = "identity_policy",
    [AWS_DENIAL_RESOURCE] = "resource_policy",
    [AWS_DENIAL_SERVICE_CONTROL] = "service_control_policy",
    [AWS_DENIAL_RESOURCE_CONTROL] = "resource_control_policy",
    [AWS_DENIAL_BOUNDARY] = "permissions_boundary",
    [AWS_DENIAL_SESSION] = "session_policy",
};

static const char *const words[AWS_DENIAL_COUNT] = {
    [AWS_DENIAL_VPC_ENDPOINT] = "VPC endpoint policy",
    [AWS_DENIAL_IDENTITY] = "identity-based policy",
    [AWS_DENIAL_RESOURCE] = "resource-based policy",
    [AWS_DENIAL_SERVICE_CONTROL] = "service control policy",
    [AWS_DENIAL_RESOURCE_CONTROL] = "resource control policy",
    [AWS_DENIAL_BOUNDARY] = "permissions boundary",
    [AWS_DENIAL_SESSION] = "session policy",
};

/* The names in a message have no blanks, so that none of them reads like this. */
static bool says(const char *message, const char *policy)
{
    static const char *const before[] = {"because no ", "explicit deny in a ", "explicit deny in an "};
    char sentence[80];

    for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
        snprintf(sentence, sizeof(sentence), "%s%s", before[i], policy);
        if (strcasestr(message, sentence))
            return true;
    }
    return false;
}

static enum aws_denial kind_of(const char *message)
{
    for (int kind = AWS_DENIAL_VPC_ENDPOINT; message && kind < AWS_DENIAL_COUNT; kind++) {
        if (says(message, words[kind]))
            return (enum aws_denial)kind;
    }
    return AWS_DENIAL_UNTOLD;
}

/* When memory is short for it, it is an untold one. */
enum aws_denial aws_denial_of(struct slice body)
{
    json_t *root = json_loadb(body.ptr, body.len, JSON_REJECT_DUPLICATES, NULL);
    const char *message = json_string_value(json_object_get(root, "message"));
    enum aws_denial kind;

    if (!message)
        message = json_string_value(json_object_get(root, "Message"));
    kind = kind_of(message);
    json_decref(root);
    return kind;
}
