/*
 * Landlock: from here on the process reads, makes and removes files only in the places that it named, and
 * runs no program. See landlock(7); the C library has no functions for it.
 */
#ifndef SAGEGATE_DAEMON_LANDLOCK_H
#define SAGEGATE_DAEMON_LANDLOCK_H

#include <stdbool.h>

/* The version of the kernel's interface; 0 with errno when it has none, or it is switched off. */
int landlock_version(void);

/* A set of rules, which allow nothing yet; -1 with errno. A descriptor, owned by the caller. */
int landlock_rules(int version);

/* Allows to read what is in the folder and below, or the file. Where there is none, the folder that it would
 * be in counts, unless that is the root. */
void landlock_allow_reading(int rules, const char *path);

/* Allows to make and remove sockets in the folder, too. */
void landlock_allow_sockets(int rules, const char *folder);

/* Allows to write, and to make, files in the folder and below. */
void landlock_allow_appending(int rules, const char *folder);

/* Allows to read, make, write, rename and remove files in the folder. */
void landlock_allow_writing(int rules, const char *folder);

/* Puts them in force for this thread and those it will start; it has no new privileges. False with errno. */
bool landlock_enforce(int rules);

#endif
