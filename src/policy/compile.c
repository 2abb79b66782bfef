#include "policy/compile.h"

#include <stdarg.h>

static void __attribute__((format(printf, 3, 0)))
tell(struct compiler *c, bool is_error, const char *format, va_list args)
{
    struct position at = locator_position(&c->locator);
    struct policy_problem problem = {.is_error = is_error, .line = at.line, .column = at.column};

    sg_vword(problem.text, sizeof(problem.text), format, args);
    c->failed |= is_error;
    c->report(c->user, &problem);
}

void compile_error(struct compiler *c, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    tell(c, true, format, args);
    va_end(args);
}

void compile_warning(struct compiler *c, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    tell(c, false, format, args);
    va_end(args);
}

void *compile_alloc(struct compiler *c, size_t count, size_t size)
{
    void *memory = arena_alloc(&c->policy->arena, count, size);

    if (!memory)
        compile_error(c, "memory is short");
    return memory;
}

struct slice compile_string(const json_t *value)
{
    return slice_of(json_string_value(value), json_string_length(value));
}

void compile_warn_of_variable(struct compiler *c, struct slice text)
{
    if (!c->variables && memmem(text.ptr, text.len, "${", 2))
        compile_warning(c, "${...} is text here: policy variables need \"Version\": \"2012-10-17\"");
}

static const struct member *find_member(const struct member *members, const char *name)
{
    for (; members->name; members++) {
        if (strcmp(members->name, name) == 0)
            return members;
    }
    return NULL;
}

void compile_object(struct compiler *c, json_t *object, const struct member *members, void *target,
                    const char *what)
{
    char quoted[QUOTE_SIZE];
    const char *key;
    json_t *value;
    size_t at = 0;

    json_object_foreach(object, key, value)
    {
        const struct member *member = find_member(members, key);

        locator_down(&c->locator, at++);
        if (member)
            member->read(c, value, target);
        else
            compile_error(c, "%s has an element '%s', which is none of the policy language", what,
                          quote_text(slice_cstr(key), quoted));
        locator_up(&c->locator);
    }
    for (; members->name; members++) {
        if (members->required && !json_object_get(object, members->name))
            compile_error(c, "%s has no %s", what, members->name);
    }
}

size_t compile_count(const json_t *value)
{
    return json_is_array(value) ? json_array_size(value) : 1;
}

void compile_each(struct compiler *c, json_t *value,
                  void (*read)(struct compiler *c, json_t *one, size_t index, void *target), void *target)
{
    json_t *one;
    size_t i;

    if (!json_is_array(value)) {
        read(c, value, 0, target);
        return;
    }
    json_array_foreach(value, i, one)
    {
        locator_down(&c->locator, i);
        read(c, one, i, target);
        locator_up(&c->locator);
    }
}
