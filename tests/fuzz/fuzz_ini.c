/* A shared file of whatever bytes: read, and every slice it gives lies within it and within one line. */
#include <stdint.h>
#include <stdlib.h>

#include "credentials/ini.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
    if (!truth)
        abort();
}

struct seen {
    struct slice text;
    unsigned line;
};

static void require_within(const struct seen *seen, struct slice s)
{
    if (s.len == 0)
        return;
    require(s.ptr >= seen->text.ptr && s.ptr + s.len <= seen->text.ptr + seen->text.len);
    require(!memchr(s.ptr, '\n', s.len) && !memchr(s.ptr, '\r', s.len));
}

static void visit(void *user, const struct ini_entry *entry)
{
    struct seen *seen = user;

    require(entry->line > seen->line);
    seen->line = entry->line;
    require(entry->section.len > 0);
    require_within(seen, entry->section);
    require_within(seen, entry->key);
    require_within(seen, entry->value);
    require(entry->key.len > 0 || (entry->value.len == 0 && !entry->continued));
    require(entry->key.len == 0 || entry->key.ptr > entry->section.ptr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen seen = {.text = slice_of((const char *)data, size)};
    struct sg_error err = {0};

    if (ini_parse(seen.text, visit, &seen, &err))
        require(err.status == SG_INVALID && strncmp(err.text, "line ", 5) == 0);
    return 0;
}
