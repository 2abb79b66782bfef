/*
 * How much memory the daemon holds while nobody asks. Starting and shaking hands touch far more of the
 * libraries than serving does: relocation, parsing, OpenSSL's tables. On a host with many small containers
 * these pages are counted.
 */
#ifndef SAGEGATE_DAEMON_FOOTPRINT_H
#define SAGEGATE_DAEMON_FOOTPRINT_H

struct event_base;
struct footprint;
struct worker;

/* Gives back what is not needed now: unused heap, and the pages of program and libraries that nobody can have
 * written to. They stay in the page cache; one that is needed again costs a minor fault (madvise(2),
 * MADV_DONTNEED). */
void footprint_settle(void);

/* On the control thread: settles whenever requests have come, and then none for some seconds. NULL, and
 * nothing is given back, when memory is short. */
struct footprint *footprint_start(struct event_base *base, struct worker **workers, unsigned count);

/* NULL is fine. */
void footprint_stop(struct footprint *footprint);

#endif
