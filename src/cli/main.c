/* The command line: one row a subcommand, each in a file of its own. */
#include <stdio.h>
#include <string.h>

#include "config.h"

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        printf("%s\n", PACKAGE_STRING);
        return 0;
    }
    fprintf(stderr, "usage: sagegate --version\n");
    return 2;
}
