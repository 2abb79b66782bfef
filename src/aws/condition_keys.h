/*
 * The condition keys of a request (Service Authorization Reference, "Condition keys for Amazon SageMaker";
 * IAM User Guide, "AWS global condition context keys"): from its headers and body, by the rows that its
 * operation carries, and from what the host knows. Each is found when it is asked for, and nothing is
 * allocated. Not for what the keys mean in a policy.
 */
#ifndef SAGEGATE_AWS_CONDITION_KEYS_H
#define SAGEGATE_AWS_CONDITION_KEYS_H

#include "aws/caller_identity.h"
#include "aws/source.h"

/* What follows from where the request goes, and as whom. Borrowed; of length 0 what is not known. */
struct key_host {
    struct slice region;                    /* aws:RequestedRegion */
    bool vpc_endpoint;                      /* the way is an interface endpoint's: aws:SourceIp is absent */
    struct slice source_vpce;               /* aws:SourceVpce: "vpce-0123456789abcdef0" */
    struct slice source_vpc;                /* aws:SourceVpc */
    struct slice vpc_source_ip;             /* aws:VpcSourceIp */
    const struct caller_identity *identity; /* whose the credentials are; NULL: not known */
    struct slice client_uid, client_user;   /* sagegate:CallerUid, sagegate:CallerUser: who speaks to us */
    int64_t now;                            /* wall seconds */
};

enum key_status {
    KEY_FOUND,
    KEY_ABSENT,  /* this request does not carry it */
    KEY_UNKNOWN, /* only AWS can know, or only the body, which is not here yet */
};

struct key_values {
    const struct slice *values;
    size_t count;
    bool multivalued; /* a list by its type */
};

enum { KEY_MAX_VALUES = 512, KEY_MAX_REMEMBERED = 64 };

/* Large, and little of it is used: for the stack, condition_keys_init() clears what must be. */
struct condition_keys {
    const struct key_host *host;
    const struct resource_owner *owner;
    bool body_wanted;     /* a key was asked for that stands in the body, which is not here */
    bool identity_wanted; /* one that tells whose the credentials are, which is not known */
    enum sg_status status;
    struct sg_error *err;
    struct source_request request; /* its text also holds the values that stand nowhere as they are */
    struct source_values found;
    size_t value_count;
    struct slice values[KEY_MAX_VALUES];
    size_t remembered;
    struct {
        struct slice name;
        enum key_status status;
        struct key_values values;
    } memory[KEY_MAX_REMEMBERED];
};

/*
 * body (json_body.h) is NULL while it is not here. All that is given must live as long as keys. err is filled
 * when keys->status is no longer SG_OK: a member that was asked for is of a wrong type, or a name differs
 * from it in case alone; the request is to be refused then, whatever was decided.
 */
void condition_keys_init(struct condition_keys *keys, const struct operation_match *match,
                         const struct http_head *head, json_t *body, const struct resource_owner *owner,
                         const struct key_host *host, struct sg_error *err);

/* By name, in any case. The values stay where they are. What is not a key of this table is KEY_UNKNOWN, and
 * so is what has more values than there is room for. */
enum key_status condition_keys_find(struct condition_keys *keys, struct slice name, struct key_values *out);

/* Whether any request tells the key (any case), as far as the host is known; else only AWS knows it. */
bool condition_keys_is_told(struct slice name);

/* Keeps text for the values, which is empty when there is no room. */
struct slice condition_keys_text(struct condition_keys *keys, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* One value, as text. */
enum key_status condition_keys_one(struct condition_keys *keys, struct slice value, struct key_values *out);

/* The names that are known here, one after the other, for who lists them: whole, or up to the '/' of
 * "aws:RequestTag/"; NULL after the last. */
const char *condition_keys_name(size_t i);

/* Whether every request may carry the key (any case), or requests for this operation, for who checks
 * policies. */
bool condition_keys_is_global(struct slice name);
bool condition_keys_is_carried(const struct operation *operation, struct slice name);

/* Whether the key is a list by its type. */
bool condition_keys_is_list(struct slice name);

#endif
