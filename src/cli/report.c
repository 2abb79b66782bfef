#include "cli/report.h"

#include <stdio.h>

void report_config_problem(void *user, const struct config_problem *problem)
{
    struct report *report = user;
    const char *kind = problem->is_error ? "error" : "warning";

    if (problem->line)
        fprintf(stderr, "%s:%u:%u: %s: %s\n", problem->file, problem->line, problem->column, kind,
                problem->text);
    else
        fprintf(stderr, "%s: %s: %s\n", problem->file, kind, problem->text);
    if (report && problem->is_error && !problem->line && strcmp(problem->file, report->file) == 0)
        report->unreadable = true;
}
