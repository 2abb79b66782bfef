/*
 * Static keys of a profile in the shared files, found in botocore's order: roles and single sign-on before
 * keys in the credentials file, these before a credential_process, and that before keys in the config file.
 */
#include <stdlib.h>

#include "base/buffer.h"
#include "base/log.h"
#include "credentials/ini.h"
#include "credentials/provider.h"
#include "credentials/shared_file.h"

enum key {
    KEY_ID,
    KEY_SECRET,
    KEY_OLD_TOKEN, /* the token's name in old files; botocore prefers it */
    KEY_TOKEN,
    KEY_ROLE,
    KEY_WEB_IDENTITY,
    KEY_SSO_ACCOUNT,
    KEY_SSO_ROLE,
    KEY_PROCESS,
    KEY_COUNT,
};

static const struct slice key_names[KEY_COUNT] = {
    [KEY_ID] = SLICE_INIT("aws_access_key_id"),
    [KEY_SECRET] = SLICE_INIT("aws_secret_access_key"),
    [KEY_OLD_TOKEN] = SLICE_INIT("aws_security_token"),
    [KEY_TOKEN] = SLICE_INIT("aws_session_token"),
    [KEY_ROLE] = SLICE_INIT("role_arn"),
    [KEY_WEB_IDENTITY] = SLICE_INIT("web_identity_token_file"),
    [KEY_SSO_ACCOUNT] = SLICE_INIT("sso_account_id"),
    [KEY_SSO_ROLE] = SLICE_INIT("sso_role_name"),
    [KEY_PROCESS] = SLICE_INIT("credential_process"),
};

enum file { FILE_CREDENTIALS, FILE_CONFIG, FILE_COUNT };

static const struct shared_file_place places[FILE_COUNT] = {
    [FILE_CREDENTIALS] = {"AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"},
    [FILE_CONFIG] = {"AWS_CONFIG_FILE", ".aws/config"},
};

struct profile {
    const struct provider_setup *setup;
    const char *name;
    bool named; /* by somebody, not by default: then it has to exist */
    struct shared_file files[FILE_COUNT];
};

/* One look: what the files say of the profile. The entries point into the files' texts. */
struct look {
    struct slice name;
    enum file file; /* being parsed */
    bool exists;
    struct ini_entry entries[FILE_COUNT][KEY_COUNT]; /* line 0: not there */
    struct buffer problems;                          /* of files: "PATH: …; PATH: …" */
};

static void *profile_open(const struct provider_setup *setup)
{
    /* botocore lets AWS_DEFAULT_PROFILE win, though AWS_PROFILE is the documented one. */
    const char *const names[] = {setup->profile, provider_variable("AWS_DEFAULT_PROFILE"),
                                 provider_variable("AWS_PROFILE")};
    struct profile *profile = calloc(1, sizeof(*profile));

    if (!profile)
        return NULL;
    profile->setup = setup;
    profile->name = "default";
    for (size_t i = sizeof(names) / sizeof(names[0]); i-- > 0;) {
        if (names[i]) {
            profile->name = names[i];
            profile->named = true;
        }
    }
    for (size_t i = 0; i < FILE_COUNT; i++)
        (void)shared_file_locate(&profile->files[i], &places[i]);
    return profile;
}

static void profile_close(void *state)
{
    struct profile *profile = state;

    for (size_t i = 0; i < FILE_COUNT; i++)
        shared_file_free(&profile->files[i]);
    free(profile);
}

static bool profile_stale(void *state)
{
    struct profile *profile = state;

    return shared_file_changed(&profile->files[FILE_CREDENTIALS]) ||
           shared_file_changed(&profile->files[FILE_CONFIG]);
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

static void visit(void *user, const struct ini_entry *entry)
{
    struct look *look = user;
    bool ours = look->file == FILE_CONFIG ? config_section_is(entry->section, look->name)
                                          : slice_eq(entry->section, look->name);

    if (!ours)
        return;
    look->exists = true;
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (slice_eq_nocase(entry->key, key_names[i]))
            look->entries[look->file][i] = *entry;
    }
}

static bool has(const struct look *look, enum file file, enum key key)
{
    return look->entries[file][key].line != 0;
}

static bool has_anywhere(const struct look *look, enum key key)
{
    return has(look, FILE_CREDENTIALS, key) || has(look, FILE_CONFIG, key);
}

static void answer(const struct profile *profile, enum provider_outcome outcome, const char *why_not)
{
    profile->setup->answer(profile->setup->user, outcome, NULL, why_not);
}

/* False when a file is there and is not what it should be: then err says where. */
static bool read_file(struct profile *profile, struct look *look, enum file which, struct sg_error *err)
{
    struct shared_file *file = &profile->files[which];
    struct sg_error parse;
    enum sg_status status;

    if (!file->path) {
        buffer_printf(&look->problems, "%sHOME is not set, and %s names no absolute path",
                      look->problems.len ? "; " : "", places[which].variable);
        return true;
    }
    status = shared_file_read(file, err);
    if (status == SG_NOT_FOUND || status == SG_IO) {
        buffer_printf(&look->problems, "%s%s", look->problems.len ? "; " : "", err->text);
        return true;
    }
    if (status)
        return false;
    look->file = which;
    if (ini_parse(slice_of(file->text, file->len), visit, look, &parse)) {
        (void)sg_fail(err, SG_INVALID, "%s: %s", file->path, parse.text);
        return false;
    }
    return true;
}

/* A key's value for use; false with err when it is there and spans lines. */
static bool value_of(const struct profile *profile, const struct look *look, enum file file, enum key key,
                     struct slice *value, struct sg_error *err)
{
    const struct ini_entry *entry = &look->entries[file][key];

    *value = entry->value;
    if (!entry->continued)
        return true;
    (void)sg_fail(err, SG_INVALID, "%s, line %u: the value of %.*s goes on in the next, indented line",
                  profile->files[file].path, entry->line, SLICE_FMT(key_names[key]));
    return false;
}

/* The keys that this file has: with an id, all that belongs to it must be right. NULL with err if not. */
static struct credentials *keys_of(const struct profile *profile, const struct look *look, enum file file,
                                   struct sg_error *err)
{
    enum key token_key = has(look, file, KEY_OLD_TOKEN) ? KEY_OLD_TOKEN : KEY_TOKEN;
    const char *path = profile->files[file].path;
    struct slice id, secret, token;
    struct credentials *keys;
    struct sg_error part;

    if (!has(look, file, KEY_SECRET)) {
        (void)sg_fail(err, SG_INVALID, "%s, line %u: there is no aws_secret_access_key beside this key id",
                      path, look->entries[file][KEY_ID].line);
        return NULL;
    }
    if (!value_of(profile, look, file, KEY_ID, &id, err) ||
        !value_of(profile, look, file, KEY_SECRET, &secret, err) ||
        !value_of(profile, look, file, token_key, &token, err))
        return NULL;
    if (credentials_check(id, secret, token, &part)) {
        (void)sg_fail(err, SG_INVALID, "%s, profile \"%s\": %s", path, profile->name, part.text);
        return NULL;
    }
    keys = credentials_new(id, secret, token, 0, profile_provider.name);
    if (!keys)
        (void)sg_fail(err, SG_NO_MEMORY, "out of memory");
    return keys;
}

static void answer_keys(const struct profile *profile, const struct look *look, enum file which)
{
    const struct shared_file *file = &profile->files[which];
    struct sg_error err;
    struct credentials *keys = keys_of(profile, look, which, &err);

    if (!keys) {
        answer(profile, PROVIDER_FAILED, err.text);
        return;
    }
    if (file->seen.st_mode & (S_IWGRP | S_IRWXO))
        log_warn("the keys in %s are open to other users (mode %04o): chmod 600 would close it", file->path,
                 (unsigned)(file->seen.st_mode & 07777));
    profile->setup->answer(profile->setup->user, PROVIDER_FOUND, keys, NULL);
    credentials_unref(keys);
}

/* For a profile that says nothing of keys: the problems of its files may be the reason. */
static void answer_none(const struct profile *profile, struct look *look)
{
    bool id_missing = has_anywhere(look, KEY_SECRET);
    struct buffer *problems = &look->problems;
    struct buffer why = {0};
    const char *text;

    for (size_t i = 0; !look->exists && i < FILE_COUNT; i++) {
        if (profile->files[i].text)
            buffer_printf(problems, "%snot in %s", problems->len ? "; " : "", profile->files[i].path);
    }
    if (look->exists)
        buffer_printf(&why, "profile \"%s\" has no aws_access_key_id%s", profile->name,
                      id_missing ? " beside its aws_secret_access_key" : "");
    else
        buffer_printf(&why, "there is no profile \"%s\"", profile->name);
    if (problems->len)
        buffer_printf(&why, " (%.*s)", SLICE_FMT(buffer_slice(problems)));
    text = buffer_cstr(&why);
    /* As botocore: a profile that somebody named has to exist, or the search ends. */
    answer(profile, profile->named && !look->exists ? PROVIDER_FAILED : PROVIDER_EMPTY,
           text ? text : "out of memory");
    buffer_free(&why);
}

static void answer_not_yet(const struct profile *profile, enum key key)
{
    struct sg_error err;

    (void)sg_fail(&err, SG_UNSUPPORTED, "profile \"%s\" uses %.*s, which sagegate does not do yet",
                  profile->name, SLICE_FMT(key_names[key]));
    answer(profile, PROVIDER_FAILED, err.text);
}

/* botocore's order of providers within a profile. */
static void decide(const struct profile *profile, struct look *look)
{
    static const enum key before_keys[] = {KEY_WEB_IDENTITY, KEY_ROLE, KEY_SSO_ACCOUNT, KEY_SSO_ROLE};

    for (size_t i = 0; i < sizeof(before_keys) / sizeof(before_keys[0]); i++) {
        if (has_anywhere(look, before_keys[i])) {
            answer_not_yet(profile, before_keys[i]);
            return;
        }
    }
    if (has(look, FILE_CREDENTIALS, KEY_ID))
        answer_keys(profile, look, FILE_CREDENTIALS);
    else if (has_anywhere(look, KEY_PROCESS))
        answer_not_yet(profile, KEY_PROCESS);
    else if (has(look, FILE_CONFIG, KEY_ID))
        answer_keys(profile, look, FILE_CONFIG);
    else
        answer_none(profile, look);
}

static void profile_look(void *state, unsigned timeout_ms)
{
    struct profile *profile = state;
    struct look look = {.name = slice_cstr(profile->name)};
    struct sg_error err;

    (void)timeout_ms;
    if (read_file(profile, &look, FILE_CREDENTIALS, &err) && read_file(profile, &look, FILE_CONFIG, &err))
        decide(profile, &look);
    else
        answer(profile, PROVIDER_FAILED, err.text);
    for (size_t i = 0; i < FILE_COUNT; i++)
        shared_file_drop_text(&profile->files[i]);
    buffer_free(&look.problems);
}

const struct provider profile_provider = {
    .name = "profile",
    .open = profile_open,
    .look = profile_look,
    .stale = profile_stale,
    .close = profile_close,
};
