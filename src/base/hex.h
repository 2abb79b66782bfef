/* Bytes as hexadecimal digits in lower case. */
#ifndef SAGEGATE_BASE_HEX_H
#define SAGEGATE_BASE_HEX_H

#include <stddef.h>

/* Writes 2 * len digits and a NUL. */
void hex_write(const unsigned char *bytes, size_t len, char *text);

#endif
