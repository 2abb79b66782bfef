/* Which policy an AccessDenied names: the sentences of the IAM User Guide, and what is none of them. */
#include "aws/denial.h"

#include <stdio.h>

#include "unit/unit.h"

#define USER                                                                                                 \
    "User: arn:aws:sts::123456789012:assumed-role/r/s is not authorized to perform: "                        \
    "sagemaker:InvokeEndpoint "
#define RESOURCE "on resource: arn:aws:sagemaker:us-west-2:123456789012:endpoint/e "

static const struct row {
    const char *message;
    enum aws_denial kind;
} rows[] = {
    {USER RESOURCE "because no VPC endpoint policy allows the sagemaker:InvokeEndpoint action",
     AWS_DENIAL_VPC_ENDPOINT},
    {USER RESOURCE "with an explicit deny in a VPC endpoint policy", AWS_DENIAL_VPC_ENDPOINT},
    {USER "with an explicit deny in a vpc endpoint policy: arn:aws:x", AWS_DENIAL_VPC_ENDPOINT},
    {USER "because no identity-based policy allows the sagemaker:InvokeEndpoint action", AWS_DENIAL_IDENTITY},
    {USER "with an explicit deny in an identity-based policy", AWS_DENIAL_IDENTITY},
    {USER "because no resource-based policy allows the action", AWS_DENIAL_RESOURCE},
    {USER "with an explicit deny in a resource-based policy", AWS_DENIAL_RESOURCE},
    {USER "because no service control policy allows the action", AWS_DENIAL_SERVICE_CONTROL},
    {USER "with an explicit deny in a service control policy", AWS_DENIAL_SERVICE_CONTROL},
    {USER "with an explicit deny in a resource control policy", AWS_DENIAL_RESOURCE_CONTROL},
    {USER "because no permissions boundary allows the action", AWS_DENIAL_BOUNDARY},
    {USER "with an explicit deny in a permissions boundary", AWS_DENIAL_BOUNDARY},
    {USER "because no session policy allows the action", AWS_DENIAL_SESSION},
    {USER "with an explicit deny in a session policy", AWS_DENIAL_SESSION},
    {USER RESOURCE, AWS_DENIAL_UNTOLD},
    {"", AWS_DENIAL_UNTOLD},
    {"User: VPC-endpoint-policy is not authorized: see the VPC endpoint policy", AWS_DENIAL_UNTOLD},
};

static void test_sentences(void **state)
{
    static const char *const members[] = {"message", "Message"};
    char body[512];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (size_t k = 0; k < COUNT_OF(members); k++) {
            snprintf(body, sizeof(body), "{\"__type\":\"AccessDeniedException\",\"%s\":\"%s\"}", members[k],
                     rows[i].message);
            if (aws_denial_of(slice_cstr(body)) != rows[i].kind)
                fail_msg("row %zu: %s", i, body);
        }
    }
}

static void test_other_bodies(void **state)
{
    static const char *const bodies[] = {"",
                                         "{",
                                         "[]",
                                         "\"because no VPC endpoint policy allows\"",
                                         "{\"message\":7}",
                                         "{\"message\":[\"because no session policy allows\"]}"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bodies); i++)
        assert_int_equal(aws_denial_of(slice_cstr(bodies[i])), AWS_DENIAL_UNTOLD);
}

static void test_every_kind_has_a_name(void **state)
{
    (void)state;
    assert_null(aws_denial_names[AWS_DENIAL_NONE]);
    for (int kind = AWS_DENIAL_UNTOLD; kind < AWS_DENIAL_COUNT; kind++)
        assert_non_null(aws_denial_names[kind]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sentences),
        cmocka_unit_test(test_other_bodies),
        cmocka_unit_test(test_every_kind_has_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
