#include "config/required_header.h"

#include <stdlib.h>

#include "base/secret.h"
#include "config/secret_file.h"
#include "config/values.h"

/* Only a header of the application's own: the others have a meaning for the proxy or the service. */
static const char *read_header_name(const struct schema_key *key, struct slice text, void *target)
{
    if (!slice_starts_nocase(text, SLICE("x-")) || slice_starts_nocase(text, SLICE("x-amz")) || text.len == 2)
        return key->want;
    return read_name(key, text, target);
}

static const struct schema_key keys[] = {
    {.name = "name",
     .target = offsetof(struct config_required_header, name),
     .read = read_header_name,
     .max = 64,
     .want =
         "it must be a header of your own that begins with X-, and not with X-Amz, such as X-Sagegate-Token",
     .missing = "name is missing: the header's, such as X-Sagegate-Token"},
    {.name = "value_file",
     .target = offsetof(struct config_required_header, value_file),
     .read = read_text,
     .want = "it must be a file that holds the value, and nothing else",
     .missing = "value_file is missing: the file that holds the header's value"},
};

const struct schema required_header_schema = {
    .where = "in require_header", .keys = keys, .count = sizeof(keys) / sizeof(keys[0])};

void required_header_load(struct config_listener *listener, struct problems *problems)
{
    struct config_required_header *header = &listener->require_header;

    if (header->name && header->value_file)
        secret_file_load(header->value_file, &header->value, problems);
}

void required_header_free(struct config_required_header *header)
{
    free(header->name);
    free(header->value_file);
    secret_free(header->value);
}
