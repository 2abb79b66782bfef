#include "credentials/sts_answer.h"

#include <stdint.h>
#include <stdlib.h>

#include <expat.h>

#include "base/secret.h"

enum { PATH_MAX_LEN = 128 };

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

struct reader {
    XML_Parser parser;
    struct sts_answer *answer;
    size_t used; /* of answer->memory */
    char path[PATH_MAX_LEN + 1];
    size_t path_len;
    unsigned depth;     /* of open elements, the root included */
    unsigned lost;      /* of these, so many innermost ones are not in path: it would be too long */
    struct slice *into; /* the part whose text comes; NULL: none */
    const char *fault;
};

static void stop(struct reader *reader, const char *fault)
{
    reader->fault = fault;
    reader->into = NULL;
    (void)XML_StopParser(reader->parser, XML_FALSE);
}

static void check_root(struct reader *reader, const char *name)
{
    for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
        if (strcmp(name, roots[i]) == 0)
            return;
    }
    stop(reader, "its answer is XML, but not STS's");
}

static void open_part(struct reader *reader)
{
    struct slice path = slice_of(reader->path, reader->path_len);

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        struct slice *part = &reader->answer->parts[places[i].part];

        if (!slice_eq(path, slice_cstr(places[i].path)))
            continue;
        if (part->ptr) {
            stop(reader, "its answer holds an element twice");
            return;
        }
        *part = slice_of(reader->answer->memory + reader->used, 0);
        reader->into = part;
    }
}

static void XMLCALL on_start(void *user, const char *name, const char **attributes)
{
    struct reader *reader = user;
    size_t len = strlen(name);

    (void)attributes;
    reader->into = NULL;
    if (reader->fault)
        return;
    if (reader->depth++ == 0) {
        check_root(reader, name);
        return;
    }
    if (reader->lost || len + 1 > PATH_MAX_LEN - reader->path_len) {
        reader->lost++;
        return;
    }
    reader->path[reader->path_len] = '/';
    memcpy(reader->path + reader->path_len + 1, name, len);
    reader->path_len += len + 1;
    open_part(reader);
}

static void XMLCALL on_end(void *user, const char *name)
{
    struct reader *reader = user;

    reader->into = NULL;
    if (reader->fault || --reader->depth == 0)
        return;
    if (reader->lost)
        reader->lost--;
    else
        reader->path_len -= strlen(name) + 1;
}

/* Text comes in pieces. */
static void XMLCALL on_text(void *user, const char *text, int len)
{
    struct reader *reader = user;

    if (!reader->into || (size_t)len > reader->answer->size - reader->used)
        return;
    memcpy(reader->answer->memory + reader->used, text, (size_t)len);
    reader->used += (size_t)len;
    reader->into->len += (size_t)len;
}

static void XMLCALL on_doctype(void *user, const char *name, const char *system_id, const char *public_id,
                               int has_internal_subset)
{
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_internal_subset;
    stop(user, "its answer has a document type, which STS's have not");
}

enum sg_status sts_answer_parse(struct slice xml, struct sts_answer *answer, struct sg_error *err)
{
    static const XML_Memory_Handling_Suite memory = {malloc, secret_wiping_realloc, secret_wiping_free};
    struct reader reader = {.answer = answer};
    enum XML_Status status = XML_STATUS_ERROR;

    /* No text is longer than the document, but for Latin-1, which at most doubles when it becomes UTF-8. */
    *answer = (struct sts_answer){.size = 2 * xml.len + 1};
    answer->memory = malloc(answer->size);
    reader.parser = XML_ParserCreate_MM(NULL, &memory, NULL);
    if (!answer->memory || !reader.parser)
        goto no_memory;
    XML_SetUserData(reader.parser, &reader);
    XML_SetElementHandler(reader.parser, on_start, on_end);
    XML_SetCharacterDataHandler(reader.parser, on_text);
    XML_SetStartDoctypeDeclHandler(reader.parser, on_doctype);
    if (xml.len <= INT32_MAX / 4)
        status = XML_Parse(reader.parser, xml.ptr, (int)xml.len, 1);
    if (status != XML_STATUS_OK && XML_GetErrorCode(reader.parser) == XML_ERROR_NO_MEMORY)
        goto no_memory;
    XML_ParserFree(reader.parser);
    if (reader.fault)
        return sg_fail(err, SG_INVALID, "%s", reader.fault);
    return status == XML_STATUS_OK
               ? SG_OK
               : sg_fail(err, SG_INVALID,
                         xml.len ? "its answer is not XML, or not all of it" : "its answer is empty");
no_memory:
    if (reader.parser)
        XML_ParserFree(reader.parser);
    return sg_fail(err, SG_NO_MEMORY, "out of memory");
}

void sts_answer_free(struct sts_answer *answer)
{
    if (answer->memory)
        secret_wipe(answer->memory, answer->size);
    free(answer->memory);
    *answer = (struct sts_answer){0};
}
