/* The subcommands. Each takes its own argv (argv[0] is its name) and returns the exit status. */
#ifndef SAGEGATE_CLI_CLI_H
#define SAGEGATE_CLI_CLI_H

enum {
    EXIT_OK = 0,
    EXIT_FAILED = 1, /* what was asked was done, and the answer is no: errors found, denied, … */
    EXIT_USAGE = 2,  /* it could not be asked: wrong arguments, unreadable file */
};

int cli_run(int argc, char **argv);
int cli_check(int argc, char **argv);
int cli_credentials(int argc, char **argv);
int cli_doctor(int argc, char **argv);
int cli_explain(int argc, char **argv);
int cli_health(int argc, char **argv);
int cli_keys(int argc, char **argv);
int cli_sign(int argc, char **argv);
int cli_status(int argc, char **argv);
int cli_policy(int argc, char **argv);

#endif
