#include "credentials/role.h"

#include <stdlib.h>

/* The text's copy at *end, which goes on to after its NUL. */
static const char *put(char **end, const char *text)
{
    char *copy = *end;

    *end = stpcpy(copy, text) + 1;
    return copy;
}

static struct slice put_slice(char **end, const char *text)
{
    return text ? slice_cstr(put(end, text)) : slice_of(NULL, 0);
}

static size_t size_of(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

struct sts_role *role_copy(const struct config_role *role)
{
    size_t size = sizeof(struct sts_role) + role->tag_count * sizeof(struct sts_tag) + size_of(role->arn) +
                  size_of(role->session_name) + size_of(role->external_id);
    struct sts_role *copy;
    struct sts_tag *tags;
    char *end;

    for (size_t i = 0; i < role->tag_count; i++)
        size += size_of(role->tags[i].key) + size_of(role->tags[i].value);
    copy = malloc(size);
    if (!copy)
        return NULL;
    tags = (struct sts_tag *)(copy + 1);
    end = (char *)(tags + role->tag_count);
    for (size_t i = 0; i < role->tag_count; i++)
        tags[i] = (struct sts_tag){put(&end, role->tags[i].key), put(&end, role->tags[i].value)};
    *copy = (struct sts_role){
        .arn = put_slice(&end, role->arn),
        .session_name = put_slice(&end, role->session_name),
        .external_id = put_slice(&end, role->external_id),
        .duration_s = role->duration_ms / 1000,
        .tags = tags,
        .tag_count = role->tag_count,
    };
    return copy;
}
