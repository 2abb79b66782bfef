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

    exchange->admission = (struct admission){
        .config = exchange->proxy->config,
        .listener = client->listener,
        .owner = &exchange_identity(exchange)->owner,
        .caller = &client->caller,
        .head = &exchange->request,
        .memory = &exchange->admission_memory,
        .err = &exchange->error,
    };
    return follow(exchange, admission_by_head(&exchange->admission, &signer), EXCHANGE_READ_BODY);
}

enum exchange_state admit_by_body(struct exchange *exchange, enum exchange_state next)
{
    struct admission_signer signer = signer_of(exchange);
    enum admission_verdict verdict = admission_by_body(&exchange->admission, exchange->content, &signer);

    return follow(exchange, verdict, verdict == ADMISSION_NEEDS_SIGNER ? EXCHANGE_AWAIT_CREDENTIALS : next);
}
