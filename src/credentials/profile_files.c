#include "credentials/profile_files.h"

#include <stdio.h>
#include <stdlib.h>

static const struct slice key_names[KEY_COUNT] = {
    [KEY_ID] = SLICE_INIT("aws_access_key_id"),
    [KEY_SECRET] = SLICE_INIT("aws_secret_access_key"),
    [KEY_OLD_TOKEN] = SLICE_INIT("aws_security_token"),
    [KEY_TOKEN] = SLICE_INIT("aws_session_token"),
    [KEY_ROLE] = SLICE_INIT("role_arn"),
    [KEY_SOURCE_PROFILE] = SLICE_INIT("source_profile"),
    [KEY_CREDENTIAL_SOURCE] = SLICE_INIT("credential_source"),
    [KEY_EXTERNAL_ID] = SLICE_INIT("external_id"),
    [KEY_SESSION_NAME] = SLICE_INIT("role_session_name"),
    [KEY_DURATION] = SLICE_INIT("duration_seconds"),
    [KEY_MFA] = SLICE_INIT("mfa_serial"),
    [KEY_WEB_IDENTITY] = SLICE_INIT("web_identity_token_file"),
    [KEY_SSO_ACCOUNT] = SLICE_INIT("sso_account_id"),
    [KEY_SSO_ROLE] = SLICE_INIT("sso_role_name"),
    [KEY_LOGIN] = SLICE_INIT("login_session"),
    [KEY_PROCESS] = SLICE_INIT("credential_process"),
};

static const struct shared_file_place places[FILE_COUNT] = {
    [FILE_CREDENTIALS] = {"AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"},
    [FILE_CONFIG] = {"AWS_CONFIG_FILE", ".aws/config"},
};

const char *profile_key_name(enum profile_key key)
{
    return key_names[key].ptr;
}

static void add_problem(struct profile_files *files, const char *text)
{
    buffer_printf(&files->problems, "%s%s", files->problems.len ? "; " : "", text);
}

bool profile_files_locate(struct profile_files *files, const char *only)
{
    if (only) {
        files->only_one = true;
        files->files[FILE_CREDENTIALS].path = strdup(only);
        return files->files[FILE_CREDENTIALS].path != NULL;
    }
    for (size_t i = 0; i < FILE_COUNT; i++)
        (void)shared_file_locate(&files->files[i], &places[i]);
    return true;
}

bool profile_files_changed(const struct profile_files *files)
{
    return shared_file_changed(&files->files[FILE_CREDENTIALS]) ||
           shared_file_changed(&files->files[FILE_CONFIG]);
}

static void ignore(void *user, const struct ini_entry *entry)
{
    (void)user;
    (void)entry;
}

static enum sg_status read_one(struct profile_files *files, enum profile_file which, struct sg_error *err)
{
    struct shared_file *file = &files->files[which];
    struct sg_error problem;
    enum sg_status status = shared_file_read(file, &problem);

    if (status == SG_NOT_FOUND || status == SG_IO) {
        add_problem(files, problem.text);
        return SG_OK;
    }
    if (status)
        return sg_fail(err, status, "%s", problem.text);
    if (ini_parse(slice_of(file->text, file->len), ignore, NULL, &problem))
        return sg_fail(err, SG_INVALID, "%s: %s", file->path, problem.text);
    return SG_OK;
}

enum sg_status profile_files_read(struct profile_files *files, struct sg_error *err)
{
    char problem[160];
    enum sg_status status = SG_OK;

    buffer_reset(&files->problems);
    for (unsigned i = 0; i < FILE_COUNT && status == SG_OK; i++) {
        if (files->files[i].path) {
            status = read_one(files, (enum profile_file)i, err);
        } else if (!files->only_one) {
            sg_word(problem, sizeof(problem), "HOME is not set, and %s names no absolute path",
                    places[i].variable);
            add_problem(files, problem);
        }
    }
    return status;
}

/* [default], [profile name] and [profile "name with blanks"], as in the config file. */
static bool config_section_is(struct slice section, struct slice name)
{
    static const struct slice prefix = SLICE_INIT("profile");
    struct slice rest;

    if (slice_eq(section, SLICE("default")))
        return slice_eq(name, section);
    if (!slice_starts(section, prefix) || section.len < prefix.len + 2)
        return false;
    rest = slice_from(section, prefix.len);
    if (rest.ptr[0] != ' ' && rest.ptr[0] != '\t')
        return false;
    rest = slice_trim(rest);
    if (rest.len >= 2 && (rest.ptr[0] == '"' || rest.ptr[0] == '\'') && rest.ptr[rest.len - 1] == rest.ptr[0])
        return slice_eq(slice_of(rest.ptr + 1, rest.len - 2), name);
    return slice_eq(rest, name) && !memchr(rest.ptr, ' ', rest.len) && !memchr(rest.ptr, '\t', rest.len);
}

struct finder {
    struct profile_section *section;
    enum profile_file file;
};

static void visit(void *user, const struct ini_entry *entry)
{
    const struct finder *finder = user;
    struct profile_section *section = finder->section;
    bool ours = finder->file == FILE_CONFIG ? config_section_is(entry->section, section->name)
                                            : slice_eq(entry->section, section->name);

    if (!ours)
        return;
    section->exists = true;
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (slice_eq_nocase(entry->key, key_names[i]))
            section->entries[finder->file][i] = *entry;
    }
}

void profile_files_find(const struct profile_files *files, struct slice name, struct profile_section *section)
{
    *section = (struct profile_section){.name = name};
    for (unsigned i = 0; i < FILE_COUNT; i++) {
        const struct shared_file *file = &files->files[i];
        struct finder finder = {section, (enum profile_file)i};

        if (file->text)
            (void)ini_parse(slice_of(file->text, file->len), visit, &finder, NULL);
    }
}

void profile_files_drop(struct profile_files *files)
{
    for (size_t i = 0; i < FILE_COUNT; i++)
        shared_file_drop_text(&files->files[i]);
}

void profile_files_free(struct profile_files *files)
{
    for (size_t i = 0; i < FILE_COUNT; i++)
        shared_file_free(&files->files[i]);
    buffer_free(&files->problems);
}

enum sg_status profile_value_in(const struct profile_files *files, const struct profile_section *section,
                                enum profile_file file, enum profile_key key, struct slice *value,
                                struct sg_error *err)
{
    const struct ini_entry *entry = &section->entries[file][key];

    *value = entry->value;
    if (!entry->continued)
        return SG_OK;
    return sg_fail(err, SG_INVALID, "%s, line %u: the value of %s goes on in the next, indented line",
                   files->files[file].path, entry->line, profile_key_name(key));
}

enum sg_status profile_value(const struct profile_files *files, const struct profile_section *section,
                             enum profile_key key, struct slice *value, struct sg_error *err)
{
    enum profile_file file = section->entries[FILE_CREDENTIALS][key].line ? FILE_CREDENTIALS : FILE_CONFIG;

    return profile_value_in(files, section, file, key, value, err);
}
