#include "credentials/sts_answer.h"

/* Below the root element, whose name is the operation's with "Response" after it. */
static const struct {
    const char *path;
    enum sts_part part;
} places[] = {
    {"/AssumeRoleResult/Credentials/AccessKeyId", STS_ACCESS_KEY_ID},
    {"/AssumeRoleResult/Credentials/SecretAccessKey", STS_SECRET_ACCESS_KEY},
    {"/AssumeRoleResult/Credentials/SessionToken", STS_SESSION_TOKEN},
    {"/AssumeRoleResult/Credentials/Expiration", STS_EXPIRATION},
    {"/AssumeRoleResult/AssumedRoleUser/Arn", STS_ASSUMED_ARN},
    {"/AssumeRoleResult/AssumedRoleUser/AssumedRoleId", STS_USER_ID},
    {"/AssumeRoleWithWebIdentityResult/Credentials/AccessKeyId", STS_ACCESS_KEY_ID},
    {"/AssumeRoleWithWebIdentityResult/Credentials/SecretAccessKey", STS_SECRET_ACCESS_KEY},
    {"/AssumeRoleWithWebIdentityResult/Credentials/SessionToken", STS_SESSION_TOKEN},
    {"/AssumeRoleWithWebIdentityResult/Credentials/Expiration", STS_EXPIRATION},
    {"/AssumeRoleWithWebIdentityResult/AssumedRoleUser/Arn", STS_ASSUMED_ARN},
    {"/AssumeRoleWithWebIdentityResult/AssumedRoleUser/AssumedRoleId", STS_USER_ID},
    {"/GetCallerIdentityResult/Account", STS_ACCOUNT},
    {"/GetCallerIdentityResult/Arn", STS_ARN},
    {"/GetCallerIdentityResult/UserId", STS_USER_ID},
    {"/Error/Code", STS_ERROR_CODE},
    {"/Error/Message", STS_ERROR_MESSAGE},
};

static const char *const roots[] = {"AssumeRoleResponse", "AssumeRoleWithWebIdentityResponse",
                                    "GetCallerIdentityResponse", "ErrorResponse"};

static bool is_root(struct slice name)
{
    for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
        if (slice_eq(name, slice_cstr(roots[i])))
            return true;
    }
    return false;
}

static const char *take_text(void *user, struct slice path, struct slice text)
{
    struct sts_answer *answer = user;

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        struct slice *part = &answer->parts[places[i].part];

        if (!slice_eq(path, slice_cstr(places[i].path)))
            continue;
        if (part->ptr)
            return "its answer holds an element twice";
        *part = text;
    }
    return NULL;
}

enum sg_status sts_answer_parse(struct slice xml, struct sts_answer *answer, struct sg_error *err)
{
    const struct xml_reader reader = {.whose = "STS", .is_root = is_root, .text = take_text, .user = answer};

    *answer = (struct sts_answer){0};
    return xml_read(xml, &reader, &answer->memory, err);
}

void sts_answer_free(struct sts_answer *answer)
{
    xml_memory_free(&answer->memory);
    *answer = (struct sts_answer){0};
}
