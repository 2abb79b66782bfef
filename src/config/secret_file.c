#include "config/secret_file.h"

#include <sys/stat.h>

#include "base/secret.h"
#include "config/file.h"

enum { SHORTEST = 16, LONGEST = 1024 };

static const struct mark whole_file = {0, 0};

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

void secret_file_load(const char *file, char **value, struct problems *problems)
{
    struct problems in_file = {.file = file, .report = problems->report, .user = problems->user};
    struct buffer text = {0};
    struct slice secret;
    struct sg_error err;
    bool world_writable;

    if (!buffer_reserve(&text, FILE_MAX_SIZE + 1) || file_read(file, &text, &world_writable, &err) != SG_OK) {
        problem_error(&in_file, whole_file, "%s", text.data ? err.text : "memory is short");
    } else {
        problem_if_world_writable(&in_file, world_writable);
        warn_of_readers(file, &in_file);
        secret = buffer_slice(&text);
        while (secret.len > 0 && (secret.ptr[secret.len - 1] == '\n' || secret.ptr[secret.len - 1] == '\r'))
            secret.len--;
        if (secret.len < SHORTEST || secret.len > LONGEST || !is_visible(secret))
            problem_error(&in_file, whole_file,
                          "a secret must be one line of %d to %d visible characters without blanks, such as "
                          "\"openssl rand -hex 32\" prints",
                          SHORTEST, LONGEST);
        else if (!(*value = secret_copy(secret)))
            problem_error(&in_file, whole_file, "memory is short");
    }
    secret_free_buffer(&text);
    problems->errors += in_file.errors;
}
