#include "credentials/xml.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <expat.h>

#include "base/secret.h"

struct walk {
    XML_Parser parser;
    const struct xml_reader *reader;
    struct xml_memory *memory;
    size_t used; /* of memory */
    char path[XML_PATH_MAX + 1];
    size_t path_len;
    unsigned depth; /* of open elements, the root included */
    unsigned lost;  /* of these, so many innermost ones are not in path: it would be too long */
    bool in_leaf;   /* the innermost open element holds no other so far, and is looked at; … */
    size_t text;    /* … its text begins here in memory */
    char fault[80];
};

/* NULL for fault: go on. */
static void stop(struct walk *walk, const char *fault)
{
    if (!fault)
        return;
    snprintf(walk->fault, sizeof(walk->fault), "%s", fault);
    walk->in_leaf = false;
    (void)XML_StopParser(walk->parser, XML_FALSE);
}

static struct slice path_of(const struct walk *walk)
{
    return slice_of(walk->path, walk->path_len);
}

static void open_root(struct walk *walk, const char *name)
{
    char fault[80];

    snprintf(fault, sizeof(fault), "its answer is XML, but not %s's", walk->reader->whose);
    if (!walk->reader->is_root(slice_cstr(name)))
        stop(walk, fault);
}

static void XMLCALL on_start(void *user, const char *name, const char **attributes)
{
    struct walk *walk = user;
    size_t len = strlen(name);

    (void)attributes;
    walk->in_leaf = false;
    if (walk->fault[0])
        return;
    if (walk->depth++ == 0) {
        open_root(walk, name);
        return;
    }
    if (walk->lost || len + 1 > XML_PATH_MAX - walk->path_len) {
        walk->lost++;
        return;
    }
    walk->path[walk->path_len] = '/';
    memcpy(walk->path + walk->path_len + 1, name, len);
    walk->path_len += len + 1;
    walk->in_leaf = true;
    walk->text = walk->used;
    if (walk->reader->open)
        stop(walk, walk->reader->open(walk->reader->user, path_of(walk)));
}

static void XMLCALL on_end(void *user, const char *name)
{
    struct walk *walk = user;
    bool leaf = walk->in_leaf;

    walk->in_leaf = false;
    if (walk->fault[0] || --walk->depth == 0)
        return;
    if (walk->lost) {
        walk->lost--;
        return;
    }
    if (leaf)
        stop(walk, walk->reader->text(walk->reader->user, path_of(walk),
                                      slice_of(walk->memory->data + walk->text, walk->used - walk->text)));
    walk->path_len -= strlen(name) + 1;
}

/* Text comes in pieces. */
static void XMLCALL on_text(void *user, const char *text, int len)
{
    struct walk *walk = user;

    if (!walk->in_leaf || (size_t)len > walk->memory->size - walk->used)
        return;
    memcpy(walk->memory->data + walk->used, text, (size_t)len);
    walk->used += (size_t)len;
}

static void XMLCALL on_doctype(void *user, const char *name, const char *system_id, const char *public_id,
                               int has_internal_subset)
{
    struct walk *walk = user;
    char fault[80];

    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_internal_subset;
    snprintf(fault, sizeof(fault), "its answer has a document type, which %s's have not",
             walk->reader->whose);
    stop(walk, fault);
}

enum sg_status xml_read(struct slice xml, const struct xml_reader *reader, struct xml_memory *memory,
                        struct sg_error *err)
{
    static const XML_Memory_Handling_Suite wiping = {malloc, secret_wiping_realloc, secret_wiping_free};
    struct walk walk = {.reader = reader, .memory = memory};
    enum XML_Status status = XML_STATUS_ERROR;

    /* No text is longer than the document, but for Latin-1, which at most doubles when it becomes UTF-8. */
    memory->size = 2 * xml.len + 1;
    memory->data = malloc(memory->size);
    walk.parser = XML_ParserCreate_MM(NULL, &wiping, NULL);
    if (!memory->data || !walk.parser)
        goto no_memory;
    XML_SetUserData(walk.parser, &walk);
    XML_SetElementHandler(walk.parser, on_start, on_end);
    XML_SetCharacterDataHandler(walk.parser, on_text);
    XML_SetStartDoctypeDeclHandler(walk.parser, on_doctype);
    if (xml.len <= INT32_MAX / 4)
        status = XML_Parse(walk.parser, xml.ptr, (int)xml.len, 1);
    if (status != XML_STATUS_OK && XML_GetErrorCode(walk.parser) == XML_ERROR_NO_MEMORY)
        goto no_memory;
    XML_ParserFree(walk.parser);
    if (walk.fault[0])
        return sg_fail(err, SG_INVALID, "%s", walk.fault);
    return status == XML_STATUS_OK
               ? SG_OK
               : sg_fail(err, SG_INVALID,
                         xml.len ? "its answer is not XML, or not all of it" : "its answer is empty");
no_memory:
    if (walk.parser)
        XML_ParserFree(walk.parser);
    return sg_fail(err, SG_NO_MEMORY, "out of memory");
}

void xml_memory_free(struct xml_memory *memory)
{
    if (memory->data)
        secret_wipe(memory->data, memory->size);
    free(memory->data);
    *memory = (struct xml_memory){0};
}
