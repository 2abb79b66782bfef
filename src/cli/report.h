/* Prints what config_load() finds, as compilers do, so that editors jump to it. */
#ifndef SAGEGATE_CLI_REPORT_H
#define SAGEGATE_CLI_REPORT_H

#include "config/config.h"

/* What the user pointer of report_config_problem points to, for those who want to know; else it is NULL. */
struct report {
    const char *file; /* the configuration, as given to config_load() */
    bool unreadable;  /* it could not be read at all */
};

/* "FILE:LINE:COLUMN: error: TEXT", or "warning", on standard error. */
config_report report_config_problem;

#endif
