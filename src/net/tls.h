/*
 * TLS towards the endpoint: one client context a worker, from the configuration. The peer's chain and name
 * are always verified; there is no switch for it.
 */
#ifndef SAGEGATE_NET_TLS_H
#define SAGEGATE_NET_TLS_H

#include <openssl/ssl.h>

#include "base/error.h"
#include "config/config.h"

/*
 * TLS 1.2 or 1.3 as configured, the configured CA file or the system's. The context keeps the newest session
 * of each connection made through tls_connection_new() for resumption. NULL with err.
 */
SSL_CTX *tls_context_new(const struct config *config, struct sg_error *err);

/* A client connection on fd to be verified as host (DNS name or address literal); *session, when not NULL, is
   resumed, and replaced by each newer one (owned by the caller, who must outlive the connection). NULL on
   failure. */
SSL *tls_connection_new(SSL_CTX *context, int fd, const char *host, SSL_SESSION **session);

/*
 * What went wrong in the last OpenSSL call on this thread, for a person; names the certificate's fault if it
 * was one, and the names that it has when the right one is not among them. default_host (may be NULL) is the
 * service's usual name: an endpoint whose certificate has that one is not to be called by another. Empties
 * OpenSSL's error queue.
 */
void tls_explain(const SSL *ssl, int ssl_error, const char *default_host, char *text, size_t size);

#endif
