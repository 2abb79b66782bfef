/*
 * Whole exchanges out of a fuzzer's bytes: two clients and an endpoint that send whatever, in pieces, time
 * that passes and memory that is short, over the proxy as it is. The input is a list of events, split at
 * bytes of 0xff: a letter (see `events`), then what it is about. Whatever comes: nothing reaches the endpoint
 * that is not signed and allowed, no request reaches it twice that it may have acted on, answers are
 * well-formed, and everything ends.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz/endpoint.h"
#include "fuzz/exchange_judge.h"
#include "fuzz/exchange_setup.h"
#include "proxy/exchange.h"

enum {
    CLIENTS = 2,
    CONNECTIONS_MAX = 64,   /* of one run */
    END_STEPS = 600,        /* seconds in which everything must have ended */
    MOST_TRIES = 4,         /* of a request: one, and one more each for connection, keys and clock */
    SENT_MOST = 4 << 20,    /* by one client */
    LETTER_END = UINT8_MAX, /* between two events */
};

struct wire {
    int fd; /* -1: not connected */
    bool deaf;
    struct buffer sent, got;
};

static struct event_base *base;
static struct proxy *proxies[2]; /* the second takes over from the first when the configuration is reloaded */
static struct proxy_metrics *metrics;
static struct quota *quota;
static struct credentials *keys[KEYS];
static struct sigv4_signer *judge_signer;

/* What a run has come to. */
static struct {
    bool reloaded;
    struct wire wires[CONNECTIONS_MAX];
    size_t count;
    struct wire *clients[CLIENTS]; /* NULL: not connected */
    size_t client;
    size_t tried, acted;  /* requests that the endpoint has heard, and of these may have acted on */
    struct buffer bodies; /* the hashes of what it heard */
    bool local_key;
    size_t memory; /* lasts for so many allocations; 0: it is not short */
} run;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* By the policies above. */
static void judge_permission(const struct http_head *head)
{
    struct slice authorization = head->fields[head->first[FIELD_AUTHORIZATION]].value;
    bool others = memmem(authorization.ptr, authorization.len, "=3AKID", strlen("=3AKID"));

    if (slice_eq(head->path, SLICE("/endpoints/theirs/invocations")))
        run.local_key = true;
    else
        assert(slice_starts(head->path, SLICE("/endpoints/ok")) || slice_eq(head->path, SLICE("/")));
    assert(!others || !slice_starts(head->path, SLICE("/endpoints/okay/")));
}

/* What came out at the endpoint's end of a connection. */
static void judge_connection(struct slice heard, struct slice said)
{
    static struct http_head head;
    char *heard_memory, *said_memory, hash[HASH];
    struct slice rest = copy_of(heard, &heard_memory), answers = copy_of(said, &said_memory), body;
    size_t scanned;

    while (rest.len) {
        scanned = 0;
        if (http_head_scan(rest, &scanned) == HTTP_SCAN_MORE)
            break; /* cut while it was written */
        assert(http_request_parse(rest, &head, NULL) == 0 && head.framing != HTTP_CHUNKED);
        run.tried++;
        if (take_body(&head, &rest, &body) != HTTP_BODY_DONE) {
            assert(http_head_field(&head, FIELD_AUTHORIZATION));
            break;
        }
        hash_of(body, hash);
        judge_signature(&head, hash, secret, judge_signer);
        buffer_append(&run.bodies, slice_of(hash, HASH));
        judge_permission(&head);
        switch (next_status(&answers)) {
        case 400:
        case 401:
        case 403:
            break;
        default:
            run.acted++;
        }
    }
    free(heard_memory);
    free(said_memory);
}

static void listen_to(struct wire *wire)
{
    char bytes[64 * 1024];
    ssize_t n;

    while (wire->fd >= 0 && !wire->deaf && (n = recv(wire->fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
        buffer_append(&wire->got, slice_of(bytes, (size_t)n));
}

static void go_on(void)
{
    memory_lasts(run.memory);
    assert(event_base_loop(base, EVLOOP_NONBLOCK) >= 0);
    run.memory = memory_lasts(0);
    for (size_t i = 0; i < run.count; i++)
        listen_to(&run.wires[i]);
}

static void pass(uint64_t us)
{
    passed_us += us;
    go_on();
}

static struct wire *connect_client(void)
{
    struct proxy *proxy = proxies[run.reloaded];
    struct wire *wire;
    int fds[2];

    if (run.count == CONNECTIONS_MAX)
        return NULL;
    assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    wire = &run.wires[run.count++];
    *wire = (struct wire){.fd = fds[0]};
    proxy_accept(proxy, &proxy->config->listeners[0], fds[1]);
    return run.clients[run.client] = wire;
}

static void client_sends(struct slice bytes)
{
    struct wire *wire = run.clients[run.client];

    if (!wire && !(wire = connect_client()))
        return;
    while (bytes.len && wire->sent.len + bytes.len < SENT_MOST) {
        ssize_t n = send(wire->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        size_t before = wire->sent.len;

        if (n > 0) {
            buffer_append(&wire->sent, slice_of(bytes.ptr, (size_t)n));
            bytes = slice_from(bytes, (size_t)n);
        }
        go_on();
        if (wire->sent.len == before)
            return;
    }
}

static void client_leaves(struct slice about)
{
    struct wire *wire = run.clients[run.client];

    (void)about;
    if (!wire)
        return;
    listen_to(wire);
    close(wire->fd);
    wire->fd = -1;
    run.clients[run.client] = NULL;
}

static void client_ends(struct slice about)
{
    (void)about;
    if (run.clients[run.client])
        shutdown(run.clients[run.client]->fd, SHUT_WR);
}

static void client_is_another(struct slice about)
{
    (void)about;
    run.client = (run.client + 1) % CLIENTS;
}

static void client_stops_or_starts_reading(struct slice about)
{
    (void)about;
    if (run.clients[run.client])
        run.clients[run.client]->deaf = !run.clients[run.client]->deaf;
}

static size_t number(struct slice about)
{
    return about.len ? (unsigned char)about.ptr[0] : 0;
}

/* So many KiB of one letter. */
static void with_filling(struct slice about, char letter, void (*what)(struct slice bytes))
{
    static char filling[256 * 1024];
    size_t len = number(about) * 1024;

    memset(filling, letter, len);
    what(slice_of(filling, len));
}

static void client_sends_much(struct slice about)
{
    with_filling(about, 'x', client_sends);
}

static void endpoint_says_much(struct slice about)
{
    with_filling(about, 'y', endpoint_say);
}

static void endpoint_closes(struct slice about)
{
    (void)about;
    endpoint_end(false);
}

static void endpoint_resets(struct slice about)
{
    (void)about;
    endpoint_end(true);
}

static void endpoint_had_closed(struct slice about)
{
    (void)about;
    endpoint_was_gone();
}

static void endpoint_connects(struct slice about)
{
    endpoint.connecting = (enum connecting)(number(about) % 3);
}

static void endpoint_takes(struct slice about)
{
    endpoint.room = number(about) ? number(about) * 64 : SIZE_MAX;
    if (endpoint.latest)
        endpoint_tell(endpoint.latest);
}

static void endpoint_trickles(struct slice about)
{
    endpoint.bite = number(about) ? number(about) : SIZE_MAX;
}

static void time_passes(struct slice about)
{
    pass(number(about) * UINT64_C(100000));
}

static void keys_come_or_go(struct slice about)
{
    size_t which = number(about) - '1';

    for (int i = 0; i < 2; i++)
        proxy_set_credentials(proxies[i], 0, which < KEYS ? credentials_ref(keys[which]) : NULL, "fuzzed");
}

static void is_empty(void *user)
{
    (void)user;
}

static void daemon_reloads(struct slice about)
{
    (void)about;
    if (run.reloaded)
        return;
    run.reloaded = true;
    proxy_retire(proxies[0], proxies[1], is_empty, NULL);
}

static void daemon_drains(struct slice about)
{
    (void)about;
    proxy_drain(proxies[0], is_empty, NULL);
    proxy_drain(proxies[1], is_empty, NULL);
}

static void memory_runs_short(struct slice about)
{
    run.memory = number(about);
}

static const struct {
    char letter;
    void (*happens)(struct slice about);
} events[] = {
    {'c', client_sends},        {'x', client_sends_much}, /* KiB */
    {'C', client_leaves},       {'h', client_ends},
    {'n', client_is_another},   {'s', client_stops_or_starts_reading},
    {'u', endpoint_say},        {'y', endpoint_says_much}, /* KiB */
    {'e', endpoint_closes},     {'r', endpoint_resets},
    {'z', endpoint_had_closed}, {'f', endpoint_connects}, /* enum connecting */
    {'w', endpoint_takes},                                /* 64 bytes; 0: all */
    {'b', endpoint_trickles},                             /* bytes; 0: all */
    {'t', time_passes},                                   /* 100 ms */
    {'k', keys_come_or_go}, /* '1', '2' of the same role, '3' of another, '4' of nobody knows whom; '0': none
                             */
    {'l', daemon_reloads},      {'d', daemon_drains},
    {'m', memory_runs_short}, /* allocations: the last one fails */
};

static void happen(struct slice event)
{
    for (size_t i = 0; event.len && i < sizeof(events) / sizeof(events[0]); i++) {
        if (events[i].letter == event.ptr[0])
            events[i].happens(slice_from(event, 1));
    }
    go_on();
}

static bool all_ended(void)
{
    return proxy_is_empty(proxies[0]) && proxy_is_empty(proxies[1]);
}

/* Nobody sends any more, and who does not read goes on so for a while. */
static void await_end(void)
{
    for (int i = 0; i < END_STEPS && !all_ended(); i++) {
        if (i == END_STEPS / 2) {
            for (size_t k = 0; k < run.count; k++)
                run.wires[k].deaf = false;
        }
        pass(1000000);
    }
    assert(all_ended() && endpoint.busy == 0);
    pass(1000000);
    for (int i = 0; i < 2; i++) {
        assert(metrics->places_taken == 0 && proxies[i]->body_memory.reserved == 0);
        assert(TAILQ_EMPTY(&proxies[i]->body_memory.line) && LIST_EMPTY(&proxies[i]->identities[0].awaiting));
        exchange_free_spare(proxies[i]);
        for (int k = 0; k < AWS_SERVICE_COUNT; k++)
            upstream_close(proxies[i]->upstreams[k] ? proxies[i]->upstreams[k]->resting : NULL);
    }
    assert(counter_read(&metrics->begun) == counter_read(&metrics->ended));
    assert(counter_read(&metrics->overhead.sum_us) <=
           counter_read(&metrics->total.sum_us) - counter_read(&metrics->upstream.sum_us));
    assert(counter_read(&metrics->connected) == counter_read(&metrics->disconnected));
}

static bool was_sent(const struct requests *requests, const char *hash)
{
    for (size_t i = 0; i < requests->count; i++) {
        if (memcmp(requests->hash[i], hash, HASH) == 0)
            return true;
    }
    return false;
}

static bool says_local_key(struct slice sent)
{
    return sent.len && memmem(sent.ptr, sent.len, LOCAL_KEY, strlen(LOCAL_KEY));
}

/* What the endpoint has heard, beside what clients have sent. */
static void judge(void)
{
    static struct requests requests;
    size_t count = 0, known = 0;
    bool local_key = false;

    for (size_t i = 0; i < run.count; i++) {
        struct wire *wire = &run.wires[i];

        wire->deaf = false;
        listen_to(wire);
        read_requests(buffer_slice(&wire->sent), &requests);
        judge_answers(buffer_slice(&wire->got), &requests);
        count += requests.count;
        local_key = local_key || says_local_key(buffer_slice(&wire->sent));
        for (size_t at = 0; at < run.bodies.len; at += HASH) {
            if (run.bodies.data[at] && was_sent(&requests, run.bodies.data + at)) {
                run.bodies.data[at] = '\0';
                known++;
            }
        }
    }
    assert(run.acted <= count && run.tried <= MOST_TRIES * count);
    assert(known == run.bodies.len / HASH && (local_key || !run.local_key));
}

static void begin(void)
{
    memset(&run, 0, sizeof(run));
    endpoint.connecting = CONNECTING_WORKS;
    endpoint.room = endpoint.bite = SIZE_MAX;
    endpoint.latest = NULL;
    passed_us = 0;
    memset(&metrics->total, 0, sizeof(metrics->total));
    memset(&metrics->overhead, 0, sizeof(metrics->overhead));
    memset(&metrics->upstream, 0, sizeof(metrics->upstream));
    event_base_loop(base, EVLOOP_NONBLOCK);
    keys_come_or_go(SLICE("1"));
}

static void end(void)
{
    for (size_t i = 0; i < run.count; i++) {
        if (run.wires[i].fd >= 0)
            close(run.wires[i].fd);
        buffer_free(&run.wires[i].sent);
        buffer_free(&run.wires[i].got);
    }
    buffer_free(&run.bodies);
    for (int i = 0; i < 2; i++) {
        proxies[i]->successor = NULL;
        proxies[i]->empty = NULL;
        proxies[i]->draining = false;
        proxies[i]->clock_offset_s = 0;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = slice_of((const char *)data, size), event;

    begin();
    while (slice_split(&rest, (char)LETTER_END, &event))
        happen(event);
    await_end();
    judge();
    end();
    return 0;
}

static void no_renewal(void *user, size_t identity)
{
    (void)user;
    (void)identity;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const struct config *config = make_config();
    struct sg_error err = {0};

    (void)argc;
    (void)argv;
    log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    log_use(log_open("/dev/null"), "/dev/null"); /* what lines are made of is read, too */
    log_batch(true);
    base = make_base();
    metrics = metrics_new(0);
    quota = quota_new();
    judge_signer = sigv4_signer_new();
    endpoint.judge = judge_connection;
    endpoint.judge_rest = judge_rest;
    for (int i = 0; i < KEYS; i++)
        keys[i] = make_keys(&key_pairs[i]);
    for (int i = 0; i < 2; i++) {
        proxies[i] = proxy_new(base, config, metrics, quota, no_renewal, NULL, &err);
        if (!proxies[i])
            fprintf(stderr, "%s\n", err.text);
        assert(proxies[i]);
    }
    return 0;
}
