/* YAML text to libyaml's document: one, not empty, in UTF-8. */
#ifndef SAGEGATE_CONFIG_DOCUMENT_H
#define SAGEGATE_CONFIG_DOCUMENT_H

#include <yaml.h>

#include "config/problems.h"

/* False when the text is no single YAML document, which has been reported; else document is the caller's to
 * yaml_document_delete(). */
bool parse_yaml(struct slice text, struct problems *problems, yaml_document_t *document);

#endif
