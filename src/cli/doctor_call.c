#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "aws/rejection.h"
#include "aws/sigv4.h"
#include "base/clock.h"
#include "base/secret.h"
#include "cli/doctor.h"
#include "http/body.h"
#include "http/date.h"
#include "net/tls.h"

enum {
    SKEW_MOST_S = 4 * 60 /* services take 5 minutes */,
    ANSWER_MAX = 256 * 1024,
    READ_BYTES = 16384,
    REQUEST_MAX = 32 * 1024
};

/* Calls that change nothing, of things that there need not be. */
static const struct call {
    const char *name, *method, *path, *query, *target, *body;
} calls[AWS_SERVICE_COUNT] = {
    [AWS_API] = {"ListEndpoints", "POST", "/", "", "SageMaker.ListEndpoints", "{\"MaxResults\":1}"},
    [AWS_RUNTIME] = {"InvokeEndpoint", "POST", "/endpoints/sagegate-doctor/invocations", "", NULL, "{}"},
    [AWS_FEATURESTORE_RUNTIME] = {"GetRecord", "GET", "/FeatureGroup/sagegate-doctor",
                                  "RecordIdentifierValueAsString=0", NULL, ""},
    [AWS_METRICS] = {"BatchGetMetrics", "POST", "/BatchGetMetrics", "", NULL, "{\"MetricQueries\":[]}"},
    [AWS_A2I_RUNTIME] = {"DescribeHumanLoop", "GET", "/human-loops/sagegate-doctor", "", NULL, ""},
    [AWS_EDGE] = {"GetDeviceRegistration", "POST", "/GetDeviceRegistration", "", NULL,
                  "{\"DeviceFleetName\":\"sagegate-doctor\",\"DeviceName\":\"sagegate-doctor\"}"},
    [AWS_GEOSPATIAL] = {"ListEarthObservationJobs", "POST", "/list-earth-observation-jobs", "", NULL,
                        "{\"MaxResults\":1}"},
};

static bool hash_hex(const char *body, char text[65])
{
    unsigned char hash[32];

    if (EVP_Digest(body, strlen(body), hash, NULL, EVP_sha256(), NULL) != 1)
        return false;
    for (size_t i = 0; i < sizeof(hash); i++)
        snprintf(text + 2 * i, 3, "%02x", hash[i]);
    return true;
}

/* The signed request. */
static enum sg_status write_request(const struct doctor *doctor, const struct credentials *keys,
                                    enum aws_service service, struct buffer *out, struct sg_error *err)
{
    const struct call *call = &calls[service];
    const struct config_endpoint *endpoint = &doctor->config->endpoints[service];
    const char *type = call->target ? "application/x-amz-json-1.1" : "application/json";
    char date[SIGV4_DATE_LEN + 1], hash[65];
    struct http_field fields[5] = {{SLICE("Host"), slice_cstr(endpoint->authority)},
                                   {SLICE("X-Amz-Date"), slice_of(date, SIGV4_DATE_LEN)},
                                   {SLICE("Content-Type"), slice_cstr(type)}};
    struct sigv4_request request = {.method = slice_cstr(call->method),
                                    .path = slice_cstr(call->path),
                                    .query = slice_cstr(call->query),
                                    .headers = fields,
                                    .header_count = 3};
    const struct sigv4_keys signing = {keys->access_key_id, keys->secret_access_key, keys->generation};
    const struct sigv4_scope scope = {slice_cstr(doctor->config->region),
                                      slice_cstr(aws_services[service].signing_name)};
    struct sigv4_signer *signer = sigv4_signer_new();
    struct sigv4_signature signature;
    enum sg_status status = SG_NO_MEMORY;

    if (call->target)
        fields[request.header_count++] = (struct http_field){SLICE("X-Amz-Target"), slice_cstr(call->target)};
    if (keys->session_token.len)
        fields[request.header_count++] =
            (struct http_field){SLICE("X-Amz-Security-Token"), keys->session_token};
    sigv4_format_date(clock_wall_seconds(), date);
    if (signer && hash_hex(call->body, hash)) {
        request.payload_hash = slice_of(hash, 64);
        status = sigv4_sign(signer, &signing, &scope, date, &request, &signature, err);
    }
    if (status == SG_OK) {
        buffer_printf(out, "%s %s%s%s HTTP/1.1\r\n", call->method, call->path, *call->query ? "?" : "",
                      call->query);
        for (size_t i = 0; i < request.header_count; i++)
            buffer_printf(out, "%.*s: %.*s\r\n", SLICE_FMT(fields[i].name), SLICE_FMT(fields[i].value));
        buffer_printf(out, "Content-Length: %zu\r\nAuthorization: %.*s\r\n\r\n%s", strlen(call->body),
                      SLICE_FMT(signature.authorization), call->body);
    }
    sigv4_signer_free(signer);
    return status == SG_OK && out->failed ? SG_NO_MEMORY : status;
}

struct answer {
    struct buffer bytes; /* the head, and what is decoded of the body */
    struct http_head head;
    struct http_body framing;
    bool in_body;
};

static struct slice body_of(const struct answer *answer)
{
    return slice_from(buffer_slice(&answer->bytes), answer->head.length);
}

/* The bytes from `from` on are new. 1: the answer is whole; 0: more is to come; -1: it is wrong, why says
 * how. */
static int take(struct answer *answer, size_t from, size_t *scanned, char *why, size_t size)
{
    struct buffer *bytes = &answer->bytes;
    enum http_body_result result;
    size_t consumed, produced;
    struct sg_error err;

    if (!answer->in_body) {
        if (http_head_scan(buffer_slice(bytes), scanned) == HTTP_SCAN_MORE)
            return 0;
        if (http_response_parse(buffer_slice(bytes), false, &answer->head, &err) != SG_OK) {
            snprintf(why, size, "the answer is not HTTP: %.250s", err.text);
            return -1;
        }
        answer->in_body = true;
        http_body_init(&answer->framing, &answer->head);
        from = answer->head.length;
    }
    result = http_body_decode(&answer->framing, bytes->data + from, bytes->len - from, &consumed, &produced);
    bytes->len = from + produced;
    if (result == HTTP_BODY_BAD)
        snprintf(why, size, "the answer is not HTTP: %s", answer->framing.fault);
    return result == HTTP_BODY_BAD ? -1 : result == HTTP_BODY_DONE;
}

/* Reads the whole answer. False, and why, when it does not come. */
static bool read_answer(SSL *ssl, struct answer *answer, char *why, size_t size)
{
    struct buffer *bytes = &answer->bytes;
    size_t scanned = 0;

    while (bytes->len < ANSWER_MAX && buffer_reserve(bytes, READ_BYTES)) {
        int n = SSL_read(ssl, bytes->data + bytes->len, READ_BYTES), taken;
        size_t from = bytes->len;

        if (n <= 0) {
            tls_explain(ssl, SSL_get_error(ssl, n), NULL, why, size);
            return answer->in_body && http_body_complete_at_eof(&answer->framing);
        }
        bytes->len += (size_t)n;
        taken = take(answer, from, &scanned, why, size);
        if (taken != 0)
            return taken > 0;
    }
    snprintf(why, size, "it is longer than any such answer");
    return false;
}

static void tell_clock(struct doctor *doctor, const char *key, const struct http_head *head)
{
    const struct http_field *date = http_head_field(head, FIELD_DATE);
    int64_t service = 0, offset;

    if (!date || !http_date_parse(date->value, &service)) {
        doctor_say(doctor, FINDING_SKIPPED, key, "clock", NULL, "not told: the answer has no Date");
        return;
    }
    offset = service - clock_wall_seconds();
    if (llabs(offset) > SKEW_MOST_S)
        doctor_say(doctor, FINDING_BAD, key, "clock",
                   "set the clock: run chrony, with 169.254.169.123 on EC2",
                   "this host's clock is %lld s %s by the service's, and signatures are good for 300 s",
                   (long long)llabs(offset), offset > 0 ? "slow" : "fast");
    else
        doctor_say(doctor, FINDING_GOOD, key, "clock", NULL, "%lld s apart from the service's",
                   (long long)llabs(offset));
}

/* "ValidationException: what it says", as far as the answer tells. */
static void describe_error(const struct answer *answer, char *text, size_t size)
{
    const struct http_field *type = http_head_field(&answer->head, FIELD_X_AMZN_ERRORTYPE);
    json_t *root = json_loadb(body_of(answer).ptr, body_of(answer).len, 0, NULL);
    const char *in_body = json_string_value(json_object_get(root, "__type"));
    const char *message = json_string_value(json_object_get(root, "message"));
    struct slice rest = type ? type->value : slice_cstr(in_body), name = {0};

    if (!message)
        message = json_string_value(json_object_get(root, "Message"));
    slice_split(&rest, ':', &name);
    snprintf(text, size, "%d %.*s%s%.300s", answer->head.status, SLICE_FMT(name), message ? ": " : "",
             message ? message : "");
    json_decref(root);
}

static void tell_call(struct doctor *doctor, const char *key, const char *name, const struct answer *answer)
{
    int status = answer->head.status;
    enum aws_rejection rejection =
        status < 400 || status > 499 ? AWS_REJECTION_NONE : aws_rejection_of(&answer->head, body_of(answer));
    char text[500];

    if (status < 400) {
        doctor_say(doctor, FINDING_GOOD, key, "signed call", NULL, "%s: %d", name, status);
        return;
    }
    describe_error(answer, text, sizeof(text));
    if (rejection == AWS_REJECTION_KEYS)
        doctor_say(
            doctor, FINDING_BAD, key, "signed call",
            "get credentials that AWS knows, and that have not expired: see where they come from, above",
            "%s: %s", name, text);
    else if (rejection == AWS_REJECTION_CLOCK)
        doctor_say(
            doctor, FINDING_BAD, key, "signed call",
            "set the clock if it is wrong; else the secret does not belong to the access key, or region or "
            "endpoint are of another",
            "%s: %s", name, text);
    else if (status >= 500)
        doctor_say(
            doctor, FINDING_BAD, key, "signed call",
            "try again; when it lasts, see the AWS Health Dashboard, or what stands in the service's place",
            "%s: %s", name, text);
    else
        doctor_say(doctor, FINDING_GOOD, key, "signed call", NULL,
                   "%s: %s (an answer of the service, which took the signature)", name, text);
}

void doctor_call(struct doctor *doctor, const struct doctor_identity *identity, enum aws_service service,
                 SSL *ssl, bool *clock_told)
{
    const char *key = aws_services[service].key, *name = calls[service].name;
    struct answer answer = {0};
    struct buffer request = {0};
    struct sg_error err = {0};
    char why[300];

    if (!identity->credentials) {
        doctor_say(doctor, FINDING_SKIPPED, key, "signed call", NULL, "not made: there are no credentials");
        return;
    }
    /* At once: it may hold a session token, and growing would leave copies behind. */
    if (!buffer_reserve(&request, REQUEST_MAX) ||
        write_request(doctor, identity->credentials, service, &request, &err) != SG_OK) {
        doctor_say(doctor, FINDING_BAD, key, "signed call", "correct the credentials",
                   "it cannot be signed: %s", *err.text ? err.text : "out of memory");
    } else if (SSL_write(ssl, request.data, (int)request.len) <= 0 ||
               !read_answer(ssl, &answer, why, sizeof(why))) {
        doctor_say(doctor, FINDING_BAD, key, "signed call",
                   "see whether this is the service's endpoint, and what stands between", "%s: no answer: %s",
                   name, answer.bytes.data ? why : "the request could not be sent");
    } else {
        if (!*clock_told)
            tell_clock(doctor, key, &answer.head);
        *clock_told = true;
        tell_call(doctor, key, name, &answer);
    }
    secret_free_buffer(&request);
    buffer_free(&answer.bytes);
}
