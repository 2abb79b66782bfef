#include "base/hex.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

/* The eight digits of four bytes, which are spread to one nibble a byte: no sum here carries into the next.
 */
static uint64_t eight_digits(const unsigned char bytes[4])
{
    static const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t spread =
        bytes[0] | (uint64_t)bytes[1] << 16 | (uint64_t)bytes[2] << 32 | (uint64_t)bytes[3] << 48;
    uint64_t nibbles = (spread >> 4 | spread << 8) & ones * 15;
    uint64_t letters = (nibbles + ones * 6) >> 4 & ones;

    return nibbles + ones * '0' + letters * ('a' - '0' - 10);
}

void hex_write(const unsigned char *bytes, size_t len, char *text)
{
    size_t i = 0;

    for (; len - i >= 4; i += 4) {
        uint64_t digits = htole64(eight_digits(bytes + i));

        memcpy(text + 2 * i, &digits, sizeof(digits));
    }
    for (; i < len; i++) {
        text[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
    text[2 * len] = '\0';
}
