#include "policy/principal.h"

static bool is_account(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    }
    return text.len == 12;
}

/* The last part of a path: "service-role/name" gives "name". */
static struct slice last_part(struct slice path)
{
    struct slice part = path;

    while (slice_split(&path, '/', &part))
        ;
    return part;
}

static bool strip(struct slice *text, struct slice prefix)
{
    if (!slice_starts(*text, prefix))
        return false;
    *text = slice_from(*text, prefix.len);
    return text->len > 0;
}

/* By the resource part of an ARN of IAM. */
static bool read_identity(struct slice resource, struct principal *out)
{
    if (slice_eq(resource, SLICE("root"))) {
        out->kind = PRINCIPAL_ACCOUNT;
    } else if (strip(&resource, SLICE("user/"))) {
        out->kind = PRINCIPAL_USER;
    } else if (strip(&resource, SLICE("role/"))) {
        out->kind = PRINCIPAL_ROLE;
        out->role = last_part(resource);
        return out->role.len > 0;
    } else {
        return false;
    }
    return true;
}

/* By the resource part of an ARN of STS. */
static bool read_session(struct slice resource, struct principal *out)
{
    if (strip(&resource, SLICE("federated-user/"))) {
        out->kind = PRINCIPAL_USER;
        return true;
    }
    out->kind = PRINCIPAL_SESSION;
    return strip(&resource, SLICE("assumed-role/")) && slice_split(&resource, '/', &out->role) &&
           out->role.len && resource.len;
}

static bool has_wildcard(struct slice text)
{
    return memchr(text.ptr, '*', text.len) || memchr(text.ptr, '?', text.len);
}

bool principal_read(struct slice text, struct principal *out)
{
    struct slice rest = text, arn, service, region;

    *out = (struct principal){.kind = PRINCIPAL_EVERYONE, .arn = text};
    if (slice_eq(text, SLICE("*")))
        return true;
    if (is_account(text)) {
        out->kind = PRINCIPAL_ACCOUNT;
        out->account = text;
        return true;
    }
    if (text.len == 0 || has_wildcard(text) || !slice_split(&rest, ':', &arn) ||
        !slice_split(&rest, ':', &out->partition) || !slice_split(&rest, ':', &service) ||
        !slice_split(&rest, ':', &region) || !slice_split(&rest, ':', &out->account) || !rest.ptr)
        return false;
    if (!slice_eq(arn, SLICE("arn")) || out->partition.len == 0 || region.len || !is_account(out->account))
        return false;
    if (slice_eq(service, SLICE("iam")))
        return read_identity(rest, out);
    return slice_eq(service, SLICE("sts")) && read_session(rest, out);
}

static bool same_account(const struct principal *listed, const struct principal *caller)
{
    return slice_eq(listed->account, caller->account) &&
           (listed->partition.len == 0 || slice_eq(listed->partition, caller->partition));
}

static bool same_role(const struct principal *listed, const struct principal *caller)
{
    return same_account(listed, caller) && slice_eq_nocase(listed->role, caller->role);
}

static enum truth matches(const struct principal *listed, const struct principal *caller)
{
    if (listed->kind == PRINCIPAL_EVERYONE)
        return TRUTH_YES;
    if (listed->kind == PRINCIPAL_OTHER)
        return TRUTH_NO;
    if (!caller)
        return TRUTH_UNKNOWN;
    if (listed->kind == PRINCIPAL_ACCOUNT)
        return truth_of(same_account(listed, caller));
    if (listed->kind == PRINCIPAL_ROLE)
        return truth_of(caller->role.len && same_role(listed, caller));
    /* The caller may be known by its role alone. */
    if (listed->kind == PRINCIPAL_SESSION && caller->kind == PRINCIPAL_ROLE)
        return same_role(listed, caller) ? TRUTH_UNKNOWN : TRUTH_NO;
    return truth_of(slice_eq(listed->arn, caller->arn));
}

/* The best answer of those of some kinds: a bit each. "*" is of every kind. */
static enum truth best_match(const struct principals *principals, const struct principal *caller,
                             unsigned kinds)
{
    enum truth best = TRUTH_NO;

    for (size_t i = 0; i < principals->count; i++) {
        unsigned kind = 1U << principals->at[i].kind;

        if (kind & (kinds | 1U << PRINCIPAL_EVERYONE))
            best = truth_or(best, matches(&principals->at[i], caller));
    }
    return best;
}

/*
 * NotPrincipal spares a user or a role for certain only when its account is listed too: AWS "might validate
 * the account first and then the user", and of a session the account, the role, the session. With some of
 * them alone, only AWS knows.
 */
static enum truth is_spared(const struct principals *principals, const struct principal *caller)
{
    unsigned self = caller && caller->kind == PRINCIPAL_USER ? 1U << PRINCIPAL_USER : 1U << PRINCIPAL_ROLE;
    enum truth account = best_match(principals, caller, 1U << PRINCIPAL_ACCOUNT);

    if (caller && caller->kind == PRINCIPAL_ACCOUNT)
        return account;
    if (truth_and(account, best_match(principals, caller, self)) == TRUTH_YES)
        return TRUTH_YES;
    return best_match(principals, caller, ~0U) == TRUTH_NO ? TRUTH_NO : TRUTH_UNKNOWN;
}

enum truth principals_match(const struct principals *principals, const struct principal *caller)
{
    if (!principals->present)
        return TRUTH_YES;
    if (principals->negated)
        return truth_not(is_spared(principals, caller));
    return best_match(principals, caller, ~0U);
}
