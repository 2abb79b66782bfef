/* Principal and NotPrincipal: "*", or an object of lists by type. */
#include "policy/compile.h"

static const struct {
    const char *type;
    bool aws; /* else of a kind that never signs a request of ours */
} types[] = {{"AWS", true}, {"Service", false}, {"Federated", false}, {"CanonicalUser", false}};

/* The unique ids that stand in place of the ARN of a principal that was deleted. */
static bool is_unique_id(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!(text.ptr[i] >= 'A' && text.ptr[i] <= 'Z') && !(text.ptr[i] >= '0' && text.ptr[i] <= '9'))
            return false;
    }
    return text.len >= 16 && *text.ptr == 'A';
}

static void add(struct principals *out, struct principal principal)
{
    out->at[out->count++] = principal;
}

static void read_aws(struct compiler *c, json_t *value, size_t index, void *target)
{
    struct slice text = arena_copy(&c->policy->arena, compile_string(value));
    struct principal principal;
    char quoted[QUOTE_SIZE];

    (void)index;
    if (!json_is_string(value)) {
        compile_error(c, "this must be a string, or a list of strings");
    } else if (principal_read(text, &principal)) {
        add(target, principal);
    } else if (is_unique_id(text)) {
        compile_warning(c, "'%s' is the id of a principal that was deleted; it matches nobody",
                        quote_text(text, quoted));
        add(target, (struct principal){.kind = PRINCIPAL_OTHER, .arn = text});
    } else {
        compile_error(
            c,
            "'%s' is no principal: write \"*\", an account's 12 digits, or the whole ARN of a root, user, "
            "role, assumed-role session or federated user; for patterns use aws:PrincipalArn in a "
            "Condition",
            quote_text(text, quoted));
    }
}

static void read_other(struct compiler *c, json_t *value, size_t index, void *target)
{
    char quoted[QUOTE_SIZE];

    (void)index;
    if (!json_is_string(value)) {
        compile_error(c, "this must be a string, or a list of strings");
        return;
    }
    compile_warning(c, "'%s' is of a type that never calls through sagegate: it matches nobody",
                    quote_text(compile_string(value), quoted));
    add(target, (struct principal){.kind = PRINCIPAL_OTHER});
}

static void read_type(struct compiler *c, const char *type, json_t *value, struct principals *out)
{
    char quoted[QUOTE_SIZE];

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(type, types[i].type) != 0)
            continue;
        if (compile_count(value) == 0)
            compile_error(c, "the list is empty: name at least one, or \"*\"");
        compile_each(c, value, types[i].aws ? read_aws : read_other, out);
        return;
    }
    compile_error(c, "'%s' is no type of principal: AWS, Service, Federated or CanonicalUser is",
                  quote_text(slice_cstr(type), quoted));
}

static size_t count_all(json_t *object)
{
    size_t count = 1;
    const char *type;
    json_t *value;

    json_object_foreach(object, type, value) count += compile_count(value);
    return count;
}

/* NotPrincipal without the account of whom it names spares nobody for certain. */
static void warn_if_account_is_missing(struct compiler *c, const struct principals *principals)
{
    for (size_t i = 0; i < principals->count; i++) {
        const struct principal *one = &principals->at[i];
        bool found = one->kind == PRINCIPAL_EVERYONE || one->kind == PRINCIPAL_OTHER;

        for (size_t j = 0; j < principals->count && !found; j++)
            found = principals->at[j].kind == PRINCIPAL_ACCOUNT &&
                    slice_eq(principals->at[j].account, one->account);
        if (!found) {
            compile_warning(c,
                            "NotPrincipal must name the account beside its user or role; without it, AWS may "
                            "deny the whole account");
            return;
        }
    }
}

void compile_principals(struct compiler *c, json_t *value, struct principals *out)
{
    const char *type;
    json_t *list;
    size_t at = 0;

    out->present = true;
    out->at = compile_alloc(c, count_all(value), sizeof(struct principal));
    if (!out->at)
        return;
    if (json_is_string(value) && strcmp(json_string_value(value), "*") == 0) {
        add(out, (struct principal){.kind = PRINCIPAL_EVERYONE});
        return;
    }
    if (!json_is_object(value) || json_object_size(value) == 0) {
        compile_error(c, "this must be \"*\" or an object such as {\"AWS\": \"123456789012\"}");
        return;
    }
    json_object_foreach(value, type, list)
    {
        locator_down(&c->locator, at++);
        read_type(c, type, list, out);
        locator_up(&c->locator);
    }
    if (out->negated && !c->failed)
        warn_if_account_is_missing(c, out);
}
