#include "aws/error.h"

static const struct {
    int status;
    const char *reason;
    const char *code;
} kinds[] = {
    [AWS_ERROR_BAD_REQUEST] = {400, "Bad Request", "BadRequestException"},
    [AWS_ERROR_VALIDATION] = {400, "Bad Request", "ValidationException"},
    [AWS_ERROR_ACCESS_DENIED] = {403, "Forbidden", "AccessDeniedException"},
    [AWS_ERROR_SIGNATURE] = {403, "Forbidden", "InvalidSignatureException"},
    [AWS_ERROR_REQUEST_TIMEOUT] = {408, "Request Timeout", "RequestTimeoutException"},
    [AWS_ERROR_TOO_LARGE] = {413, "Content Too Large", "RequestEntityTooLargeException"},
    [AWS_ERROR_EXPECTATION] = {417, "Expectation Failed", "ExpectationFailedException"},
    [AWS_ERROR_HEAD_TOO_LARGE] = {431, "Request Header Fields Too Large",
                                  "RequestHeaderFieldsTooLargeException"},
    [AWS_ERROR_INTERNAL] = {500, "Internal Server Error", "InternalFailure"},
    [AWS_ERROR_NOT_IMPLEMENTED] = {501, "Not Implemented", "NotImplementedException"},
    [AWS_ERROR_BAD_GATEWAY] = {502, "Bad Gateway", "BadGatewayException"},
    [AWS_ERROR_UNAVAILABLE] = {503, "Service Unavailable", "ServiceUnavailable"},
    [AWS_ERROR_BUSY] = {503, "Service Unavailable", "ServiceUnavailable"},
    [AWS_ERROR_GATEWAY_TIMEOUT] = {504, "Gateway Timeout", "GatewayTimeoutException"},
    [AWS_ERROR_HTTP_VERSION] = {505, "HTTP Version Not Supported", "HttpVersionNotSupportedException"},
};

int aws_error_status(enum aws_error error)
{
    return kinds[error].status;
}

const char *aws_error_code(enum aws_error error)
{
    return kinds[error].code;
}

enum aws_error aws_error_by_status(int status)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (kinds[i].status == status)
            return (enum aws_error)i;
    }
    return AWS_ERROR_BAD_REQUEST;
}

/* A message may quote a client's bytes: whatever is not printable ASCII is escaped, so the body is always
 * JSON. */
static void append_json_text(struct buffer *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        if (c == '"' || c == '\\')
            buffer_append_char(out, '\\');
        if (c < 0x20 || c >= 0x7f)
            buffer_printf(out, "\\u%04x", c);
        else
            buffer_append_char(out, (char)c);
    }
}

void aws_error_write(struct buffer *out, enum aws_error error, struct slice message, struct slice request_id,
                     const struct aws_error_framing *framing)
{
    struct buffer body = {0};

    buffer_printf(&body, "{\"__type\":\"%s\",\"message\":\"", kinds[error].code);
    append_json_text(&body, message);
    buffer_append(&body, SLICE("\"}\n"));

    buffer_printf(out, "HTTP/1.1 %d %s\r\n", kinds[error].status, kinds[error].reason);
    buffer_printf(out, "Content-Type: application/%s\r\n", framing->json11 ? "x-amz-json-1.1" : "json");
    buffer_printf(out, "Content-Length: %zu\r\n", body.len);
    if (error == AWS_ERROR_BUSY)
        buffer_append(out, SLICE("Retry-After: 1\r\n"));
    buffer_printf(out, "x-amzn-ErrorType: %s\r\n", kinds[error].code);
    buffer_printf(out, "x-amzn-RequestId: %.*s\r\n", SLICE_FMT(request_id));
    if (error == AWS_ERROR_UNAVAILABLE)
        buffer_append(out, SLICE("Retry-After: 1\r\n"));
    if (framing->close)
        buffer_append(out, SLICE("Connection: close\r\n"));
    buffer_append(out, SLICE("\r\n"));
    if (!framing->head_request)
        buffer_append(out, buffer_slice(&body));
    if (body.failed)
        out->failed = true;
    buffer_free(&body);
}
