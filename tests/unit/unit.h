/* What every unit test includes: cmocka and the headers it wants before it. */
#ifndef SAGEGATE_TESTS_UNIT_H
#define SAGEGATE_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
