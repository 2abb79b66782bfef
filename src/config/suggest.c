#include "config/suggest.h"

enum { LONGEST = 64 };

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned suggest_distance(struct slice a, struct slice b)
{
    /* d[i][j]: from the first i letters of a to the first j of b. */
    unsigned d[LONGEST + 1][LONGEST + 1];

    if (a.len > LONGEST || b.len > LONGEST)
        return SUGGEST_FAR;
    for (unsigned i = 0; i <= a.len; i++) {
        for (unsigned j = 0; j <= b.len; j++) {
            unsigned wrong;

            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            wrong = ascii_lower(a.ptr[i - 1]) != ascii_lower(b.ptr[j - 1]);
            d[i][j] = least(d[i - 1][j - 1] + wrong, least(d[i - 1][j], d[i][j - 1]) + 1);
            if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1])
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[a.len][b.len];
}
