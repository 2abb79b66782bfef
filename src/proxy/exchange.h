/*
 * What the files of this folder share: a worker's proxy, a client's connection, and the exchange (one request
 * and its response). exchange.c has the states and their order; the others do one part each.
 */
#ifndef SAGEGATE_PROXY_EXCHANGE_H
#define SAGEGATE_PROXY_EXCHANGE_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <openssl/evp.h>
#include <sys/queue.h>
#include <sys/uio.h>

#include "aws/denial.h"
#include "aws/error.h"
#include "aws/operation.h"
#include "aws/rejection.h"
#include "aws/resource.h"
#include "aws/sigv4.h"
#include "base/buffer.h"
#include "http/body.h"
#include "http/head.h"
#include "net/deadline.h"
#include "net/upstream.h"
#include "policy/policy.h"
#include "proxy/admission.h"
#include "proxy/caller.h"
#include "proxy/metrics.h"
#include "proxy/proxy.h"
#include "proxy/quota.h"

struct resolver;

/* What may take only so long. */
enum patience_kind {
    PATIENCE_NONE,
    PATIENCE_HEAD,        /* a client, to send a whole head */
    PATIENCE_CLIENT,      /* to send or take bytes */
    PATIENCE_CREDENTIALS, /* to be there */
    PATIENCE_ENDPOINT,    /* to answer, and to go on answering */
    PATIENCE_IDLE,        /* a client between requests */
    PATIENCE_LINGER,      /* a client to close after us */
    PATIENCE_DRAIN,       /* a client's next request, when we are about to end */
    PATIENCE_COUNT,
};

enum { ACCOUNT_DIGITS = 12 };

/* Whose keys requests are signed with: those of the listeners that name it. */
struct identity {
    struct credentials *credentials; /* NULL: there are none, … */
    char why[SG_TEXT];               /* … for this reason */
    bool renewal_asked;              /* and not yet answered */
    uint64_t signers;                /* grows when whose the credentials are becomes another, or known */
    struct sigv4_signer *signer;
    struct resource_owner owner; /* of the resources that requests name; account is empty while unknown */
    char account[ACCOUNT_DIGITS + 1]; /* what owner.account points to */
    LIST_HEAD(, exchange) awaiting;   /* credentials, newer ones, or to know the account */
};

enum {
    EXCHANGE_KEEP_BUFFER = 64 * 1024, /* a buffer that has grown beyond it is given back */
    BODY_SPARES = 8,
};

struct body_memory {
    uint64_t budget;             /* this worker's part of limits.buffer_memory, at least one body */
    uint64_t reserved;           /* for bodies */
    TAILQ_HEAD(, exchange) line; /* who waits */
    struct buffer spare[BODY_SPARES];
    size_t spare_count, spare_bytes;
    bool used; /* since the timer last fired */
    const struct timeval *moment;
    struct event timer; /* to free the spares, and give the system what is free */
};

/* Exchanges that write together, by their clients: see batch.c. */
struct batch {
    TAILQ_HEAD(, client) clients;
    unsigned count;
    struct event release;
};

struct proxy {
    struct event_base *base;
    const struct config *config;
    struct resolver *resolver;
    int diag_fd; /* asks the kernel who callers are; -1: nobody needs to know */
    SSL_CTX *tls;
    struct upstream *upstreams[AWS_SERVICE_COUNT]; /* NULL: not configured */
    struct identity *identities;                   /* by config_identity()'s numbers */
    struct mirror *mirror;                         /* the policies of the VPC endpoints; NULL: none */
    int64_t date_seconds;
    char date[SIGV4_DATE_LEN + 1]; /* of date_seconds, for X-Amz-Date; "" at first */
    EVP_MD *sha256;
    proxy_renew *renew;
    void *renew_user;
    int64_t clock_offset_s; /* added to the wall clock to sign by the service's: 0 while ours is right */
    uint64_t limits_us[PATIENCE_COUNT];
    uint64_t now_us; /* when this turn of an exchange began: what moves in it moves then */
    struct body_memory body_memory;
    struct batch batch;
    LIST_HEAD(, client) clients;
    size_t client_count;
    struct quota *quota;         /* of all workers' clients */
    LIST_HEAD(, exchange) spare; /* kept, with their buffers, for the next request */
    size_t spare_count;
    struct sigv4_signer *local_signer;      /* checks the signatures of local keys */
    uint64_t request_seed, request_counter; /* for request ids */
    struct proxy_metrics *metrics;
    unsigned unlogged; /* requests since the last one of log.sample */
    bool draining;
    struct proxy *successor; /* retired: who takes over the clients */
    proxy_empty *empty;
    void *empty_user;
};

/* A client's connection. An idle one holds no buffer and no exchange. */
struct client {
    struct proxy *proxy;
    const struct config_listener *listener;
    struct caller caller;
    struct quota_seat seat;
    int fd;
    bool readable;    /* the socket may have bytes, or its end */
    bool emptied;     /* the last read took all there was: nothing but a reset can be there */
    bool half_closed; /* the kernel has told that the end is near */
    bool eof;
    bool lingering; /* closing: what still comes is thrown away, so that our answer is not reset */
    size_t lingered;
    struct exchange *exchange;
    bool in_batch;
    TAILQ_ENTRY(client) batch;
    struct event io;          /* edge-triggered, both directions, for the socket's whole life */
    struct deadline deadline; /* idle, or lingering */
    LIST_ENTRY(client) link;
};

enum exchange_state {
    EXCHANGE_READ_HEAD,
    EXCHANGE_AWAIT_ACCOUNT, /* of which the ARNs of resources are made */
    EXCHANGE_ADMIT,
    EXCHANGE_READ_BODY,
    EXCHANGE_AWAIT_CREDENTIALS,
    EXCHANGE_CONNECT,
    EXCHANGE_SEND,
    EXCHANGE_READ_PIECE, /* of a body that goes on as it comes */
    EXCHANGE_READ_RESPONSE,
    EXCHANGE_READ_REJECTION, /* a small error, which may reject keys or clock */
    EXCHANGE_AWAIT_RENEWAL,  /* of the keys that were rejected */
    EXCHANGE_RELAY,
    EXCHANGE_REFUSE,  /* an error of our own is the answer */
    EXCHANGE_DISCARD, /* the rest of a refused request's body */
    EXCHANGE_DONE,
    EXCHANGE_ABORT, /* nothing more can be said to the client */
};

enum body_progress {
    BODY_BLOCKED,
    BODY_COMPLETE,
    BODY_TOO_LARGE, /* limits.max_body */
    BODY_BAD,       /* framing */
    BODY_GONE,      /* the client closed before its end */
    BODY_CHANGED,   /* its SHA-256 is not the one that the client has declared */
    BODY_NO_MEMORY,
};

enum { EXCHANGE_OUT_MAX = 4, EXCHANGE_REQUEST_ID = 36 };

struct exchange {
    /* All zero at the start of each request, down to `client`. */
    enum exchange_state state;
    bool timed_out;
    const struct config_listener *rules;   /* by which it is decided: the listener's, or a client's of it */
    const struct config_client *local_key; /* whose signature it claims to have; NULL: it doesn't matter */
    bool has_place;                        /* counted in the metrics' places_taken */
    bool awaiting;                         /* linked in its identity's list */
    bool close_client;                     /* after this exchange */
    uint64_t start_us;
    uint64_t progress_us;                    /* when a byte last moved, or the state changed */
    uint64_t entered_us[EXCHANGE_ABORT + 1]; /* each state, at last; 0: never */
    uint64_t spent_us[EXCHANGE_ABORT + 1];   /* in each, altogether: the sum is the request's time */
    uint64_t queued_us, left_us;             /* in line for memory: from; until, when it is over */
    size_t budget;                           /* bytes this turn of the loop may still spend here */
    size_t scanned;
    struct slice leftover; /* bytes of the next request (pipelining) */

    bool body_begun;
    bool body_in_head; /* the body lies whole in `in` */
    bool streaming;    /* it goes on as it comes, signed with the hash that the client has declared */
    bool discarding;   /* what comes of it is not kept */
    enum body_progress body_progress;
    uint64_t body_bytes;  /* decoded so far */
    struct slice content; /* the decoded body, when read to its end; a piece of it when streaming */

    struct admission admission;
    struct mirror *mirror; /* that it is decided by: used */
    uint64_t admitted_as;  /* its identity's `signers` then: what was decided stands for this one alone */
    enum aws_error refusal;
    bool refused;                /* an answer of our own is queued, or sent: the refusal, … */
    bool vended;                 /* … or a local key */
    int status;                  /* that the client was told */
    enum aws_denial denied_by;   /* by the service's word, though the policies here allow it */
    enum aws_rejection rejected; /* our signature, by the service, in the end: for keys or clock */

    struct upstream_connection *upstream;
    bool connected, connect_failed;
    bool fresh; /* the next connection must be a new one */
    bool retried;
    bool keys_rejected;      /* once: it was tried to better them, … */
    bool renewed, reclocked; /* … and the request was sent again with newer ones; with a corrected clock */
    uint64_t signed_generation; /* of the credentials */
    int64_t signed_at;          /* wall seconds, by the service's clock as far as it is known */
    bool spoilt;                /* the connection can't be used again */
    size_t sent;                /* of `out`, then of content from content_from on */
    size_t content_from;        /* what lies before it is in `out` */

    bool let_others_send, let_others_answer; /* done once */
    bool heard; /* an interim answer of this connection: the service has the request */
    size_t received_scanned;
    bool response_started; /* bytes of the answer may have gone to the client */
    bool response_done;    /* read to its end; what is queued may still be on its way */
    bool undecoded;        /* `raw` holds bytes from the endpoint */
    size_t raw;            /* their count, right after the head in `received` */
    bool rechunk;
    uint64_t response_bytes;
    int to_client_count;
    int held; /* bytes that the kernel held for the client when it took no more */

    /* Kept from request to request. */
    struct client *client;
    struct proxy *proxy;
    struct deadline deadline;
    enum patience_kind armed;  /* what the deadline is for */
    LIST_ENTRY(exchange) link; /* in its identity's list, or spare */
    EVP_MD_CTX *hash;
    struct buffer in; /* does not move once the head is parsed: `request` points into it */
    struct http_head request;
    struct http_body request_framing;
    struct buffer body; /* when it does not lie whole in `in` */
    uint64_t reserved;  /* of the budget for bodies; what is wanted while in_line */
    bool in_line;
    TAILQ_ENTRY(exchange) line;
    struct admission_memory admission_memory;
    struct buffer out;      /* request head, and a small body; holds the session token: `secret` */
    struct buffer received; /* response head, then content as it passes */
    struct http_head response;
    struct http_body response_framing;
    struct buffer answer_head; /* what goes to the client before content */
    struct iovec to_client[EXCHANGE_OUT_MAX];
    char chunk_line[20];
    char content_hash[65]; /* SHA-256 in hex */
    char peer[64];         /* of the endpoint, for the log */
    const char *zone;      /* likewise, the own zone's name when the peer is in it; else NULL */
    char request_id[EXCHANGE_REQUEST_ID + 1];
    struct sg_error error; /* the message of a refusal, or of a failure */
};

/* exchange.c */
/* For the bytes that wait at an idle client, and those received already, which are copied. NULL when memory
 * is short. */
struct exchange *exchange_start(struct client *client, struct slice received);
/* Goes on as far as it can. The exchange and its client may be gone when it returns. */
void exchange_run(struct exchange *exchange);
/* The same, by the time that was read last. */
void exchange_go_on(struct exchange *exchange);
void exchange_free(struct exchange *exchange);
void exchange_free_spare(struct proxy *proxy);
/* Counts bytes against this turn's budget; true when it is used up: the exchange has been asked to run in the
 * next. */
bool exchange_spend(struct exchange *exchange, size_t bytes);
/* Gives the connection back to the pool when it can be used again, else closes it. */
void exchange_leave_upstream(struct exchange *exchange);
/* Sets what the client will be told; returns EXCHANGE_REFUSE. err's text is the message. */
enum exchange_state exchange_refuse(struct exchange *exchange, enum aws_error error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* patience.c */
void patience_init(struct exchange *exchange);
/* From now on it waits for these; PATIENCE_NONE: for nobody. */
void patience_arm(struct exchange *exchange, enum patience_kind kind);
/* The time is over: the state that follows. */
enum exchange_state patience_end(struct exchange *exchange);

/* identity.c */
bool identities_new(struct proxy *proxy); /* false when memory is short or OpenSSL fails */
void identities_free(struct proxy *proxy);
static inline struct identity *exchange_identity(const struct exchange *exchange)
{
    return &exchange->proxy->identities[exchange->rules->identity];
}
/* Runs again with the next word on the credentials of its identity. */
void exchange_await_word(struct exchange *exchange);
void exchange_stop_awaiting(struct exchange *exchange);
/* exchange_refuse(), because there are no credentials, or the account is not known. */
enum exchange_state exchange_refuse_unsigned(struct exchange *exchange);

/* The steps: each returns the state to be in, its own to wait for the next event. inbound.c and outbound.c.
 */
enum exchange_state step_read_head(struct exchange *exchange);
enum exchange_state step_await_account(struct exchange *exchange);
enum exchange_state step_admit(struct exchange *exchange);
enum exchange_state step_read_body(struct exchange *exchange);
enum exchange_state step_read_piece(struct exchange *exchange);
enum exchange_state step_refuse(struct exchange *exchange);
enum exchange_state step_discard(struct exchange *exchange);
enum exchange_state step_await_credentials(struct exchange *exchange);
enum exchange_state step_connect(struct exchange *exchange);
enum exchange_state step_send(struct exchange *exchange);
enum exchange_state step_read_response(struct exchange *exchange);
enum exchange_state step_relay(struct exchange *exchange);

/* rejection.c: whether the answer, of which the head is here, is to be read whole before it may go on; and
 * the steps then. */
bool rejection_possible(const struct exchange *exchange);
enum exchange_state step_read_rejection(struct exchange *exchange);
enum exchange_state step_await_renewal(struct exchange *exchange);

/* admit.c: who, what, allowed? First by the head: EXCHANGE_READ_BODY or EXCHANGE_REFUSE. */
enum exchange_state admit_by_head(struct exchange *exchange);
/* Then with the whole body, when credentials have come, and when those that are to sign are no longer whose
 * they were: next, EXCHANGE_AWAIT_CREDENTIALS or EXCHANGE_REFUSE. */
enum exchange_state admit_by_body(struct exchange *exchange, enum exchange_state next);

/* local_key.c */
/* Once the head is here: finds whose local key the request claims, and with it the rules. */
void local_key_claim(struct exchange *exchange);
/* Once the body is hashed: `next` if the signature holds, or none was claimed; else EXCHANGE_REFUSE. */
enum exchange_state local_key_check(struct exchange *exchange, enum exchange_state next);

/* vend.c: whether it asks for a local key; and the answer to that: EXCHANGE_REFUSE, or EXCHANGE_ABORT. */
bool vend_is_asked(const struct exchange *exchange);
enum exchange_state vend(struct exchange *exchange);

/* request.c: builds `out`, signed as of now. On failure exchange->error says why. */
enum sg_status request_build(struct exchange *exchange);
/* `out` is empty afterwards. Of what is in it the head alone is wiped, which holds the session token. */
void request_wipe(struct exchange *exchange);

/* response.c: the parsed response is the answer: queues its head. EXCHANGE_RELAY, or EXCHANGE_ABORT. */
enum exchange_state response_begin(struct exchange *exchange);
/* Builds `answer_head` from the parsed response and queues it for the client. */
enum sg_status response_build_head(struct exchange *exchange);
/* Queues `len` bytes of content at data for the client, framed; `last` adds the end of a chunked body. */
void response_queue(struct exchange *exchange, const char *data, size_t len, bool last);

/* body_memory.c */
bool body_memory_init(struct proxy *proxy);
void body_memory_free(struct proxy *proxy);
/* True when so many bytes are set aside for the body. Else the exchange is in line, and runs when they are.
 */
bool body_memory_reserve(struct exchange *exchange, uint64_t bytes);
/* Memory was given back: when no more is for a moment, the system gets what is free. */
void body_memory_settle(struct proxy *proxy);
/* Gives back what was set aside, or the place in line; body is empty. */
void body_memory_release(struct exchange *exchange);

/* body.c */
/* Lets the body go on as it comes, when it is not small, its length and hash are declared, and nothing in it
   decides. False when it has to be read first. */
bool body_stream(struct exchange *exchange);
/* Once the head is parsed: takes what came with it, when there is memory for the body; body_begun tells. */
enum body_progress body_begin(struct exchange *exchange);
/* Reads on, until there is no more for now (BODY_BLOCKED) or the body ends. */
enum body_progress body_read(struct exchange *exchange);

/* batch.c */
/* Before an exchange writes. True: it runs again in this turn of the loop, when others have got as far. */
bool batch_join(struct client *client);
void batch_leave(struct client *client); /* also when it has not joined */
void batch_init(struct proxy *proxy);
void batch_free(struct proxy *proxy);

/* client.c */
enum { CLIENT_BLOCKED = -1, CLIENT_BROKEN = -2 };
/* Bytes read (> 0), 0 at the end, CLIENT_BLOCKED or CLIENT_BROKEN. */
ssize_t client_recv(struct client *client, char *data, size_t len);
/* Sends what is queued in to_client. True when all is gone; else *broken tells a gone client from a slow one.
 */
bool client_flush(struct exchange *exchange, bool *broken);
/* Whether a client that takes its time has taken bytes out of the kernel's buffer since this was looked at:
 * of a large one, much has to be taken before there is an event. */
bool client_took_more(struct exchange *exchange);
/* Runs the exchange again in the next turn of the loop. */
void client_poke(struct client *client);
/* The exchange has left: waits for the next request, or closes when it should. */
void client_idle(struct client *client);
/* To its proxy's successor, if there is one. False when it can't go there. */
bool client_move_on(struct client *client);
void client_linger(struct client *client);
void client_close(struct client *client, bool reset);

/* access_log.c */
void access_log(const struct exchange *exchange);

#endif
