/*
 * The configuration: one YAML file, every key checked, compiled to one immutable struct. Unknown keys, wrong
 * types, duplicates and values out of range are all reported with line and column.
 * Not for what the keys lead to: names are resolved, and credentials found, elsewhere.
 */
#ifndef SAGEGATE_CONFIG_CONFIG_H
#define SAGEGATE_CONFIG_CONFIG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "aws/service.h"
#include "base/error.h"
#include "base/log.h"
#include "base/slice.h"
#include "policy/policy.h"

/* Where a service is. Connect host, TLS name, and the Host that is sent and signed all come from here. */
struct config_endpoint {
    bool configured;
    bool private_dns;   /* found by its name in private DNS, … */
    char *vpc_endpoint; /* … or by this endpoint's own name, or its first part; NULL and false: by a URL */
    char *vpc_endpoint_id; /* which one it is: "vpce-0123456789abcdef0"; NULL: not told */
    bool fips, dual_stack; /* which of the service's names */
    char *host; /* DNS name or address literal without brackets: connected to, and the TLS name; NULL until
                   the region is known */
    char *default_host; /* the service's usual name, by private DNS; NULL until the region is known */
    char *zonal_host;   /* the host's name in the own zone, for the same certificate; NULL: there is none */
    uint16_t port;
    char *authority;       /* the Host header: host, with :port when it is not 443 */
    unsigned line, column; /* where the configuration says it */
};

struct counter;

/* Among a listener's policies: that of the VPC endpoint which a request goes through, as EC2 tells it. */
struct config_mirror {
    bool wanted;
    unsigned refresh_ms;
    char *cache; /* the folder where the last good documents are kept; NULL: nowhere */
    bool accept_full_access;
};

enum { CONFIG_POLICIES_MAX = 16 }; /* files of a listener */

/* What a request must not look like, each to be switched off by its name in skip_checks: 1 << one of these.
 */
enum config_check {
    CONFIG_CHECK_HOST,
    CONFIG_CHECK_ORIGIN,
    CONFIG_CHECK_SEC_FETCH,
    CONFIG_CHECK_FORWARDED,
    CONFIG_CHECK_UPGRADE,
};

struct config_words {
    char **at;
    size_t count;
};

struct config_required_header {
    char *name; /* NULL: none is required */
    char *value_file;
    char *value; /* secret memory */
};

struct config_ids {
    unsigned *at;
    size_t count;
};

struct config_user {
    uid_t uid;
    gid_t gid; /* the primary one */
    char *name;
};

struct config_users {
    struct config_user *at;
    size_t count;
};

/* A local key: whoever signs with it is served by rules of its own. */
struct config_client {
    char *name;
    char *access_key_id;
    char *secret_file;
    char *secret;              /* secret memory */
    struct config_ids vend_to; /* users who get the key over a Unix socket */
    unsigned vend_line, vend_column;
    size_t rules; /* index of its rules in config->listeners, behind the listeners */
    /* Until the rules have them: */
    struct config_words policy_files;
    struct config_mirror mirror;
    unsigned policy_line, policy_column;
    char *identity_name;
    unsigned identity_line, identity_column;
};

struct config_listener {
    char *name;
    char *address;            /* as written */
    char *unix_path;          /* for unix:…, else NULL */
    char *host;               /* address literal without brackets, for TCP */
    uint16_t port;            /* 0: the kernel chooses (tests) */
    mode_t permissions;       /* of the Unix socket */
    bool mode_is_permissions; /* `mode` gave them */
    bool allow_remote;
    struct config_words policy_files;    /* each must allow; … */
    struct policy **policies;            /* … one for each; listeners that name the same file share it */
    struct config_mirror mirror;         /* … and so must this, where it is wanted */
    unsigned policy_line, policy_column; /* where the configuration names them */
    enum policy_unknown unknown_conditions;
    bool audit;                /* what the policies deny is sent all the same, and logged as such */
    bool presigned_urls;       /* may be handed out where the policies allow it */
    struct config_words hosts; /* names that a Host field may have besides localhost's and its own */
    unsigned skipped_checks;   /* enum config_check, as bits */
    /* Who may speak: one of these users, or of these groups, and with one of these programs, where any is
     * named. */
    struct config_ids allow_uids, allow_gids;
    struct config_words allow_executables;
    struct config_ids group_uids; /* who is in allow_gids by the user database */
    bool identify;                /* a rule above, or the policy, needs to know who the caller is */
    struct config_required_header require_header;
    unsigned max_connections; /* clients here; 0: as many as everywhere */
    struct config_client *clients;
    size_t client_count;
    char *identity_name; /* NULL: the default one */
    unsigned identity_line, identity_column;
    size_t identity;  /* for config_identity() */
    size_t first_hit; /* see hits.h */
};

enum config_credentials_provider {
    CONFIG_CREDENTIALS_DEFAULT,
    CONFIG_CREDENTIALS_ENVIRONMENT,
    CONFIG_CREDENTIALS_WEB_IDENTITY,
    CONFIG_CREDENTIALS_PROFILE,
    CONFIG_CREDENTIALS_FILE,
    CONFIG_CREDENTIALS_CONTAINER,
    CONFIG_CREDENTIALS_IMDS,
};

/* A role to assume with the credentials that are found. */
struct config_role {
    char *arn; /* NULL: none */
    char *session_name;
    char *external_id;
    unsigned duration_ms; /* 0: STS's default */
    struct config_tag {
        char *key, *value;
    } * tags;
    size_t tag_count;
};

/* Whose keys requests are signed with, and where these come from. */
struct config_identity {
    char *name; /* NULL: the default one, of listeners that name none */
    enum config_credentials_provider provider;
    char *profile;            /* NULL: AWS_PROFILE, else "default" */
    char *file;               /* with provider file: its path, … */
    char *systemd_credential; /* … or its name in $CREDENTIALS_DIRECTORY */
    bool imds_v1;             /* instance metadata may be asked without a token */
    struct config_role role;
    char *principal_arn;   /* of the role or user whose the credentials are; NULL: not told */
    unsigned line, column; /* of a named one, where its name stands */
};

struct config_credentials {
    struct config_identity own; /* the default identity; first member: see credentials_keys.c */
    unsigned wait_ms;           /* of a request, for credentials to be there */
    struct config_identity *named;
    size_t named_count;
};

enum { CONFIG_WORKERS_MAX = 64 };

struct config {
    atomic_uint shares;   /* references beyond the first */
    struct counter *hits; /* of statements: see hits.h; NULL until hits_new() */
    size_t hits_per_worker;
    char *region; /* NULL: AWS_REGION, AWS_DEFAULT_REGION, or the instance's own, found at start */
    char *account_id;
    struct config_endpoint
        endpoints[AWS_ENDPOINT_COUNT]; /* STS's and EC2's are also there when not configured */
    bool require_private;              /* connect to private addresses only */
    bool zone_affinity;                /* the own zone's addresses first, … */
    char *zone;                        /* … this one's; NULL: the instance's own, found at start */
    char *dns_servers;                 /* "ADDRESS:PORT,…"; NULL: the system's */
    unsigned dns_max_stale_ms;         /* how long past its TTL an answer is used while lookups fail */
    char *tls_ca_file;                 /* NULL: the system's */
    unsigned tls_ca_file_line, tls_ca_file_column;
    int tls_min_version;                            /* TLS1_2_VERSION or TLS1_3_VERSION */
    char *source_vpce, *source_vpc, *vpc_source_ip; /* for policies: NULL where not told */
    struct config_credentials credentials;
    struct config_listener *listeners;
    size_t listener_count;
    const struct config_mirror *mirror; /* of all listeners that want it the same; NULL: none does */
    size_t rule_count; /* listeners, and behind them in the same array the rules of their clients */
    struct config_listener admin; /* without policy; address is NULL when there is none */
    uint64_t max_head;            /* bytes of a request head */
    unsigned max_head_fields;     /* lines of it but the first */
    uint64_t max_body;            /* bytes of a request body */
    uint64_t buffer_memory;       /* bytes of all request bodies that are held */
    unsigned connect_timeout_ms;
    unsigned response_timeout_ms; /* without a byte from the upstream while an answer is owed */
    unsigned head_timeout_ms;     /* for a client to send a whole head */
    unsigned client_timeout_ms;   /* for a client to send the next bytes of a body, or to take an answer's */
    unsigned idle_timeout_ms;     /* keep-alive connections of clients */
    unsigned pool_idle_ms;        /* unused upstream connections */
    unsigned pool_age_ms;         /* upstream connections, used or not */
    unsigned drain_timeout_ms;    /* running requests after SIGTERM */
    unsigned max_connections;     /* clients */
    unsigned max_connections_per_user; /* where callers are known */
    unsigned max_requests;             /* of one worker, at a time */
    unsigned total_timeout_ms;         /* a request from its first byte to the last of its answer */
    unsigned workers;
    bool sandbox;              /* what serving does not need is given up at start */
    struct config_user user;   /* whom to become when started as root; name is NULL: not told */
    struct config_users users; /* of the machine, for names in logs and policies */
    enum log_level log_level;
    enum log_format log_format;
    char *log_file;      /* NULL: stderr, or the journal */
    unsigned log_sample; /* of so many requests that nothing is wrong with, one has a line */
};

/* A finding in the file itself, in a policy file it names, or in the environment. */
struct config_problem {
    bool is_error;
    const char *file;      /* "environment" for a variable; valid during the call */
    unsigned line, column; /* from 1; 0 when it concerns the file as a whole, such as that it can't be read */
    char text[SG_TEXT];    /* see sg_word() */
};

typedef void config_report(void *user, const struct config_problem *problem);

/*
 * Reads and checks the file and the policies it names; every problem is reported. NULL when one was an error.
 * The environment gives the region when the file does not (AWS_REGION, AWS_DEFAULT_REGION). Where neither
 * does, region is NULL, and so are the hosts that are made from it, until config_set_region(). Owned by the
 * caller.
 */
struct config *config_load(const char *path, config_report *report, void *user);

/*
 * Where the admin listener of a running sagegate is, for those who ask it: at `address`, as admin.address has
 * it; or with NULL where the file and the environment say. Nothing else has to be right there, as one asks
 * while the file is bad, too. NULL, reported, when it cannot be told; else a configuration of which only
 * `admin` counts, whose address is NULL when there is none. Owned by the caller.
 */
struct config *config_find_admin(const char *path, const char *address, config_report *report, void *user);

/*
 * Completes a configuration whose region is NULL, before it is shared: the region and the hosts made from it.
 * SG_INVALID when it is no region's name, SG_NO_MEMORY.
 */
enum sg_status config_set_region(struct config *config, struct slice region, struct sg_error *err);

/* Whose policies are in force where the region alone makes that doubtful: a warning; NULL where nothing does.
 * Once the region is known. */
const char *config_region_warning(const struct config *config);

/*
 * Whether zone_affinity is on and the zone is not known yet, though there are endpoints with zonal names.
 * Then config_set_zone(), after the region is known and before the configuration is shared, makes these
 * names. The zone is checked; SG_INVALID, SG_NO_MEMORY.
 */
bool config_wants_zone(const struct config *config);
enum sg_status config_set_zone(struct config *config, struct slice zone, struct sg_error *err);

/* The name of a user of the machine; NULL when it has none. */
const char *config_user_name(const struct config *config, uid_t uid);
/* Identities by number: 0 is the default one, which no listener need use. */
static inline size_t config_identity_count(const struct config *config)
{
    return 1 + config->credentials.named_count;
}

static inline const struct config_identity *config_identity(const struct config *config, size_t index)
{
    return index == 0 ? &config->credentials.own : &config->credentials.named[index - 1];
}

/* The account that the configuration tells for it; empty when it does not. */
struct slice config_identity_account(const struct config *config, const struct config_identity *identity);

/* Whether a listener uses it. */
bool config_identity_is_used(const struct config *config, size_t index);

/* One more reference: for who goes on with it after a newer one is in force. */
const struct config *config_share(const struct config *config);

/* Lets go of a reference; the last one takes the policies along. NULL is fine. */
void config_free(const struct config *config);

#endif
