/*
 * A socket under TLS, read and written by recv(2) and send(2). OpenSSL's own socket BIO uses read(2) and
 * write(2), which take a longer way through the kernel (measured: 4 % of a small request), and raise SIGPIPE.
 */
#ifndef SAGEGATE_NET_SOCKET_BIO_H
#define SAGEGATE_NET_SOCKET_BIO_H

#include <openssl/bio.h>
#include <stdbool.h>

/* For a non-blocking socket, which stays the caller's to close. NULL when memory is short. */
BIO *socket_bio_new(int fd);

/* Whether what is written from now on is followed by more at once: then the kernel fills a segment before it
 * sends it (MSG_MORE), where each record of a large body would be one (measured: 7 % of 1 and of 25 MiB). */
void socket_bio_more(BIO *bio, bool more);

#endif
