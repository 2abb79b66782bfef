/*
 * How functions say what went wrong: a status for the program, a sentence for a person.
 * Not for what a client of the proxy sees: that is aws/error.h.
 */
#ifndef SAGEGATE_BASE_ERROR_H
#define SAGEGATE_BASE_ERROR_H

enum sg_status {
    SG_OK = 0,
    SG_INVALID,   /* the input is wrong; the text says where and what would be right */
    SG_NOT_FOUND, /* what was asked for does not exist */
    SG_NO_MEMORY,
    SG_IO, /* a system call or library call failed; the text carries its reason */
    SG_TIMEOUT,
    SG_UNSUPPORTED, /* understood, but not served */
};

struct sg_error {
    enum sg_status status;
    char text[512]; /* one sentence without a trailing newline; cut, never overrun */
};

/* Fills err (which may be NULL) and returns status, so that `return sg_fail(err, …)` reads well. */
enum sg_status sg_fail(struct sg_error *err, enum sg_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
