/* The authorities that endpoints are verified by: from tls.ca_file, alike when it is checked and when it is
 * used. */
#ifndef SAGEGATE_CONFIG_CA_FILE_H
#define SAGEGATE_CONFIG_CA_FILE_H

#include <openssl/x509_vfy.h>

#include "config/problems.h"

/* Adds the certificates of a PEM file to the store. On failure err's text goes on after the file's name. */
enum sg_status ca_file_load(X509_STORE *store, const char *path, struct sg_error *err);

/* Reports what would keep tls.ca_file from being used. */
void ca_file_check(const struct config *config, struct problems *problems);

#endif
