#include "config/document.h"

#include "config/schema.h"

enum { FLOW_DEPTH_MAX = 500 };

/* libyaml gives only a byte offset for bytes that are no UTF-8. */
static struct mark mark_of_offset(struct slice text, size_t offset)
{
    struct mark mark = {1, 1};

    for (size_t i = 0; i < offset && i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        if (c == '\n')
            mark = (struct mark){mark.line + 1, 1};
        else if ((c & 0xc0) != 0x80) /* continuation bytes are no columns of their own */
            mark.column++;
    }
    return mark;
}

/*
 * For '[' and '{', libyaml takes time with the square of their depth: hours for a file of them. Brackets in
 * texts and comments are counted with the others, of which so many are never left open.
 */
static bool check_depth(struct slice text, struct problems *problems)
{
    size_t depth = 0;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (c == '[' || c == '{')
            depth++;
        else if ((c == ']' || c == '}') && depth > 0)
            depth--;
        if (depth > FLOW_DEPTH_MAX) {
            problem_error(problems, mark_of_offset(text, i),
                          "not YAML that is read here: more than %d brackets are open", FLOW_DEPTH_MAX);
            return false;
        }
    }
    return true;
}

static void report_syntax(const yaml_parser_t *parser, struct slice text, struct problems *problems)
{
    struct mark at = schema_mark(&parser->problem_mark);
    /* libyaml names neither a tab before a key, nor what begins with a character that has another meaning. */
    const char *hint =
        parser->problem && strstr(parser->problem, "cannot start any token")
            ? "; indent with blanks, not tabs, and quote a text that begins with '@', '`' or '%'"
            : "";

    if (parser->error == YAML_MEMORY_ERROR || !parser->problem) /* libyaml may forget to say the first */
        problem_error(problems, at, "memory is short");
    else if (parser->error == YAML_READER_ERROR)
        problem_error(problems, mark_of_offset(text, parser->problem_offset),
                      "%s; the file must be text in UTF-8", parser->problem);
    else if (parser->context)
        problem_error(problems, at, "not YAML: %s at line %zu, column %zu: %s%s", parser->context,
                      parser->context_mark.line + 1, parser->context_mark.column + 1, parser->problem, hint);
    else
        problem_error(problems, at, "not YAML: %s%s", parser->problem, hint);
}

/* One document; false, reported, when the text is wrong. At the end of the text a document without root. */
static bool load(yaml_parser_t *parser, struct slice text, struct problems *problems,
                 yaml_document_t *document)
{
    if (yaml_parser_load(parser, document))
        return true;
    report_syntax(parser, text, problems);
    return false;
}

static bool check_end(yaml_parser_t *parser, struct slice text, struct problems *problems)
{
    yaml_document_t more;
    bool is_end;

    if (!load(parser, text, problems, &more))
        return false;
    is_end = yaml_document_get_root_node(&more) == NULL;
    if (!is_end)
        problem_error(problems, schema_mark(&more.start_mark),
                      "a second document begins here; the configuration must be one");
    yaml_document_delete(&more);
    return is_end;
}

static bool check_root(yaml_document_t *document, struct problems *problems)
{
    if (yaml_document_get_root_node(document))
        return true;
    problem_error(problems, (struct mark){1, 1},
                  "the file is empty; it needs at least account_id, endpoints and listeners");
    return false;
}

bool parse_yaml(struct slice text, struct problems *problems, yaml_document_t *document)
{
    const char *start = text.len ? text.ptr : "";
    yaml_parser_t parser;
    bool good;

    if (!check_depth(text, problems))
        return false;
    if (!yaml_parser_initialize(&parser)) {
        problem_error(problems, (struct mark){1, 1}, "memory is short");
        return false;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)start, text.len);
    good = load(&parser, text, problems, document);
    if (good && !(check_root(document, problems) && check_end(&parser, text, problems))) {
        yaml_document_delete(document);
        good = false;
    }
    yaml_parser_delete(&parser);
    return good;
}
