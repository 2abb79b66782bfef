/* What the tests of src/http share. */
#ifndef SAGEGATE_TESTS_UNIT_HTTP_H
#define SAGEGATE_TESTS_UNIT_HTTP_H

#include <stdlib.h>

#include "base/error.h"
#include "base/slice.h"
#include "unit/unit.h"

/* A copy that ends where the bytes end, so that the address sanitizer sees a read past them. */
static inline char *exact(struct slice bytes)
{
    char *copy = malloc(bytes.len ? bytes.len : 1);

    assert_non_null(copy);
    if (bytes.len)
        memcpy(copy, bytes.ptr, bytes.len);
    return copy;
}

static inline void assert_text(struct slice text, const char *expected)
{
    if (!slice_eq(text, slice_cstr(expected)))
        fail_msg("\"%.*s\" instead of \"%s\"", SLICE_FMT(text), expected ? expected : "nothing");
}

/* A refusal is one printable sentence that says what the row wants. */
static inline void assert_said(const struct sg_error *err, const char *wanted)
{
    size_t length = strlen(err->text);

    for (size_t i = 0; i < length; i++)
        assert_in_range(err->text[i], ' ', '~');
    assert_int_equal(err->text[length - 1], '.');
    if (!strstr(err->text, wanted))
        fail_msg("\"%s\" does not say \"%s\"", err->text, wanted);
}

#endif
