/* Files that hold one secret: a line of visible characters. */
#ifndef SAGEGATE_CONFIG_SECRET_FILE_H
#define SAGEGATE_CONFIG_SECRET_FILE_H

#include "config/problems.h"

/* *value is then a secret_copy() for the caller to secret_free(); what is wrong is reported under the file's
 * name. */
void secret_file_load(const char *file, char **value, struct problems *problems);

#endif
