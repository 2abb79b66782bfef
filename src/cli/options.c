#include "cli/options.h"

#include <assert.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

enum {
    OPTIONS_MAX = 10,
    NO_LETTER = 256, /* what getopt tells of the first option without a letter: more than any letter */
};

char options_config_default[] = OPTIONS_CONFIG_DEFAULT;

int options_wrong(const struct cli_command *command, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "sagegate %s: ", command->name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, " Try `sagegate %s --help`.\n", command->name);
    return EXIT_USAGE;
}

/* As getopt wants them. letters has room for ":h", and a letter and a colon for each. */
static void translate(const struct cli_option *options, struct option *table, char *letters)
{
    size_t i, len = 2;

    memcpy(letters, ":h", len);
    for (i = 0; options[i].name; i++) {
        assert(i < OPTIONS_MAX);
        table[i] = (struct option){.name = options[i].name,
                                   .has_arg = options[i].value ? required_argument : no_argument,
                                   .val = options[i].letter ? options[i].letter : NO_LETTER + (int)i};
        if (options[i].letter) {
            letters[len++] = options[i].letter;
            if (options[i].value)
                letters[len++] = ':';
        }
    }
    table[i] = (struct option){.name = "help", .val = 'h'};
    letters[len] = '\0';
}

/* What getopt could not take is the word it has just passed, but for a letter among others. */
static int unknown(const struct cli_command *command, const char *letters, const char *word)
{
    if (optopt && optopt < NO_LETTER && !strchr(letters, optopt))
        return options_wrong(command, "there is no option -%c.", optopt);
    return options_wrong(
        command,
        strchr(word, '=') ? "there is no option %s, or it takes no value." : "there is no option %s.", word);
}

static int take(const struct cli_command *command, const struct cli_option *option)
{
    if (!option->value) {
        *option->given = true;
        return OPTIONS_GOOD;
    }
    if (option->count && *option->count == option->max)
        return options_wrong(command, "--%s can be given up to %zu times.", option->name, option->max);
    option->value[option->count ? (*option->count)++ : 0] = optarg;
    return OPTIONS_GOOD;
}

int options_read(const struct cli_command *command, const struct cli_option *options, int argc, char **argv)
{
    struct option table[OPTIONS_MAX + 2] = {{0}};
    char letters[sizeof(":h") + 2 * OPTIONS_MAX];
    int found, status = OPTIONS_GOOD;
    size_t i;

    translate(options, table, letters);
    opterr = 0;
    optind = 0; /* anew, should another command line have been read before */
    while (status == OPTIONS_GOOD && (found = getopt_long(argc, argv, letters, table, NULL)) != -1) {
        if (found == 'h') {
            fputs(command->help, stdout);
            return EXIT_OK;
        }
        if (found == '?')
            return unknown(command, letters, argv[optind - 1]);
        if (found == ':')
            return options_wrong(command, "%s needs a value.", argv[optind - 1]);
        for (i = 0; table[i].val != found; i++)
            ;
        status = take(command, &options[i]);
    }
    if (status == OPTIONS_GOOD && argc - optind > command->operands)
        return options_wrong(command, "what is '%s'?", argv[optind + command->operands]);
    return status;
}
