/*
 * The shared AWS files as one set of profiles: a profile is what both files say of it, and a key of the
 * credentials file counts before the same key of the config file. Not for what the keys lead to: see
 * profile_plan.h.
 * https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
#ifndef SAGEGATE_CREDENTIALS_PROFILE_FILES_H
#define SAGEGATE_CREDENTIALS_PROFILE_FILES_H

#include "base/buffer.h"
#include "credentials/ini.h"
#include "credentials/shared_file.h"

enum profile_key {
    KEY_ID,
    KEY_SECRET,
    KEY_OLD_TOKEN, /* the token's name in old files; botocore prefers it */
    KEY_TOKEN,
    KEY_ROLE,
    KEY_SOURCE_PROFILE,
    KEY_CREDENTIAL_SOURCE,
    KEY_EXTERNAL_ID,
    KEY_SESSION_NAME,
    KEY_DURATION,
    KEY_MFA,
    KEY_WEB_IDENTITY,
    KEY_SSO_ACCOUNT,
    KEY_SSO_ROLE,
    KEY_LOGIN,
    KEY_PROCESS,
    KEY_COUNT,
};

enum profile_file { FILE_CREDENTIALS, FILE_CONFIG, FILE_COUNT };

struct profile_files {
    struct shared_file files[FILE_COUNT]; /* without a path: not known where */
    bool only_one;                        /* in the place of both; it is the credentials file */
    struct buffer problems;               /* of files that could not be read: "PATH: …; PATH: …" */
};

struct profile_section {
    struct slice name;
    bool exists;
    struct ini_entry entries[FILE_COUNT][KEY_COUNT]; /* line 0: not there; they point into the files' texts */
};

/* Where the files are: this one alone, or with NULL where the environment says. False when memory is short.
 */
bool profile_files_locate(struct profile_files *files, const char *only);

/* Whether they are others than at the last read. */
bool profile_files_changed(const struct profile_files *files);

/*
 * Reads both. A file that is not there or cannot be opened counts as empty, and is told in problems.
 * SG_INVALID with err when one is there and malformed.
 */
enum sg_status profile_files_read(struct profile_files *files, struct sg_error *err);

/* What the files say of a profile. */
void profile_files_find(const struct profile_files *files, struct slice name,
                        struct profile_section *section);

/* The texts, which may hold secrets, are no longer needed. */
void profile_files_drop(struct profile_files *files);
void profile_files_free(struct profile_files *files);

const char *profile_key_name(enum profile_key key);

static inline bool profile_has(const struct profile_section *section, enum profile_key key)
{
    return section->entries[FILE_CREDENTIALS][key].line || section->entries[FILE_CONFIG][key].line;
}

/*
 * The value that counts, in *value; empty when the key is not there. SG_INVALID with err when it goes on in
 * another line, which none of these keys may.
 */
enum sg_status profile_value(const struct profile_files *files, const struct profile_section *section,
                             enum profile_key key, struct slice *value, struct sg_error *err);

/* The same of one file alone. */
enum sg_status profile_value_in(const struct profile_files *files, const struct profile_section *section,
                                enum profile_file file, enum profile_key key, struct slice *value,
                                struct sg_error *err);

#endif
