/*
 * The XML in which AWS's query protocol answers, walked element by element: what is asked is which text
 * stands where. No attributes, no namespaces, no mixed content. Bytes in, values out.
 */
#ifndef SAGEGATE_CREDENTIALS_XML_H
#define SAGEGATE_CREDENTIALS_XML_H

#include "base/error.h"
#include "base/slice.h"

/* What slices point to. */
struct xml_memory {
    char *data;
    size_t size;
};

/*
 * Paths are those of elements below the root, "/Error/Code"; elements whose path is longer than any that is
 * looked for (XML_PATH_MAX) are passed over with all they hold. Each function returns NULL, or the phrase
 * that refuses the answer.
 */
enum { XML_PATH_MAX = 128 };
struct xml_reader {
    const char *whose; /* "STS" */
    bool (*is_root)(struct slice name);
    const char *(*open)(void *user, struct slice path); /* may be NULL */
    /* At the end of an element that holds no other: its text, decoded, which lies in the memory. */
    const char *(*text)(void *user, struct slice path, struct slice text);
    void *user;
};

/*
 * SG_OK when it is XML, whole and well-formed, with such a root. SG_INVALID with a phrase that quotes nothing
 * of it: also for a document type, which could make it grow without limit. SG_NO_MEMORY. xml_memory_free() is
 * due in each case.
 */
enum sg_status xml_read(struct slice xml, const struct xml_reader *reader, struct xml_memory *memory,
                        struct sg_error *err);

/* Wipes it. */
void xml_memory_free(struct xml_memory *memory);

#endif
