#include "config/problems.h"

#include <stdarg.h>
#include <stdio.h>

static void __attribute__((format(printf, 4, 0)))
pass_on(struct problems *problems, bool is_error, struct mark at, const char *format, va_list args)
{
    struct config_problem problem = {
        .is_error = is_error, .file = problems->file, .line = at.line, .column = at.column};

    size_t prefix = 0;

    problems->errors += is_error;
    if (problems_full(problems))
        return;
    if (at.line == PROBLEM_IN_ENVIRONMENT) {
        const char *variable = problems->variables[at.column - 1];

        problem.file = "environment";
        problem.line = problem.column = 0;
        prefix = (size_t)snprintf(problem.text, sizeof(problem.text),
                                  "%.*s: ", (int)(strchrnul(variable, '=') - variable), variable);
        prefix = prefix < sizeof(problem.text) ? prefix : sizeof(problem.text) - 1;
    }
    if (++problems->count > PROBLEMS_MAX)
        snprintf(problem.text, sizeof(problem.text), "more than %d problems; the rest is not shown",
                 PROBLEMS_MAX);
    else
        sg_vword(problem.text + prefix, sizeof(problem.text) - prefix, format, args);
    problems->report(problems->user, &problem);
}

void problem_error(struct problems *problems, struct mark at, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    pass_on(problems, true, at, format, args);
    va_end(args);
}

void problem_warning(struct problems *problems, struct mark at, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    pass_on(problems, false, at, format, args);
    va_end(args);
}

void problem_if_world_writable(struct problems *problems, bool so)
{
    if (so)
        problem_warning(
            problems, (struct mark){0, 0},
            "every user of this machine may change this file, and so what is signed; chmod o-w it");
}
