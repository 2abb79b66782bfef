#include "net/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "config/ca_file.h"
#include "net/socket_address.h"
#include "net/socket_bio.h"

/* Where a connection's sessions go: SSL_SESSION **. */
static int session_index = -1;
static pthread_once_t session_index_once = PTHREAD_ONCE_INIT;

/* The certificate that was refused: X509 *, owned by the connection. */
static int refused_index = -1;

static void free_refused(void *parent, void *refused, CRYPTO_EX_DATA *data, int index, long argl, void *argp)
{
    (void)parent;
    (void)data;
    (void)index;
    (void)argl;
    (void)argp;
    X509_free(refused);
}

static void make_session_index(void)
{
    session_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    refused_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, free_refused);
}

/* Changes nothing of the verdict; keeps the certificate that has the wrong name, to say which it has. */
static int on_verified(int good, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    X509 *certificate = X509_STORE_CTX_get0_cert(store);

    if (!good && ssl && certificate && !SSL_get_ex_data(ssl, refused_index) &&
        X509_up_ref(certificate) == 1 && SSL_set_ex_data(ssl, refused_index, certificate) != 1)
        X509_free(certificate);
    return good;
}

/* A copy is kept, and a copy is offered: OpenSSL spoils the session of a connection that ends without a
   closure alert, and many do. */
static int on_new_session(SSL *ssl, SSL_SESSION *session)
{
    SSL_SESSION **keep = SSL_get_ex_data(ssl, session_index);
    SSL_SESSION *copy = keep ? SSL_SESSION_dup(session) : NULL;

    if (copy) {
        SSL_SESSION_free(*keep);
        *keep = copy;
    }
    return 0; /* no reference to the original is kept */
}

static bool offer_session(SSL *ssl, const SSL_SESSION *session)
{
    SSL_SESSION *copy = session ? SSL_SESSION_dup(session) : NULL;
    bool offered = !session || (copy && SSL_set_session(ssl, copy) == 1);

    SSL_SESSION_free(copy);
    return offered;
}

static enum sg_status trust(SSL_CTX *context, const char *ca_file, struct sg_error *err)
{
    struct sg_error why;

    if (ca_file && ca_file_load(SSL_CTX_get_cert_store(context), ca_file, &why) != SG_OK)
        return sg_fail(err, why.status, "tls.ca_file %s %s", ca_file, why.text);
    if (!ca_file && SSL_CTX_set_default_verify_paths(context) != 1)
        return sg_fail(err, SG_IO, "the system's CA certificates cannot be loaded");
    return SG_OK;
}

SSL_CTX *tls_context_new(const struct config *config, struct sg_error *err)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());

    if (!context || SSL_CTX_set_min_proto_version(context, config->tls_min_version) != 1) {
        sg_fail(err, SG_NO_MEMORY, "TLS set-up failed");
        goto fail;
    }
    pthread_once(&session_index_once, make_session_index);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, on_verified);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    /* One recv(2) for a record's head and body, instead of two. */
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, on_new_session);
    if (trust(context, config->tls_ca_file, err) != SG_OK)
        goto fail;
    return context;
fail:
    SSL_CTX_free(context);
    return NULL;
}

SSL *tls_connection_new(SSL_CTX *context, int fd, const char *host, SSL_SESSION **session)
{
    SSL *ssl = SSL_new(context);
    BIO *bio = socket_bio_new(fd);
    union socket_address literal;
    int named;

    if (!ssl || !bio) {
        SSL_free(ssl);
        BIO_free(bio);
        return NULL;
    }
    SSL_set_bio(ssl, bio, bio);
    if (socket_address_parse(host, 0, &literal))
        named = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host);
    else
        /* The macro drops const; the name is only read. */
        named = SSL_set_tlsext_host_name(ssl, (char *)(uintptr_t)host) && SSL_set1_host(ssl, host);
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (named != 1 || SSL_set_ex_data(ssl, session_index, session) != 1 || !offer_session(ssl, *session)) {
        SSL_free(ssl);
        return NULL;
    }
    SSL_set_connect_state(ssl);
    return ssl;
}

/* The DNS names in the certificate, as many as there is room for. */
static void list_names(const X509 *certificate, char *text, size_t size)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    size_t len = 0;

    text[0] = '\0';
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        const ASN1_STRING *dns = name->d.dNSName;
        int n;

        if (name->type != GEN_DNS)
            continue;
        n = snprintf(text + len, size - len, "%s%.*s", len ? ", " : "", ASN1_STRING_length(dns),
                     (const char *)ASN1_STRING_get0_data(dns));
        if (n < 0 || (size_t)n >= size - len) {
            text[len] = '\0';
            break;
        }
        len += (size_t)n;
    }
    GENERAL_NAMES_free(names);
}

static void explain_names(X509 *certificate, const char *default_host, char *text, size_t size)
{
    char names[160];

    list_names(certificate, names, sizeof(names));
    if (default_host && X509_check_host(certificate, default_host, 0, 0, NULL) == 1)
        snprintf(
            text, size,
            "the endpoint's certificate is for the default name %s only: call it by that name (private_dns: "
            "true, with private DNS names enabled for the endpoint)",
            default_host);
    else
        snprintf(text, size, "the certificate is for another host%s%s", names[0] ? ": " : "", names);
}

static void explain_certificate(const SSL *ssl, long verified, const char *default_host, char *text,
                                size_t size)
{
    X509 *refused = SSL_get_ex_data(ssl, refused_index);

    if (refused && (verified == X509_V_ERR_HOSTNAME_MISMATCH || verified == X509_V_ERR_IP_ADDRESS_MISMATCH))
        explain_names(refused, default_host, text, size);
    else
        snprintf(text, size, "certificate: %s", X509_verify_cert_error_string(verified));
}

void tls_explain(const SSL *ssl, int ssl_error, const char *default_host, char *text, size_t size)
{
    int system_error = errno;
    long verified = ssl ? SSL_get_verify_result(ssl) : X509_V_OK;
    unsigned long code = ERR_peek_last_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;

    if (verified != X509_V_OK)
        explain_certificate(ssl, verified, default_host, text, size);
    else if (reason)
        snprintf(text, size, "%s", reason);
    else if (code && ERR_SYSTEM_ERROR(code))
        snprintf(text, size, "%s", strerror(ERR_GET_REASON(code)));
    else if (ssl_error == SSL_ERROR_SYSCALL && system_error)
        snprintf(text, size, "%s", strerror(system_error));
    else
        snprintf(text, size, "the connection was closed");
    ERR_clear_error();
}
