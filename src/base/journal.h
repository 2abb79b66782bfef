/*
 * The journal of systemd, when standard error leads to it: entries with fields, that journalctl can select by
 * (systemd's "Native Journal Protocol"). For log.c only.
 */
#ifndef SAGEGATE_BASE_JOURNAL_H
#define SAGEGATE_BASE_JOURNAL_H

#include <stdbool.h>

#include "base/slice.h"

/* False when standard error is not the journal's ($JOURNAL_STREAM, systemd.exec(5)), or it can't be reached.
 * Once open it stays so. */
bool journal_open(void);

/* One entry, in two pieces, made of NAME=VALUE lines. False when it is lost: it never blocks. */
bool journal_send(struct slice head, struct slice rest);

#endif
