/* What the subcommands of `sagegate policy` share. Each takes its own argv (argv[0] is its name) and returns
 * the exit status. */
#ifndef SAGEGATE_CLI_POLICY_H
#define SAGEGATE_CLI_POLICY_H

#include "base/buffer.h"
#include "policy/policy.h"

int cli_policy_check_mirror(int argc, char **argv);
int cli_policy_diff(int argc, char **argv);
int cli_policy_eval(int argc, char **argv);
int cli_policy_pull(int argc, char **argv);
int cli_policy_suggest(int argc, char **argv);
int cli_policy_validate(int argc, char **argv);

/* Reads a file whole; says on standard error why it cannot be read. */
bool policy_read_file(const char *path, struct buffer *text);

/* Reads and compiles a document; every problem is told on standard error. NULL when there is an error. */
struct policy *policy_load(char *path);

/* Prints a problem with the path, which is `user`, as compilers do, on standard error. */
policy_report policy_print_problem;

#endif
