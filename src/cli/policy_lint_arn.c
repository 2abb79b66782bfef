/* What is doubtful in the ARNs of a policy, each alone and all together. */
#include <stddef.h>

#include "aws/resource.h"
#include "aws/service.h"
#include "base/quote.h"
#include "cli/policy_lint.h"

static bool has_wildcard(struct slice text)
{
    return memchr(text.ptr, '*', text.len) || memchr(text.ptr, '?', text.len);
}

bool lint_is_fixed(struct slice part)
{
    return !has_wildcard(part) && !memchr(part.ptr, '$', part.len);
}

bool lint_is_all(const struct lint_name *name)
{
    return slice_eq(name->name.text, SLICE("*"));
}

bool lint_is_our_service(struct slice service)
{
    return slice_eq_nocase(service, SLICE("sagemaker")) ||
           slice_eq_nocase(service, SLICE("sagemaker-geospatial")) || slice_eq(service, SLICE("*"));
}

bool lint_split_arn(struct slice text, struct lint_arn *out)
{
    struct slice arn;

    if (!slice_split(&text, ':', &arn) || !slice_split(&text, ':', &out->partition) ||
        !slice_split(&text, ':', &out->service) || !slice_split(&text, ':', &out->region) ||
        !slice_split(&text, ':', &out->account) || !slice_split(&text, '/', &out->type))
        return false;
    out->name = text;
    return true;
}

/* Those of services that keep resources of AWS's own have "aws" there. */
static bool is_account(struct slice text)
{
    if (!lint_is_fixed(text) || slice_eq(text, SLICE("aws")))
        return true;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    }
    return text.len == 12;
}

/* A part that no request's ARN has. */
static void check_parts(struct lint *lint, const struct lint_name *name, const struct lint_arn *arn)
{
    char quoted[QUOTE_SIZE];

    if (!is_account(arn->account))
        lint_warn(lint, &name->name, "'%s' is no account: twelve digits, or \"*\"",
                  quote_text(arn->account, quoted));
    else if (!arn->region.len)
        lint_warn(lint, &name->name, "this has no region, and resources of SageMaker all have one");
    else if (lint_is_fixed(arn->region) && lint_is_fixed(arn->partition) &&
             !slice_eq(aws_partition(arn->region), arn->partition))
        lint_warn(lint, &name->name, "the region %.*s is in the partition %.*s, not in %.*s",
                  (int)(arn->region.len < 64 ? arn->region.len : 64), arn->region.ptr,
                  SLICE_FMT(aws_partition(arn->region)),
                  (int)(arn->partition.len < 64 ? arn->partition.len : 64), arn->partition.ptr);
}

void lint_resource(struct lint *lint, const struct lint_name *name)
{
    struct lint_arn arn;
    char quoted[QUOTE_SIZE];

    if (lint_is_all(name) || !lint_split_arn(name->name.text, &arn))
        return;
    if (!has_wildcard(arn.service) && !lint_is_our_service(arn.service)) {
        lint_warn(lint, &name->name, "'%s' is of another service than SageMaker: no request names it",
                  quote_text(name->name.text, quoted));
        return;
    }
    check_parts(lint, name, &arn);
    if (has_wildcard(arn.type) && arn.name.len)
        lint_warn(lint, &name->name,
                  "'%s' has a wildcard in the type, before the name, which AWS documents as not allowed",
                  quote_text(arn.type, quoted));
    if (!lint_is_fixed(arn.type))
        return;
    if (!resource_type_is_known(arn.type))
        lint_warn(lint, &name->name, "no operation has a resource of the type '%s'",
                  quote_text(arn.type, quoted));
    else if (!arn.name.len)
        lint_warn(lint, &name->name, "this has no name after its type: end it with '%s/*' for all of them",
                  quote_text(arn.type, quoted));
}

/* A part that only one of many ARNs has differently is a mistake, mostly. */
static void check_part(struct lint *lint, size_t offset, const char *what)
{
    struct slice common = {NULL, 0};
    size_t count = 0; /* by how many the common one leads: Boyer and Moore's vote */

    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < lint->count; i++) {
            const struct policy_name *name = &lint->names[i].name;
            struct lint_arn parts;
            struct slice part;

            if (name->kind != POLICY_NAMES_RESOURCE || !lint_split_arn(name->text, &parts))
                continue;
            part = *(const struct slice *)(const void *)((const char *)&parts + offset);
            if (part.len == 0 || has_wildcard(part))
                continue;
            if (round == 0 && count == 0)
                common = part;
            if (round == 0)
                count = slice_eq(part, common) ? count + 1 : count - 1;
            else if (common.ptr && !slice_eq(part, common))
                lint_warn(lint, name, "this is of %s '%.*s', and others are of '%.*s'", what,
                          (int)(part.len < 64 ? part.len : 64), part.ptr,
                          (int)(common.len < 64 ? common.len : 64), common.ptr);
        }
    }
}

void lint_resources(struct lint *lint)
{
    check_part(lint, offsetof(struct lint_arn, partition), "partition");
    check_part(lint, offsetof(struct lint_arn, region), "region");
}
