#include "http/date.h"

#include <time.h>

enum { NAME_LEN = 3 };

static const char days[] = "SunMonTueWedThuFriSat";
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* Which of the names, one after the other, stands at the front of *text; -1 when none does. */
static int take_name(struct slice *text, const char *names)
{
    for (int i = 0; names[NAME_LEN * i]; i++) {
        if (slice_starts(*text, slice_of(names + NAME_LEN * i, NAME_LEN))) {
            *text = slice_from(*text, NAME_LEN);
            return i;
        }
    }
    return -1;
}

static bool take(struct slice *text, struct slice mark)
{
    if (!slice_starts(*text, mark))
        return false;
    *text = slice_from(*text, mark.len);
    return true;
}

static bool take_number(struct slice *text, size_t digits, int most, int *number)
{
    unsigned long long value;

    if (text->len < digits || !slice_to_u64(slice_of(text->ptr, digits), (unsigned long long)most, &value))
        return false;
    *number = (int)value;
    *text = slice_from(*text, digits);
    return true;
}

bool http_date_parse(struct slice text, int64_t *seconds)
{
    int weekday = take_name(&text, days), year, day;
    struct tm tm = {0};

    if (weekday < 0 || !take(&text, SLICE(", ")) || !take_number(&text, 2, 31, &day) ||
        !take(&text, SLICE(" ")) || (tm.tm_mon = take_name(&text, months)) < 0 || !take(&text, SLICE(" ")) ||
        !take_number(&text, 4, 9999, &year) || year < 1970 || !take(&text, SLICE(" ")) ||
        !take_number(&text, 2, 23, &tm.tm_hour) || !take(&text, SLICE(":")) ||
        !take_number(&text, 2, 59, &tm.tm_min) || !take(&text, SLICE(":")) ||
        !take_number(&text, 2, 59, &tm.tm_sec) || !slice_eq(text, SLICE(" GMT")))
        return false;
    tm.tm_year = year - 1900;
    tm.tm_mday = day;
    *seconds = (int64_t)timegm(&tm);
    /* timegm() makes 30 February the 2nd of March, and says which day of the week it is. */
    return tm.tm_mday == day && tm.tm_wday == weekday;
}
