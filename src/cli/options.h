/* The command line of a subcommand by a table: how it is read, and what is said of it, is the same for all.
 */
#ifndef SAGEGATE_CLI_OPTIONS_H
#define SAGEGATE_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

/* For readers of the source alone: configure says where it is. */
#ifndef SYSCONFDIR
#define SYSCONFDIR "/etc"
#endif

#define OPTIONS_CONFIG_DEFAULT SYSCONFDIR "/sagegate/sagegate.yaml"
#define OPTIONS_CONFIG(path)                                                                                 \
    {                                                                                                        \
        .name = "config", .letter = 'c', .value = &(path)                                                    \
    }
extern char options_config_default[];

/* A table of them ends with {0}. */
struct cli_option {
    const char *name;   /* --name */
    char letter;        /* -letter; 0: it has none */
    char **value;       /* where its argument goes, … */
    size_t *count, max; /* … one of so many, for an option that may be repeated; else the last one counts */
    bool *given;        /* without an argument: this becomes true */
};

struct cli_command {
    const char *name; /* as it is typed after "sagegate" */
    const char *help;
    int operands; /* how many arguments may stand beside the options */
};

enum { OPTIONS_GOOD = -1 };

/*
 * Reads argv, whose first word is the command's. Returns OPTIONS_GOOD, with the first operand at
 * argv[optind]; else the exit status, all being said: to -h and --help the help, to what is wrong why.
 */
int options_read(const struct cli_command *command, const struct cli_option *options, int argc, char **argv);

/* Says what is wrong with the arguments, in a sentence, and where help is. Returns EXIT_USAGE. */
int options_wrong(const struct cli_command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
