#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/doctor.h"

static const struct {
    const char *word, *colour;
} findings[] = {
    [FINDING_GOOD] = {"ok", "\033[32m"},
    [FINDING_BAD] = {"FAIL", "\033[31m"},
    [FINDING_SKIPPED] = {"-", ""},
};

/* What comes from elsewhere stays one line: control characters become blanks. */
static void flatten(char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = ' ';
    }
}

static void print_line(const struct doctor *doctor, enum finding finding, const char *where, const char *text,
                       const char *remedy)
{
    const char *colour = doctor->colour ? findings[finding].colour : "";

    printf("%s%-4s%s  %-28s  %s%s%s\n", colour, findings[finding].word, *colour ? "\033[0m" : "", where, text,
           remedy ? ". To mend it: " : "", remedy ? remedy : "");
    fflush(stdout);
}

static void keep_step(const struct doctor *doctor, enum finding finding, const char *service,
                      const char *step, const char *text, const char *remedy)
{
    json_t *good = finding == FINDING_SKIPPED ? json_null() : json_boolean(finding == FINDING_GOOD);

    json_array_append_new(doctor->steps, json_pack("{s:s?, s:s?, s:s, s:o, s:s, s:s?}", "service", service,
                                                   "identity", doctor->identity, "step", step, "good", good,
                                                   "text", text, "remedy", remedy));
}

void doctor_say(struct doctor *doctor, enum finding finding, const char *service, const char *step,
                const char *remedy, const char *format, ...)
{
    char text[SG_TEXT], where[160];
    const char *identity = doctor->identity;
    va_list args;

    va_start(args, format);
    sg_vword(text, sizeof(text), format, args);
    va_end(args);
    flatten(text);
    doctor->bad += finding == FINDING_BAD;
    snprintf(where, sizeof(where), "%s%s%s%s%s%s", service ? service : "", service ? ": " : "", step,
             identity ? " (" : "", identity ? identity : "", identity ? ")" : "");
    if (doctor->json)
        keep_step(doctor, finding, service, step, text, remedy);
    else
        print_line(doctor, finding, where, text, remedy);
}

bool doctor_conclude(struct doctor *doctor)
{
    if (doctor->json) {
        json_t *root = json_pack("{s:b, s:O}", "good", doctor->bad == 0, "steps", doctor->steps);
        bool written = root && json_dumpf(root, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF;

        json_decref(root);
        return written && fflush(stdout) == 0;
    }
    if (doctor->bad)
        printf("\n%zu step%s failed.\n", doctor->bad, doctor->bad == 1 ? "" : "s");
    else
        printf("\nAll is well.\n");
    return fflush(stdout) == 0;
}
