#include "config/config.h"

#include <stdlib.h>

#include "aws/caller_identity.h"
#include "base/buffer.h"
#include "config/clients.h"
#include "config/policies.h"
#include "config/required_header.h"
#include "config/users.h"

static void free_words(struct config_words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->at[i]);
    free(words->at);
}

/* But for its policies, which may be shared. */
static void free_listener(struct config_listener *listener)
{
    free(listener->name);
    free(listener->address);
    free(listener->unix_path);
    free(listener->host);
    free_words(&listener->policy_files);
    free(listener->mirror.cache);
    free(listener->identity_name);
    free_words(&listener->hosts);
    free(listener->allow_uids.at);
    free(listener->allow_gids.at);
    free(listener->group_uids.at);
    free_words(&listener->allow_executables);
    required_header_free(&listener->require_header);
    for (size_t i = 0; i < listener->client_count; i++)
        client_free(&listener->clients[i]);
    free(listener->clients);
}

/* Of a client: all else is its listener's. */
static void free_rules(struct config_listener *rules)
{
    free(rules->name);
    free_words(&rules->policy_files);
    free(rules->mirror.cache);
    free(rules->identity_name);
}

struct slice config_identity_account(const struct config *config, const struct config_identity *identity)
{
    struct slice arn = slice_cstr(identity->principal_arn);
    struct buffer memory = {0};
    struct caller_identity who;
    enum sg_status status = caller_identity_read(arn, &memory, &who);

    buffer_free(&memory); /* the account lies in the ARN */
    return status == SG_OK ? who.account : slice_cstr(config->account_id);
}

bool config_identity_is_used(const struct config *config, size_t index)
{
    for (size_t i = 0; i < config->rule_count; i++) {
        if (config->listeners[i].identity == index)
            return true;
    }
    return false;
}

static void free_identity(struct config_identity *identity)
{
    free(identity->name);
    free(identity->profile);
    free(identity->file);
    free(identity->systemd_credential);
    free(identity->role.arn);
    free(identity->role.session_name);
    free(identity->role.external_id);
    for (size_t i = 0; i < identity->role.tag_count; i++) {
        free(identity->role.tags[i].key);
        free(identity->role.tags[i].value);
    }
    free(identity->role.tags);
    free(identity->principal_arn);
}

/* Nothing of a shared configuration changes but the count. */
static struct config *counted(const struct config *config)
{
    return (struct config *)(uintptr_t)config;
}

const struct config *config_share(const struct config *config)
{
    atomic_fetch_add_explicit(&counted(config)->shares, 1, memory_order_relaxed);
    return config;
}

void config_free(const struct config *shared)
{
    struct config *config = counted(shared);

    if (!config || atomic_fetch_sub_explicit(&config->shares, 1, memory_order_acq_rel) > 0)
        return;
    for (size_t i = 0; i < AWS_ENDPOINT_COUNT; i++) {
        free(config->endpoints[i].vpc_endpoint);
        free(config->endpoints[i].vpc_endpoint_id);
        free(config->endpoints[i].host);
        free(config->endpoints[i].default_host);
        free(config->endpoints[i].zonal_host);
        free(config->endpoints[i].authority);
    }
    free(config->hits);
    policies_free(config);
    for (size_t i = config->listener_count; i < config->rule_count; i++)
        free_rules(&config->listeners[i]);
    for (size_t i = 0; i < config->listener_count; i++)
        free_listener(&config->listeners[i]);
    free(config->listeners);
    free_listener(&config->admin);
    users_free(&config->users);
    free(config->user.name);
    free(config->region);
    free(config->account_id);
    free(config->zone);
    free(config->dns_servers);
    free(config->tls_ca_file);
    free(config->log_file);
    free(config->source_vpce);
    free(config->source_vpc);
    free(config->vpc_source_ip);
    free_identity(&config->credentials.own);
    for (size_t i = 0; i < config->credentials.named_count; i++)
        free_identity(&config->credentials.named[i]);
    free(config->credentials.named);
    free(config);
}
