/*
 * The XML in which STS answers: credentials, who somebody is, or an error. Bytes in, values out.
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_Operations.html
 */
#ifndef SAGEGATE_CREDENTIALS_STS_ANSWER_H
#define SAGEGATE_CREDENTIALS_STS_ANSWER_H

#include "credentials/xml.h"

/* What an answer may hold: each an element of it. */
enum sts_part {
    STS_ACCESS_KEY_ID,
    STS_SECRET_ACCESS_KEY,
    STS_SESSION_TOKEN,
    STS_EXPIRATION,
    STS_ASSUMED_ARN, /* of AssumeRole… */
    STS_ACCOUNT,     /* this and the next of GetCallerIdentity */
    STS_ARN,
    STS_USER_ID, /* of both */
    STS_ERROR_CODE,
    STS_ERROR_MESSAGE,
    STS_PART_COUNT,
};

struct sts_answer {
    struct slice parts[STS_PART_COUNT]; /* len 0: not there */
    struct xml_memory memory;           /* what they point to */
};

/*
 * SG_OK when it is one of STS's answers, whole and well-formed, whatever parts it holds. SG_INVALID with a
 * phrase that quotes nothing of it: no XML, a document type (which could make it grow without limit), another
 * root element, a part that comes twice. SG_NO_MEMORY. sts_answer_free() is due in each case.
 */
enum sg_status sts_answer_parse(struct slice xml, struct sts_answer *answer, struct sg_error *err);

/* Wipes it. */
void sts_answer_free(struct sts_answer *answer);

#endif
