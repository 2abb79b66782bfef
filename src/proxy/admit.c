/* The admission of an exchange's request: what is known here of signer, time and client goes in. */
#include "base/clock.h"
#include "proxy/exchange.h"

static struct admission_signer signer_of(const struct exchange *exchange)
{
    const struct credentials *credentials = exchange_identity(exchange)->credentials;
    bool pending = !credentials || credentials->identity_pending;

    return (struct admission_signer){
        .identity = pending ? NULL : &credentials->identity,
        .pending = pending,
        .now = clock_wall_seconds() + exchange->proxy->clock_offset_s,
    };
}

static enum exchange_state follow(struct exchange *exchange, enum admission_verdict verdict,
                                  enum exchange_state next)
{
    if (verdict != ADMISSION_REFUSED)
        return next;
    exchange->refusal = exchange->admission.refusal;
    exchange->close_client = exchange->close_client || exchange->admission.close_client;
    return EXCHANGE_REFUSE;
}

enum exchange_state admit_by_head(struct exchange *exchange)
{
    struct client *client = exchange->client;
    struct admission_signer signer = signer_of(exchange);

    exchange->admitted_as = exchange_identity(exchange)->signers;
    mirror_leave(exchange->mirror);
    exchange->mirror = exchange->rules->mirror.wanted && exchange->proxy->mirror
                           ? mirror_use(exchange->proxy->mirror)
                           : NULL;
    exchange->admission = (struct admission){
        .config = exchange->proxy->config,
        .listener = exchange->rules,
        .owner = &exchange_identity(exchange)->owner,
        .caller = &client->caller,
        .head = &exchange->request,
        .memory = &exchange->admission_memory,
        .mirror = exchange->mirror,
        .err = &exchange->error,
    };
    return follow(exchange, admission_by_head(&exchange->admission, &signer), EXCHANGE_READ_BODY);
}

enum exchange_state admit_by_body(struct exchange *exchange, enum exchange_state next)
{
    uint64_t signers = exchange_identity(exchange)->signers;
    struct slice body = exchange->streaming ? (struct slice){NULL, 0} : exchange->content;
    struct admission_signer signer;
    enum admission_verdict verdict;

    if (exchange->admission.decided && exchange->admitted_as == signers)
        return next;
    if (!exchange_identity(exchange)->owner.account.len)
        return EXCHANGE_AWAIT_CREDENTIALS; /* maybe of another account, and so are the resources then */
    if (exchange->admission.decided)
        admission_forget(&exchange->admission);
    exchange->admitted_as = signers;
    signer = signer_of(exchange);
    verdict = admission_by_body(&exchange->admission, body, &signer);
    if (verdict == ADMISSION_NEEDS_BODY)
        return exchange_refuse(exchange, AWS_ERROR_UNAVAILABLE,
                               "sagegate's credentials have become another caller's while the request came, "
                               "and the policy decides on its body for this one; try again.");
    return follow(exchange, verdict, verdict == ADMISSION_NEEDS_SIGNER ? EXCHANGE_AWAIT_CREDENTIALS : next);
}
