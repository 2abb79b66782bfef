#include "config/ca_file.h"

#include <openssl/err.h>

enum sg_status ca_file_load(X509_STORE *store, const char *path, struct sg_error *err)
{
    const char *reason;
    unsigned long code;

    ERR_clear_error();
    if (X509_STORE_load_file(store, path) == 1)
        return SG_OK;
    code = ERR_peek_error(); /* the first: those after it only say where it was met */
    reason = ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code)) : ERR_reason_error_string(code);
    sg_fail(err, SG_INVALID, "%s: %s",
            ERR_SYSTEM_ERROR(code) ? "cannot be opened" : "is no file of certificates in PEM",
            reason ? reason : "the reason is not known");
    ERR_clear_error();
    return SG_INVALID;
}

void ca_file_check(const struct config *config, struct problems *problems)
{
    struct mark at = {config->tls_ca_file_line, config->tls_ca_file_column};
    X509_STORE *store = config->tls_ca_file ? X509_STORE_new() : NULL;
    struct sg_error err;

    if (config->tls_ca_file && !store)
        problem_error(problems, at, "memory is short");
    else if (store && ca_file_load(store, config->tls_ca_file, &err) != SG_OK)
        problem_error(problems, at, "ca_file %s %s", config->tls_ca_file, err.text);
    X509_STORE_free(store);
}
