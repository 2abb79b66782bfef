/* sagegate sign: shows what would be signed, to compare with another signer or with what AWS says it got. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "aws/sigv4.h"
#include "base/secret.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/raw_request.h"

enum { SECRET_FILE_MAX = 16 * 1024 };

static const char help[] =
    "usage: sagegate sign --access-key-id ID --secret-access-key-file FILE [--session-token-file FILE]\n"
    "                     --region REGION --service NAME --time YYYY-MM-DDTHH:MM:SSZ\n"
    "                     [--no-normalize-path] [--no-double-encode] < request\n"
    "\n"
    "Reads an HTTP request on standard input and prints, as JSON, how Signature Version 4 signs it:\n"
    "canonical_request, string_to_sign, signature, and authorization (the value of the header).\n"
    "\n"
    "X-Amz-Date and, with a token, X-Amz-Security-Token are added (or replaced); every other header is "
    "signed\n"
    "as it stands, but for Authorization, Connection, Expect, Transfer-Encoding, User-Agent, "
    "X-Amzn-Trace-Id.\n"
    "An X-Amz-Content-Sha256 of the request stands for the hash of the body, as AWS reads it.\n"
    "The body is all that follows the first empty line, byte for byte.\n"
    "\n"
    "  --access-key-id ID             public part of the key\n"
    "  --secret-access-key-file FILE  file that holds the secret part, and at most a newline after it\n"
    "  --session-token-file FILE      the same for the token of temporary credentials\n"
    "  --region REGION                us-east-1, ...\n"
    "  --service NAME                 signing name of the service: sagemaker, ...\n"
    "  --time TIME                    time of signing, UTC: 2015-08-30T12:36:00Z\n"
    "  --no-normalize-path            keep '.', '..' and '//' in the path, as for S3\n"
    "  --no-double-encode             don't encode the path once more, as for S3\n"
    "\n"
    "Example, the first of AWS's published test vectors:\n"
    "  printf '%s' wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY > secret\n"
    "  printf 'GET / HTTP/1.1\\r\\nHost: example.amazonaws.com\\r\\n\\r\\n' |\n"
    "    sagegate sign --access-key-id AKIDEXAMPLE --secret-access-key-file secret \\\n"
    "      --region us-east-1 --service service --time 2015-08-30T12:36:00Z\n"
    "The signature begins with 5fa00fa3.\n"
    "\n"
    "Exit status: 0, or 2 when the request could not be signed; the reason is on standard error.\n";

enum value { ACCESS_KEY_ID, SECRET_FILE, REGION, SERVICE, TIME, REQUIRED, TOKEN_FILE = REQUIRED, VALUES };

struct sign_options {
    char *values[VALUES]; /* NULL when not given */
    bool keep_path;
    bool encode_once;
};

/* What one run holds and releases at its end. */
struct sign_job {
    struct sign_options options;
    char date[SIGV4_DATE_LEN + 1];
    char *secret;
    char *token; /* NULL without --session-token-file */
    struct buffer input;
    struct raw_request request;
    struct http_field headers[HTTP_MAX_FIELDS]; /* those to be signed */
    size_t header_count;
    char body_hash[SIGV4_SIGNATURE_LEN + 1];
    struct sigv4_signer *signer;
    struct sigv4_signature signature;
};

static const struct cli_command command = {"sign", help, 0};

static int read_options(int argc, char **argv, struct sign_options *into)
{
    const struct cli_option options[] = {
        [ACCESS_KEY_ID] = {.name = "access-key-id", .value = &into->values[ACCESS_KEY_ID]},
        [SECRET_FILE] = {.name = "secret-access-key-file", .value = &into->values[SECRET_FILE]},
        [REGION] = {.name = "region", .value = &into->values[REGION]},
        [SERVICE] = {.name = "service", .value = &into->values[SERVICE]},
        [TIME] = {.name = "time", .value = &into->values[TIME]},
        [TOKEN_FILE] = {.name = "session-token-file", .value = &into->values[TOKEN_FILE]},
        {.name = "no-normalize-path", .given = &into->keep_path},
        {.name = "no-double-encode", .given = &into->encode_once},
        {0},
    };
    int status = options_read(&command, options, argc, argv);

    for (size_t i = 0; status == OPTIONS_GOOD && i < REQUIRED; i++) {
        if (!into->values[i])
            status = options_wrong(&command, "--%s is missing.", options[i].name);
    }
    return status;
}

/* "2015-08-30T12:36:00Z" to "20150830T123600Z"; refuses whatever does not come back the same. */
static enum sg_status parse_time(const char *text, char date[SIGV4_DATE_LEN + 1], struct sg_error *err)
{
    struct tm tm = {0};
    char back[sizeof("2015-08-30T12:36:00Z")];

    /* What is not found stays 0 and comes back as a date, hence as another text. */
    (void)sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2dZ", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
                 &tm.tm_min, &tm.tm_sec);
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    sigv4_format_date(timegm(&tm), date);
    snprintf(back, sizeof(back), "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", date, date + 4, date + 6, date + 9,
             date + 11, date + 13);
    if (strcmp(back, text) != 0)
        return sg_fail(err, SG_INVALID, "--time '%s' is no time in UTC like 2015-08-30T12:36:00Z", text);
    return SG_OK;
}

/* Reads to the end of fd, at most max bytes; the number of bytes, or -1 with errno set. */
static ssize_t read_all(int fd, char *bytes, size_t max)
{
    size_t len = 0;

    while (len < max) {
        ssize_t n = read(fd, bytes + len, max - len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    return (ssize_t)len;
}

static enum sg_status check_secret(const char *path, struct slice secret, struct sg_error *err)
{
    if (secret.len == 0)
        return sg_fail(err, SG_INVALID, "%s is empty", path);
    if (secret.len > SECRET_FILE_MAX)
        return sg_fail(err, SG_INVALID, "%s has more than %d bytes", path, SECRET_FILE_MAX);
    for (size_t i = 0; i < secret.len; i++) {
        if (secret.ptr[i] <= ' ' || secret.ptr[i] > '~')
            return sg_fail(err, SG_INVALID,
                           "%s: byte %zu is not visible ASCII; the file is to hold one line and nothing else",
                           path, i + 1);
    }
    return SG_OK;
}

/* The one line that the file holds, without its end; into secret memory. */
static enum sg_status read_secret(const char *path, char **secret, struct sg_error *err)
{
    char bytes[SECRET_FILE_MAX + 2]; /* one for the newline, one to see that there is more */
    enum sg_status status;
    struct slice line;
    ssize_t len;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return sg_fail(err, SG_IO, "cannot open %s: %s", path, strerror(errno));
    len = read_all(fd, bytes, sizeof(bytes));
    if (len < 0) {
        status = sg_fail(err, SG_IO, "cannot read %s: %s", path, strerror(errno));
    } else {
        line = slice_of(bytes, (size_t)len);
        if (line.len && line.ptr[line.len - 1] == '\n')
            line.len--;
        status = check_secret(path, line, err);
        if (status == SG_OK && !(*secret = secret_copy(line)))
            status = sg_fail(err, SG_NO_MEMORY, "out of memory for %s", path);
    }
    secret_wipe(bytes, sizeof(bytes));
    close(fd);
    return status;
}

static enum sg_status read_input(struct buffer *input, struct sg_error *err)
{
    enum { CHUNK = 64 * 1024 };
    ssize_t n;

    do {
        if (!buffer_reserve(input, CHUNK))
            return sg_fail(err, SG_NO_MEMORY, "out of memory for the request");
        n = read_all(STDIN_FILENO, input->data + input->len, CHUNK);
        if (n < 0)
            return sg_fail(err, SG_IO, "cannot read standard input: %s", strerror(errno));
        input->len += (size_t)n;
    } while (n == CHUNK);
    return SG_OK;
}

/* Headers that a hop may change, and those that the signer sets itself. */
static bool is_signed(const struct sign_job *job, struct slice name)
{
    static const struct slice left_out[] = {
        SLICE_INIT("authorization"), SLICE_INIT("connection"),      SLICE_INIT("expect"),
        SLICE_INIT("user-agent"),    SLICE_INIT("x-amzn-trace-id"), SLICE_INIT("transfer-encoding"),
        SLICE_INIT("x-amz-date"),
    };

    for (size_t i = 0; i < sizeof(left_out) / sizeof(left_out[0]); i++) {
        if (slice_eq_nocase(name, left_out[i]))
            return false;
    }
    return !(job->token && slice_eq_nocase(name, SLICE("x-amz-security-token")));
}

static enum sg_status add_header(struct sign_job *job, struct slice name, struct slice value,
                                 struct sg_error *err)
{
    if (job->header_count == HTTP_MAX_FIELDS)
        return sg_fail(err, SG_INVALID, "more than %d headers to sign", HTTP_MAX_FIELDS);
    job->headers[job->header_count++] = (struct http_field){name, value};
    return SG_OK;
}

static enum sg_status choose_headers(struct sign_job *job, struct sg_error *err)
{
    bool host = false;

    for (size_t i = 0; i < job->request.count; i++) {
        const struct http_field *field = &job->request.fields[i];

        if (!is_signed(job, field->name))
            continue;
        if (add_header(job, field->name, field->value, err) != SG_OK)
            return SG_INVALID;
        host = host || slice_eq_nocase(field->name, SLICE("host"));
    }
    if (!host)
        return sg_fail(err, SG_INVALID, "the request has no Host header, which SigV4 signs always");
    if (add_header(job, SLICE("X-Amz-Date"), slice_cstr(job->date), err) != SG_OK)
        return SG_INVALID;
    if (job->token)
        return add_header(job, SLICE("X-Amz-Security-Token"), slice_cstr(job->token), err);
    return SG_OK;
}

/* The header that says it, else the hash of the body; an empty slice when OpenSSL fails. */
static struct slice payload_hash(struct sign_job *job)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    size_t len = 0;

    for (size_t i = 0; i < job->header_count; i++) {
        if (slice_eq_nocase(job->headers[i].name, SLICE("x-amz-content-sha256")))
            return job->headers[i].value;
    }
    if (EVP_Q_digest(NULL, "SHA256", NULL, job->request.body.ptr, job->request.body.len, hash, &len) != 1)
        return slice_cstr(NULL);
    for (size_t i = 0; i < len; i++)
        snprintf(job->body_hash + 2 * i, 3, "%02x", hash[i]);
    return slice_cstr(job->body_hash);
}

static enum sg_status sign(struct sign_job *job, struct sg_error *err)
{
    char *const *values = job->options.values;
    struct sigv4_keys keys = {slice_cstr(values[ACCESS_KEY_ID]), slice_cstr(job->secret), 1};
    struct sigv4_scope scope = {slice_cstr(values[REGION]), slice_cstr(values[SERVICE])};
    struct sigv4_request request = {
        .method = job->request.method,
        .path = job->request.path,
        .query = job->request.query,
        .headers = job->headers,
        .header_count = job->header_count,
        .payload_hash = payload_hash(job),
        .keep_path = job->options.keep_path,
        .encode_once = job->options.encode_once,
    };

    job->signer = sigv4_signer_new();
    if (!job->signer)
        return sg_fail(err, SG_NO_MEMORY, "OpenSSL offers no SHA-256, or memory is short");
    return sigv4_sign(job->signer, &keys, &scope, job->date, &request, &job->signature, err);
}

static enum sg_status print_json(const struct sigv4_signature *signature, struct sg_error *err)
{
    json_error_t reason;
    json_t *json = json_pack_ex(&reason, 0, "{s:s%, s:s%, s:s, s:s%}", "canonical_request",
                                signature->canonical_request.ptr, signature->canonical_request.len,
                                "string_to_sign", signature->string_to_sign.ptr,
                                signature->string_to_sign.len, "signature", signature->signature,
                                "authorization", signature->authorization.ptr, signature->authorization.len);
    bool written;

    if (!json)
        return sg_fail(err, SG_INVALID, "a header is not UTF-8, so that JSON cannot show it: %s",
                       reason.text);
    written = json_dumpf(json, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF && fflush(stdout) == 0;
    json_decref(json);
    return written ? SG_OK : sg_fail(err, SG_IO, "cannot write to standard output: %s", strerror(errno));
}

static enum sg_status run(struct sign_job *job, struct sg_error *err)
{
    char *const *values = job->options.values;
    enum sg_status status = parse_time(values[TIME], job->date, err);

    if (status == SG_OK)
        status = read_secret(values[SECRET_FILE], &job->secret, err);
    if (status == SG_OK && values[TOKEN_FILE])
        status = read_secret(values[TOKEN_FILE], &job->token, err);
    if (status == SG_OK)
        status = read_input(&job->input, err);
    if (status == SG_OK)
        status = raw_request_parse(buffer_slice(&job->input), &job->request, err);
    if (status == SG_OK)
        status = choose_headers(job, err);
    if (status == SG_OK)
        status = sign(job, err);
    if (status == SG_OK)
        status = print_json(&job->signature, err);
    return status;
}

int cli_sign(int argc, char **argv)
{
    struct sign_job job = {0};
    struct sg_error err = {0};
    int result = read_options(argc, argv, &job.options);

    if (result != OPTIONS_GOOD)
        return result;
    (void)secret_init(); /* unlocked memory will do for a moment's work */
    result = run(&job, &err) == SG_OK ? EXIT_OK : EXIT_USAGE;
    if (result != EXIT_OK)
        fprintf(stderr, "sagegate sign: %s\n", err.text);
    sigv4_signer_free(job.signer);
    buffer_free(&job.input);
    secret_free(job.secret);
    secret_free(job.token);
    return result;
}
