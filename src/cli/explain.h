/* What the files of `sagegate explain` share: a request, what was decided of it, and how that is told. */
#ifndef SAGEGATE_CLI_EXPLAIN_H
#define SAGEGATE_CLI_EXPLAIN_H

#include <jansson.h>

#include "base/buffer.h"
#include "proxy/admission.h"

struct explain_request {
    struct buffer text; /* the head, as it is parsed, then the body */
    struct http_head head;
    struct slice body; /* without its chunks */
};

/* Reads all of standard input. False, said on standard error, when it is no request. */
bool explain_read(struct explain_request *request);

struct explanation {
    struct explain_request request;
    struct admission_memory memory;
    struct sg_error err;
    struct admission admission;
    struct admission_signer signer;
    enum admission_verdict verdict;
};

/* All of it as JSON; NULL when memory is short. The caller's. */
json_t *explain_json(struct explanation *e);

/* The same for a person, on standard output. */
void explain_print(const json_t *json);

#endif
