/*
 * Local keys: a client that signs with a key of ours proves who it is, and has rules of its own. By the head
 * it is known whose key is claimed, and so what would be allowed; that the claim is true is known when the
 * body is hashed, before anything is signed with real keys.
 */
#include <openssl/crypto.h>
#include <stdlib.h>

#include "aws/sigv4_claim.h"
#include "base/clock.h"
#include "proxy/exchange.h"

enum { TOLERANCE_S = 5 * 60 };

void local_key_claim(struct exchange *exchange)
{
    const struct config_listener *listener = exchange->client->listener;
    const struct http_field *field =
        listener->client_count ? http_head_field(&exchange->request, FIELD_AUTHORIZATION) : NULL;
    struct sigv4_claim claim;

    if (!field || !sigv4_claim_parse(field->value, &claim))
        return;
    for (size_t i = 0; i < listener->client_count; i++) {
        const struct config_client *client = &listener->clients[i];

        if (slice_eq(claim.access_key_id, slice_cstr(client->access_key_id))) {
            exchange->local_key = client;
            exchange->rules = &exchange->proxy->config->listeners[client->rules];
            return;
        }
    }
}

static bool is_in_time(const struct sigv4_claim *claim, struct slice date)
{
    int64_t signed_at;

    return sigv4_parse_date(date, &signed_at) && slice_starts(date, claim->day) && claim->day.len == 8 &&
           llabs(signed_at - clock_wall_seconds()) <= TOLERANCE_S;
}

/* What the signature would be, were it made with the secret. */
static enum sg_status sign_again(struct exchange *exchange, const struct sigv4_claim *claim, const char *date,
                                 const struct http_field *fields, size_t count,
                                 struct sigv4_signature *signature)
{
    const struct config_client *client = exchange->local_key;
    const struct sigv4_keys keys = {slice_cstr(client->access_key_id), slice_cstr(client->secret),
                                    client->rules};
    const struct sigv4_request request = {.method = exchange->request.method,
                                          .path = exchange->request.path,
                                          .query = exchange->request.query,
                                          .headers = fields,
                                          .header_count = count,
                                          .payload_hash = slice_of(exchange->content_hash, 64)};

    return sigv4_sign(exchange->proxy->local_signer, &keys, &claim->scope, date, &request, signature,
                      &exchange->error);
}

static bool holds(struct exchange *exchange, const char **why)
{
    const struct http_head *head = &exchange->request;
    const struct http_field *authorization = http_head_field(head, FIELD_AUTHORIZATION);
    const struct http_field *date = http_head_field(head, FIELD_X_AMZ_DATE);
    struct http_field fields[HTTP_MAX_FIELDS];
    struct sigv4_signature signature;
    struct sigv4_claim claim;
    char text[SIGV4_DATE_LEN + 1];
    size_t count;
    bool same;

    *why = "its date is not within 5 minutes of this host's clock";
    if (!authorization || !date || !sigv4_claim_parse(authorization->value, &claim) ||
        !is_in_time(&claim, date->value))
        return false;
    *why = "not every header that decides is signed, once";
    if (!sigv4_claim_fields(&claim, head, fields, &count))
        return false;
    *why = "it was made with another secret, or of another request";
    memcpy(text, date->value.ptr, SIGV4_DATE_LEN);
    text[SIGV4_DATE_LEN] = '\0';
    same = sign_again(exchange, &claim, text, fields, count, &signature) == SG_OK &&
           CRYPTO_memcmp(signature.signature, claim.signature.ptr, SIGV4_SIGNATURE_LEN) == 0;
    sigv4_signer_wipe(exchange->proxy->local_signer);
    return same;
}

enum exchange_state local_key_check(struct exchange *exchange, enum exchange_state next)
{
    const char *why;

    if (!exchange->local_key || holds(exchange, &why))
        return next;
    return exchange_refuse(exchange, AWS_ERROR_SIGNATURE,
                           "The signature with the key %s of client %s does not hold: %s.",
                           exchange->local_key->access_key_id, exchange->rules->name, why);
}
