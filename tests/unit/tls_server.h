/* A double of an HTTPS service: one thread, one connection at a time, each answered with the next scripted
 * bytes. */
#ifndef SAGEGATE_TESTS_UNIT_TLS_SERVER_H
#define SAGEGATE_TESTS_UNIT_TLS_SERVER_H

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/slice.h"

#include "unit/unit.h"

enum { TLS_SERVER_REQUESTS = 8 };

struct tls_server {
    char ca_file[200];
    uint16_t port;
    int listener;
    pthread_t thread;
    SSL_CTX *context;
    const char *answers[TLS_SERVER_REQUESTS]; /* NULL: none, until the client gives up */
    unsigned count;                           /* of answered or refused connections */
    char requests[TLS_SERVER_REQUESTS][8192];
};

/* A certificate for 127.0.0.1 that is its own authority. */
static inline void tls_server_certify(struct tls_server *server)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_EXTENSION *san = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");
    const char *place = getenv("TMPDIR");
    FILE *file;
    int fd;

    assert_true(key && certificate && san);
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"double", -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_set_pubkey(certificate, key);
    X509_add_ext(certificate, san, -1);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    snprintf(server->ca_file, sizeof(server->ca_file), "%s/sagegate-test-XXXXXX", place ? place : P_tmpdir);
    fd = mkstemp(server->ca_file);
    file = fdopen(fd, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, certificate), 1);
    fclose(file);
    server->context = SSL_CTX_new(TLS_server_method());
    assert_int_equal(SSL_CTX_use_certificate(server->context, certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(server->context, key), 1);
    X509_EXTENSION_free(san);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

/* A whole request, by its Content-Length, if it has one. */
static inline bool tls_server_has_whole(const char *request)
{
    const char *end = strstr(request, "\r\n\r\n");
    const char *length = strstr(request, "Content-Length: ");

    return end && strlen(end + 4) >= (length ? strtoul(length + 16, NULL, 10) : 0);
}

static inline void tls_server_serve(struct tls_server *server, SSL *ssl)
{
    char *request = server->requests[server->count % TLS_SERVER_REQUESTS];
    const char *answer = server->answers[server->count % TLS_SERVER_REQUESTS];
    size_t len = 0;
    int n = 1;

    server->count++;
    request[0] = '\0';
    while (n > 0 && !tls_server_has_whole(request) && len < sizeof(server->requests[0]) - 1) {
        n = SSL_read(ssl, request + len, (int)(sizeof(server->requests[0]) - 1 - len));
        len += n > 0 ? (size_t)n : 0;
        request[len] = '\0';
    }
    if (answer) {
        (void)SSL_write(ssl, answer, (int)strlen(answer));
        (void)SSL_shutdown(ssl);
    } else {
        char byte;

        while (SSL_read(ssl, &byte, 1) > 0)
            ;
    }
}

/* Ends when the listener is shut down. */
static inline void *tls_server_run(void *user)
{
    struct tls_server *server = user;
    int fd;

    while ((fd = accept(server->listener, NULL, NULL)) >= 0) {
        SSL *ssl = SSL_new(server->context);

        SSL_set_fd(ssl, fd);
        if (SSL_accept(ssl) == 1)
            tls_server_serve(server, ssl);
        else
            server->count++;
        SSL_free(ssl);
        close(fd);
    }
    return NULL;
}

static inline void tls_server_start(struct tls_server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof(address);

    memset(server, 0, sizeof(*server));
    tls_server_certify(server);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(server->listener, 8), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &length), 0);
    server->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&server->thread, NULL, tls_server_run, server), 0);
}

static inline void tls_server_stop(struct tls_server *server)
{
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listener);
    SSL_CTX_free(server->context);
    unlink(server->ca_file);
}

#endif
