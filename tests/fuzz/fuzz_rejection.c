/* An answer of whatever bytes: what rejects it, and its Date. */
#include <stdint.h>
#include <stdlib.h>

#include "aws/denial.h"
#include "aws/rejection.h"
#include "http/date.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_of((const char *)data, size);
    struct http_head head;
    const struct http_field *date;
    int64_t seconds;

    if (http_response_parse(bytes, false, &head, NULL) != SG_OK)
        return 0;
    aws_rejection_of(&head, slice_from(bytes, head.length));
    if (!aws_denial_names[aws_denial_of(slice_from(bytes, head.length))])
        abort();
    if (aws_rejection_possible(&head) && head.content_length > AWS_REJECTION_BODY_MAX)
        abort();
    date = http_head_field(&head, FIELD_DATE);
    if (date && http_date_parse(date->value, &seconds) && (seconds < 0 || seconds > 253402300799))
        abort();
    return 0;
}
