/* Readers of scalars that mean the same everywhere: text, words, numbers. Addresses and hosts: see address.h.
 */
#ifndef SAGEGATE_CONFIG_VALUES_H
#define SAGEGATE_CONFIG_VALUES_H

#include "config/schema.h"

/* What readers answer when an allocation failed. */
extern const char memory_is_short[];

/* A NUL-terminated copy at the char * that target is; NULL, or memory_is_short. */
const char *value_copy(struct slice text, void *target);

schema_read read_text;            /* char *: as it stands */
schema_read read_bool;            /* bool: true, false */
schema_read read_choice;          /* an enum or int: one of key->choices */
schema_read read_number;          /* unsigned, from key->min to key->max */
schema_read read_size;            /* uint64_t bytes: 1024, 64KiB, 32MiB, 1GiB */
schema_read read_duration;        /* unsigned milliseconds: 500ms, 5s, 2m, 1h */
schema_read read_mode;            /* mode_t: 660, 0660 */
schema_read read_account;         /* char *: the 12 digits of an AWS account */
schema_read read_principal;       /* char *: the ARN of a role or user of IAM */
schema_read read_session_name;    /* char *: of a role's session, as STS takes it */
schema_read read_credential_name; /* char *: of a credential of systemd */
schema_read read_name;            /* char *: letters, digits, '-', '_' */

/* Of a list of words. */
schema_read read_flag; /* unsigned: one bit for each of key->choices that is named */

/* Appends a copy to words; NULL, or memory_is_short. */
const char *words_append(struct config_words *words, struct slice text);

#endif
