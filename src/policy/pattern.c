#include "policy/pattern.h"

static bool same(char a, char b, bool ignore_case)
{
    return a == b || (ignore_case && ascii_lower(a) == ascii_lower(b));
}

bool pattern_matches(struct slice pattern, struct slice text, bool ignore_case)
{
    size_t p = 0, t = 0;
    size_t star = SIZE_MAX,
           resume = 0; /* the last '*', and where its match would end if it took one byte more */

    while (t < text.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.len &&
                   (pattern.ptr[p] == '?' || same(pattern.ptr[p], text.ptr[t], ignore_case))) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*')
        p++;
    return p == pattern.len;
}

bool pattern_matches_arn(struct slice pattern, struct slice arn)
{
    enum { PARTS_BEFORE_RESOURCE = 5 };
    struct slice pattern_part, arn_part;

    if (slice_eq(pattern, SLICE("*")))
        return true;
    for (int i = 0; i < PARTS_BEFORE_RESOURCE; i++) {
        if (!slice_split(&pattern, ':', &pattern_part) || !slice_split(&arn, ':', &arn_part) ||
            !pattern_matches(pattern_part, arn_part, false))
            return false;
    }
    return pattern.ptr && arn.ptr && pattern_matches(pattern, arn, false);
}
