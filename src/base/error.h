/*
 * How functions say what went wrong: a status for the program, a sentence for a person.
 * Not for what a client of the proxy sees: that is aws/error.h.
 */
#ifndef SAGEGATE_BASE_ERROR_H
#define SAGEGATE_BASE_ERROR_H

#include <stdarg.h>
#include <stddef.h>

enum sg_status {
    SG_OK = 0,
    SG_INVALID,   /* the input is wrong; the text says where and what would be right */
    SG_NOT_FOUND, /* what was asked for does not exist */
    SG_NO_MEMORY,
    SG_IO, /* a system call or library call failed; the text carries its reason */
    SG_TIMEOUT,
    SG_UNSUPPORTED, /* understood, but not served */
};

/* Room for a sentence that has a path, an ARN and a reason from elsewhere in it. */
enum { SG_TEXT = 1024 };

struct sg_error {
    enum sg_status status;
    char text[SG_TEXT]; /* one sentence without a trailing newline; see sg_word() */
};

/* Fills err (which may be NULL) and returns status, so that `return sg_fail(err, …)` reads well. */
enum sg_status sg_fail(struct sg_error *err, enum sg_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Words err's text anew; the arguments may lie in it. */
void sg_reword(struct sg_error *err, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/*
 * As snprintf(3), but a text that is cut off for want of room says so: it ends in "...". It is one line of
 * UTF-8, whatever the arguments have in them: it is told in JSON, and to the service manager.
 */
void sg_word(char *text, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* As vsnprintf(3), cut as sg_word() does; the bytes stay what they are. */
void sg_vword(char *text, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

#endif
