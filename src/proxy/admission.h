/*
 * Who, what, allowed? What is decided of one request, by its head and, where that is not enough, by its body:
 * no socket, no clock, no log, so that the proxy and `sagegate explain` decide by the same code.
 */
#ifndef SAGEGATE_PROXY_ADMISSION_H
#define SAGEGATE_PROXY_ADMISSION_H

#include "aws/condition_keys.h"
#include "aws/error.h"
#include "config/config.h"
#include "mirror/mirror.h"
#include "proxy/caller.h"

enum admission_verdict {
    ADMISSION_GRANTED,
    ADMISSION_REFUSED,      /* `refusal`, and why in err */
    ADMISSION_NEEDS_BODY,   /* the head does not tell: admission_by_body() decides */
    ADMISSION_NEEDS_SIGNER, /* it hangs on whose credentials will sign: admission_by_body() when they are here
                             */
};

/* What a denial was decided by, beside the request itself: for whoever is to write the missing statement. */
struct admission_asked {
    struct buffer principal; /* the ARN; empty: not known */
    struct buffer context;   /* a JSON object of the condition keys that the policies name, …: a string, a
                                list, or null when the request has none; empty when they name none; one that is
                                longer than a line of the log ends anywhere */
    struct buffer unknown;   /* … and those that only AWS can know, parted by blanks */
};

/* Kept from request to request. */
struct admission_memory {
    struct buffer query; /* canonical, without presign parameters */
    struct resource_list resources;
    struct admission_asked asked; /* of the last request that was denied */
};

/* As whom and when. */
struct admission_signer {
    const struct caller_identity *identity; /* whose the credentials are; NULL: not known */
    bool pending;                           /* there are no credentials yet */
    int64_t now;                            /* wall seconds */
};

struct admission {
    /* Given; all of it must live as long as this does. */
    const struct config *config;
    const struct config_listener *listener;
    const struct resource_owner *owner;
    const struct caller *caller; /* who speaks on the connection; NULL: nobody knows */
    struct http_head *head;      /* its query becomes the canonical one */
    struct admission_memory *memory;
    const struct mirror *mirror; /* the VPC endpoints' policies, where the listener wants them; NULL: none */
    struct sg_error *err;

    /* Found. */
    struct operation_match match; /* operation is NULL while not known */
    bool needs_body;              /* JSON that decides */
    bool decided;
    enum policy_decision decision; /* of the policies, when decided */
    struct policy_reason reason;
    bool presigned_url;    /* the operation hands out a URL that works from outside the network, … */
    bool presigned_denied; /* … which the listener does not let through */
    bool audited;          /* granted only because of mode: audit; err says why it would have been refused */
    bool close_client;     /* after the answer */
    enum aws_error refusal;
};

/* What the head alone can refuse is refused, and what it can decide is decided. */
enum admission_verdict admission_by_head(struct admission *a, const struct admission_signer *signer);

/* With the whole body; what is decided stands, also when asked again. ADMISSION_NEEDS_BODY only when body.ptr
 * is NULL: it is not here. */
enum admission_verdict admission_by_body(struct admission *a, struct slice body,
                                         const struct admission_signer *signer);

/* What was decided does not stand: another will sign than it was decided for. */
void admission_forget(struct admission *a);

/* The name of the policy that decided: its file, or the VPC endpoint whose it is. */
const char *admission_policy_name(const struct admission *a);

/* The policies that must allow the request, as far as they are known: the listener's, then that of the VPC
 * endpoint it goes through, where the listener wants it. */
size_t admission_policy_count(const struct admission *a);
const struct policy *admission_policy(const struct admission *a, size_t i);

/* Of the request's resources, the i-th (from 0). */
struct slice admission_resource(const struct admission *a, size_t i);

/* What follows for condition keys from where the operation's requests go. */
struct key_host admission_host(const struct admission *a, const struct admission_signer *signer);

void admission_memory_free(struct admission_memory *memory);

/* For the files of the admission: */

/* Fills err and refusal; the arguments may lie in err. */
enum admission_verdict admission_refuse(struct admission *a, enum aws_error error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* forgery.c: whether a Host field's value is one of the listener's names: localhost, a loopback address, its
 * own address, or one of its `hosts`; with any port. */
bool forgery_is_own_host(const struct config_listener *listener, struct slice authority);

/* Refuses what a browser or another server made. */
enum admission_verdict forgery_check(struct admission *a);

/* decision.c: asks the policies. body is NULL while only the head is here. */
enum admission_verdict decision_make(struct admission *a, json_t *body,
                                     const struct admission_signer *signer);

/* asked.c: fills memory->asked. */
void asked_note(struct admission *a, struct condition_keys *keys, const struct admission_signer *signer);
void asked_free(struct admission_asked *asked);

/* What was decided. */
enum admission_verdict decision_verdict(const struct admission *a);

#endif
