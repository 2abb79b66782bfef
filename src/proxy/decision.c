/* What the listener's policies say of a request, and how a refusal is worded. */
#include "proxy/admission.h"

enum admission_verdict decision_verdict(const struct admission *a)
{
    bool allowed = a->decision == POLICY_ALLOWED && !a->presigned_denied;

    return allowed || a->audited ? ADMISSION_GRANTED : ADMISSION_REFUSED;
}

struct slice admission_resource(const struct admission *a, size_t i)
{
    return resource_list_at(&a->memory->resources, i);
}

/* Of the endpoint that the request goes through, where the listener wants it; empty where nothing is known.
 */
static const struct mirror_policy *mirrored(const struct admission *a)
{
    static const struct mirror_policy nothing;
    bool wanted = a->listener->mirror.wanted && a->match.operation && a->mirror;

    return wanted ? &a->mirror->of[a->match.operation->service] : &nothing;
}

size_t admission_policy_count(const struct admission *a)
{
    return a->listener->policy_files.count + (mirrored(a)->policy != NULL);
}

const struct policy *admission_policy(const struct admission *a, size_t i)
{
    return i < a->listener->policy_files.count ? a->listener->policies[i] : mirrored(a)->policy;
}

const char *admission_policy_name(const struct admission *a)
{
    const struct config_words *files = &a->listener->policy_files;

    return a->reason.document < files->count ? files->at[a->reason.document] : mirrored(a)->name;
}

struct key_host admission_host(const struct admission *a, const struct admission_signer *signer)
{
    const struct config_endpoint *endpoint = &a->config->endpoints[a->match.operation->service];
    struct key_host host = {
        .region = a->owner->region,
        .source_vpce = slice_cstr(a->config->source_vpce),
        .source_vpc = slice_cstr(a->config->source_vpc),
        .vpc_source_ip = slice_cstr(a->config->vpc_source_ip),
        .identity = signer->identity,
        .now = signer->now,
    };

    if (endpoint->vpc_endpoint_id)
        host.source_vpce = slice_cstr(endpoint->vpc_endpoint_id);
    if (a->caller) {
        host.client_uid = slice_cstr(a->caller->uid);
        host.client_user = slice_cstr(a->caller->user);
    }
    host.vpc_endpoint = host.source_vpce.len > 0 || endpoint->private_dns;
    return host;
}

static enum context_lookup look_up(void *user, struct slice name, struct context_values *out)
{
    static const enum context_lookup answers[] = {
        [KEY_FOUND] = CONTEXT_FOUND, [KEY_ABSENT] = CONTEXT_ABSENT, [KEY_UNKNOWN] = CONTEXT_UNKNOWN};
    struct key_values found;
    enum key_status status = condition_keys_find(user, name, &found);

    *out = (struct context_values){found.values, found.count, found.multivalued};
    return answers[status];
}

/* AWS's own words first, so that whoever searches for them finds them; then what decided, and where to look.
 */
static void word_denial(struct admission *a)
{
    const struct policy_reason *why = &a->reason;
    struct slice resource = why->resource.len ? why->resource : SLICE("*");
    const char *action = a->match.operation->action, *file = admission_policy_name(a);
    bool goes_on = resource.len > 1 && resource.ptr[resource.len - 1] == '*';
    const char *partly = goes_on ? " (all that the request tells of it)" : "";
    char unknown[256] = "";

    if (a->decision == POLICY_EXPLICIT_DENY) {
        if (why->unknown.len)
            sg_word(unknown, sizeof(unknown), "; it hangs on %.*s, which sagegate does not know",
                    SLICE_FMT(why->unknown));
        admission_refuse(
            a, AWS_ERROR_ACCESS_DENIED,
            "Not authorized to perform: %s on resource: %.*s%s%s with an explicit deny in sagegate's "
            "policy %s:%u:%u, statement %zu%s%.*s%s (listener %s)%s",
            action, SLICE_BRIEF(resource), partly, file, why->line, why->column, why->statement + 1,
            why->sid.len ? " " : "", SLICE_BRIEF(why->sid), a->listener->name, unknown);
        return;
    }
    if (why->unknown.len)
        sg_word(unknown, sizeof(unknown),
                "; statement %zu at line %u would, but hangs on %.*s, which sagegate does not know "
                "(unknown_conditions)",
                why->statement + 1, why->line, SLICE_FMT(why->unknown));
    admission_refuse(a, AWS_ERROR_ACCESS_DENIED,
                     "Not authorized to perform: %s on resource: %.*s%s%s because no statement of sagegate's "
                     "policy %s (listener %s) allows it%s",
                     action, SLICE_BRIEF(resource), partly, file, a->listener->name, unknown);
}

static void word_presigned(struct admission *a)
{
    admission_refuse(
        a, AWS_ERROR_ACCESS_DENIED,
        "%s hands out a URL that is opened over the internet, not through the VPC endpoint, and "
        "works for whoever holds it. sagegate's policy allows it, listener %s does not: to let it "
        "through, say presigned_urls: allow there.",
        a->match.operation->action, a->listener->name);
}

/* In audit mode nothing that the policies deny is refused, but it is worded all the same, for the log. */
static enum admission_verdict conclude(struct admission *a, struct condition_keys *keys,
                                       const struct admission_signer *signer)
{
    bool allowed = a->decision == POLICY_ALLOWED;

    a->decided = true;
    a->presigned_url = a->match.operation->flags & OPERATION_PRESIGNED_URL;
    a->presigned_denied = allowed && a->presigned_url && !a->listener->presigned_urls;
    if (a->presigned_denied)
        word_presigned(a);
    else if (!allowed)
        word_denial(a);
    if (a->presigned_denied || !allowed)
        asked_note(a, keys, signer);
    a->audited = a->listener->audit && (a->presigned_denied || !allowed);
    return decision_verdict(a);
}

static bool hangs_on_signer(const struct condition_keys *keys, const struct policy_reason *why)
{
    return keys->identity_wanted || slice_eq(why->unknown, SLICE("Principal"));
}

static enum policy_decision evaluate(struct admission *a, const struct request_facts *facts)
{
    const struct policy *all[CONFIG_POLICIES_MAX + 1];
    size_t count = admission_policy_count(a);

    for (size_t i = 0; i < count; i++)
        all[i] = admission_policy(a, i);
    return policy_evaluate_all(all, count, facts, &a->reason);
}

static enum admission_verdict refuse_unknown(struct admission *a)
{
    const struct mirror_policy *of = mirrored(a);

    return admission_refuse(a, AWS_ERROR_UNAVAILABLE,
                            "sagegate does not know what the policy of the VPC endpoint allows, and lets "
                            "nothing through before it does; try again. %s%s%s",
                            of->name, of->name[0] ? ": " : "", of->why);
}

/* Those that are told in full, then the others. */
static void fill_resources(const struct resource_list *list, struct slice *arns, struct request_facts *facts)
{
    size_t count = 0;

    for (int goes_on = 0; goes_on < 2; goes_on++) {
        for (size_t i = 0; i < list->count; i++) {
            if (resource_list_goes_on(list, i) == (bool)goes_on)
                arns[count++] = resource_list_at(list, i);
        }
        if (!goes_on)
            facts->resource_count = count;
    }
    facts->resources = arns;
    facts->beginnings = arns + facts->resource_count;
    facts->beginning_count = count - facts->resource_count;
}

enum admission_verdict decision_make(struct admission *a, json_t *body, const struct admission_signer *signer)
{
    struct key_host host = admission_host(a, signer);
    struct condition_keys keys; /* large, and little of it is used: not cleared */
    struct slice arns[RESOURCE_MAX];
    struct request_facts facts = {
        .action = slice_cstr(a->match.operation->action),
        .context = look_up,
        .context_user = &keys,
        .unknown = a->listener->unknown_conditions,
    };

    if (a->listener->mirror.wanted && !mirrored(a)->policy)
        return refuse_unknown(a);
    if (signer->identity)
        facts.principal_arn =
            signer->identity->arn.len ? signer->identity->arn : signer->identity->principal_arn;
    fill_resources(&a->memory->resources, arns, &facts);
    condition_keys_init(&keys, &a->match, a->head, body, a->owner, &host, a->err);
    a->decision = evaluate(a, &facts);
    if (keys.status != SG_OK)
        return admission_refuse(a, AWS_ERROR_VALIDATION, "%s", a->err->text);
    if (keys.body_wanted)
        return ADMISSION_NEEDS_BODY;
    if (signer->pending && hangs_on_signer(&keys, &a->reason))
        return ADMISSION_NEEDS_SIGNER;
    return conclude(a, &keys, signer);
}
