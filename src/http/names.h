/*
 * The names of header fields that anything here asks for, and numbers for them: a head's parser finds out
 * once which each field has, so that nobody compares names again.
 */
#ifndef SAGEGATE_HTTP_NAMES_H
#define SAGEGATE_HTTP_NAMES_H

#include <stdint.h>

#include "base/slice.h"

/* Number, name, and its first and last letter, by which (and its length) it is found. */
#define HTTP_NAMES(NAME)                                                                                     \
    NAME(FIELD_AUTHORIZATION, "authorization", 'a', 'n')                                                     \
    NAME(FIELD_CONNECTION, "connection", 'c', 'n')                                                           \
    NAME(FIELD_CONTENT_ENCODING, "content-encoding", 'c', 'g')                                               \
    NAME(FIELD_CONTENT_LENGTH, "content-length", 'c', 'h')                                                   \
    NAME(FIELD_CONTENT_TYPE, "content-type", 'c', 'e')                                                       \
    NAME(FIELD_DATE, "date", 'd', 'e')                                                                       \
    NAME(FIELD_EXPECT, "expect", 'e', 't')                                                                   \
    NAME(FIELD_FORWARDED, "forwarded", 'f', 'd')                                                             \
    NAME(FIELD_HOST, "host", 'h', 't')                                                                       \
    NAME(FIELD_KEEP_ALIVE, "keep-alive", 'k', 'e')                                                           \
    NAME(FIELD_ORIGIN, "origin", 'o', 'n')                                                                   \
    NAME(FIELD_PROXY_AUTHENTICATE, "proxy-authenticate", 'p', 'e')                                           \
    NAME(FIELD_PROXY_AUTHORIZATION, "proxy-authorization", 'p', 'n')                                         \
    NAME(FIELD_PROXY_CONNECTION, "proxy-connection", 'p', 'n')                                               \
    NAME(FIELD_TE, "te", 't', 'e')                                                                           \
    NAME(FIELD_TRACEPARENT, "traceparent", 't', 't')                                                         \
    NAME(FIELD_TRAILER, "trailer", 't', 'r')                                                                 \
    NAME(FIELD_TRANSFER_ENCODING, "transfer-encoding", 't', 'g')                                             \
    NAME(FIELD_UPGRADE, "upgrade", 'u', 'e')                                                                 \
    NAME(FIELD_X_AMZ_CONTENT_SHA256, "x-amz-content-sha256", 'x', '6')                                       \
    NAME(FIELD_X_AMZ_DATE, "x-amz-date", 'x', 'e')                                                           \
    NAME(FIELD_X_AMZ_SECURITY_TOKEN, "x-amz-security-token", 'x', 'n')                                       \
    NAME(FIELD_X_AMZ_TARGET, "x-amz-target", 'x', 't')                                                       \
    NAME(FIELD_X_AMZN_ERRORTYPE, "x-amzn-errortype", 'x', 'e')                                               \
    NAME(FIELD_X_AMZN_REQUESTID, "x-amzn-requestid", 'x', 'd')                                               \
    NAME(FIELD_X_AMZN_TRACE_ID, "x-amzn-trace-id", 'x', 'd')                                                 \
    NAME(FIELD_X_HTTP_METHOD, "x-http-method", 'x', 'd')                                                     \
    NAME(FIELD_X_HTTP_METHOD_OVERRIDE, "x-http-method-override", 'x', 'e')                                   \
    NAME(FIELD_X_METHOD_OVERRIDE, "x-method-override", 'x', 'e')                                             \
    NAME(FIELD_X_ORIGINAL_URL, "x-original-url", 'x', 'l')                                                   \
    NAME(FIELD_X_REWRITE_URL, "x-rewrite-url", 'x', 'l')

#define HTTP_NAME_NUMBER(number, name, first, last) number,
enum http_name {
    FIELD_OTHER,
    HTTP_NAMES(HTTP_NAME_NUMBER)
    /* Any other name that begins so: */
    FIELD_X_AMZ,       /* "x-amz-" or "x-amzn-" */
    FIELD_X_FORWARDED, /* "x-forwarded-" */
    FIELD_SEC_FETCH,   /* "sec-fetch-" */
    HTTP_NAME_COUNT,
};
#undef HTTP_NAME_NUMBER
_Static_assert(HTTP_NAME_COUNT <= 64, "the names of a head are bits of one word");

/* A set of names, one bit each. */
#define HTTP_NAME_BIT(name) (UINT64_C(1) << (name))

/* Whatever the case of its letters. */
enum http_name http_name_of(struct slice name);

#endif
