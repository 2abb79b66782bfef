/*
 * A socket under TLS, read and written by recv(2) and send(2). OpenSSL's own socket BIO uses read(2) and
 * write(2), which take a longer way through the kernel (measured: 4 % of a small request), and raise SIGPIPE.
 */
#ifndef SAGEGATE_NET_SOCKET_BIO_H
#define SAGEGATE_NET_SOCKET_BIO_H

#include <openssl/bio.h>

/* For a non-blocking socket, which stays the caller's to close. NULL when memory is short. */
BIO *socket_bio_new(int fd);

#endif
