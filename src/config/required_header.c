#include "config/required_header.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/secret.h"
#include "config/file.h"
#include "config/values.h"

enum { SHORTEST = 16, LONGEST = 1024 };

static const struct mark whole_file = {0, 0};

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

static bool is_visible(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~')
            return false;
    }
    return true;
}

static void warn_of_readers(const char *file, struct problems *problems)
{
    struct stat st;

    if (stat(file, &st) == 0 && st.st_mode & S_IROTH)
        problem_warning(problems, whole_file,
                        "every user of this machine may read this secret; chmod o-r it");
}

void required_header_load(struct config_listener *listener, struct problems *problems)
{
    struct config_required_header *header = &listener->require_header;
    struct problems in_file = {
        .file = header->value_file, .report = problems->report, .user = problems->user};
    struct buffer text = {0};
    struct slice value;
    struct sg_error err;
    bool world_writable;

    if (!header->name || !header->value_file)
        return;
    if (!buffer_reserve(&text, FILE_MAX_SIZE + 1) ||
        file_read(header->value_file, &text, &world_writable, &err) != SG_OK) {
        problem_error(&in_file, whole_file, "%s", text.data ? err.text : "memory is short");
    } else {
        problem_if_world_writable(&in_file, world_writable);
        warn_of_readers(header->value_file, &in_file);
        value = buffer_slice(&text);
        while (value.len > 0 && (value.ptr[value.len - 1] == '\n' || value.ptr[value.len - 1] == '\r'))
            value.len--;
        if (value.len < SHORTEST || value.len > LONGEST || !is_visible(value))
            problem_error(&in_file, whole_file,
                          "a secret must be one line of %d to %d visible characters without blanks, such as "
                          "\"openssl rand -hex 32\" prints",
                          SHORTEST, LONGEST);
        else if (!(header->value = secret_copy(value)))
            problem_error(&in_file, whole_file, "memory is short");
    }
    secret_free_buffer(&text);
    problems->errors += in_file.errors;
}

void required_header_free(struct config_required_header *header)
{
    free(header->name);
    free(header->value_file);
    secret_free(header->value);
}
