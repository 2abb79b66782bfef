/*
 * Whose keys requests are signed with: the newest snapshot of each identity, and the exchanges that wait for
 * a word on it, because there are no keys, newer ones are looked for, or the account is not known yet.
 */
#include <stdio.h>
#include <stdlib.h>

#include "proxy/exchange.h"

static void set_account(struct identity *identity, struct slice account)
{
    if (account.len >= sizeof(identity->account))
        account = SLICE("");
    if (account.len)
        memcpy(identity->account, account.ptr, account.len);
    identity->account[account.len] = '\0';
    identity->owner.account = slice_of(identity->account, account.len);
}

bool identities_new(struct proxy *proxy)
{
    const struct config *config = proxy->config;
    size_t count = config_identity_count(config);

    proxy->identities = calloc(count, sizeof(*proxy->identities));
    for (size_t i = 0; proxy->identities && i < count; i++) {
        struct identity *identity = &proxy->identities[i];

        LIST_INIT(&identity->awaiting);
        snprintf(identity->why, sizeof(identity->why), "No source has answered yet.");
        identity->owner.region = slice_cstr(config->region);
        identity->owner.partition = aws_partition(identity->owner.region);
        set_account(identity, config_identity_account(config, config_identity(config, i)));
        identity->signer = sigv4_signer_new();
        if (!identity->signer)
            return false;
    }
    return proxy->identities != NULL;
}

void identities_free(struct proxy *proxy)
{
    for (size_t i = 0; proxy->identities && i < config_identity_count(proxy->config); i++) {
        sigv4_signer_free(proxy->identities[i].signer);
        credentials_unref(proxy->identities[i].credentials);
    }
    free(proxy->identities);
}

static bool same_signer(const struct credentials *a, const struct credentials *b)
{
    return a && b && a->identity_pending == b->identity_pending &&
           caller_identity_equal(&a->identity, &b->identity);
}

void proxy_set_credentials(struct proxy *proxy, size_t index, struct credentials *current, const char *why)
{
    struct identity *identity = &proxy->identities[index];
    struct exchange *exchange, *next;

    if (!current || !identity->credentials || current->generation != identity->credentials->generation)
        sigv4_signer_forget(identity->signer);
    if (!same_signer(identity->credentials, current))
        identity->signers++;
    credentials_unref(identity->credentials);
    identity->credentials = current;
    identity->renewal_asked = false;
    sg_word(identity->why, sizeof(identity->why), "%s", why ? why : "");
    if (current)
        set_account(identity, current->identity.account); /* one that other keys were of says nothing */
    for (exchange = LIST_FIRST(&identity->awaiting); exchange; exchange = next) {
        next = LIST_NEXT(exchange, link); /* one that waits on joins again at the front */
        exchange_stop_awaiting(exchange);
        exchange_run(exchange);
    }
}

void proxy_set_successors_credentials(struct proxy *proxy, size_t index, struct credentials *current,
                                      const char *why)
{
    const char *name = config_identity(proxy->successor->config, index)->name;

    for (size_t i = 0; i < config_identity_count(proxy->config); i++) {
        const char *own = config_identity(proxy->config, i)->name;

        if (slice_eq(slice_cstr(own), slice_cstr(name))) {
            proxy_set_credentials(proxy, i, current, why);
            return;
        }
    }
    credentials_unref(current);
}

void exchange_await_word(struct exchange *exchange)
{
    if (!exchange->awaiting)
        LIST_INSERT_HEAD(&exchange_identity(exchange)->awaiting, exchange, link);
    exchange->awaiting = true;
}

void exchange_stop_awaiting(struct exchange *exchange)
{
    if (exchange->awaiting)
        LIST_REMOVE(exchange, link);
    exchange->awaiting = false;
}

enum exchange_state exchange_refuse_unsigned(struct exchange *exchange)
{
    const struct identity *identity = exchange_identity(exchange);

    if (identity->credentials)
        return exchange_refuse(
            exchange, AWS_ERROR_UNAVAILABLE,
            "sagegate does not know yet whose its credentials are: STS has not answered; try again.");
    return exchange_refuse(exchange, AWS_ERROR_UNAVAILABLE,
                           "sagegate has no credentials to sign with, and keeps looking; try again. %s",
                           identity->why);
}

enum exchange_state step_await_account(struct exchange *exchange)
{
    if (exchange_identity(exchange)->owner.account.len)
        return EXCHANGE_ADMIT;
    exchange_await_word(exchange);
    return EXCHANGE_AWAIT_ACCOUNT;
}

enum exchange_state step_await_credentials(struct exchange *exchange)
{
    enum exchange_state next = EXCHANGE_AWAIT_CREDENTIALS;

    if (exchange_identity(exchange)->credentials)
        next = admit_by_body(exchange, EXCHANGE_CONNECT); /* what hung on whose they are is decided now */
    if (next == EXCHANGE_AWAIT_CREDENTIALS)
        exchange_await_word(exchange);
    return next;
}
