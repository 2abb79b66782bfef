/* One request a run, its parts a line each: signs it twice with one signer, and canonicalises its query. */
#include <stdint.h>
#include <stdlib.h>

#include "aws/sigv4.h"

static void require(bool truth)
{
    if (!truth)
        abort();
}

static struct slice next_part(struct slice *rest)
{
    struct slice part = {"", 0};

    (void)slice_split(rest, '\n', &part);
    return part;
}

/* A signed request has one line for each part, whatever bytes came in. */
static void check_shape(const struct sigv4_signature *signature, const struct sigv4_request *request)
{
    struct slice rest = signature->canonical_request;
    struct slice line, last = {NULL, 0};
    size_t lines = 0;
    size_t names = 1;

    while (slice_split(&rest, '\n', &line)) {
        last = line;
        lines++;
    }
    for (size_t i = 0; i < signature->signed_headers.len; i++)
        names += signature->signed_headers.ptr[i] == ';';
    require(lines == 3 + names + 3 && names <= request->header_count);
    require(slice_eq(last, request->payload_hash));
    require(!memchr(signature->authorization.ptr, '\n', signature->authorization.len));
    require(!memchr(signature->authorization.ptr, '\r', signature->authorization.len));
}

static void check_signing(struct sigv4_signer *signer, const struct sigv4_keys *keys,
                          const struct sigv4_scope *scope, const struct sigv4_request *request)
{
    static const char date[] = "20150830T123600Z";
    struct sigv4_signature first, again;
    struct sg_error err = {0};

    if (sigv4_sign(signer, keys, scope, date, request, &first, &err) != SG_OK) {
        require(err.status == SG_INVALID && err.text[0]);
        return;
    }
    check_shape(&first, request);
    require(sigv4_sign(signer, keys, scope, date, request, &again, NULL) == SG_OK);
    require(memcmp(first.signature, again.signature, sizeof(first.signature)) == 0);
}

/* What is canonical stays so. */
static void check_query(struct slice query)
{
    struct buffer once = {0}, twice = {0};

    if (sigv4_canonical_query(query, &once, NULL) == SG_OK) {
        require(sigv4_canonical_query(buffer_slice(&once), &twice, NULL) == SG_OK);
        require(slice_eq(buffer_slice(&once), buffer_slice(&twice)));
    } else {
        require(once.len == 0);
    }
    buffer_free(&once);
    buffer_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sigv4_signer *signer;
    static uint64_t generation;
    struct slice rest = {(const char *)data, size};
    struct http_field fields[HTTP_MAX_FIELDS];
    struct slice flags = next_part(&rest);
    struct sigv4_keys keys = {.generation = ++generation};
    struct sigv4_scope scope;
    struct sigv4_request request = {.headers = fields};

    if (!signer)
        signer = sigv4_signer_new();
    require(signer != NULL);
    request.keep_path = flags.len && (flags.ptr[0] & 1);
    request.encode_once = flags.len && (flags.ptr[0] & 2);
    keys.access_key_id = next_part(&rest);
    keys.secret_access_key = next_part(&rest);
    scope.region = next_part(&rest);
    scope.service = next_part(&rest);
    request.method = next_part(&rest);
    request.path = next_part(&rest);
    request.query = next_part(&rest);
    request.payload_hash = next_part(&rest);
    while (rest.ptr && request.header_count < HTTP_MAX_FIELDS) {
        fields[request.header_count].value = next_part(&rest);
        (void)slice_split(&fields[request.header_count].value, ':', &fields[request.header_count].name);
        request.header_count++;
    }
    check_query(request.query);
    check_signing(signer, &keys, &scope, &request);
    return 0;
}
