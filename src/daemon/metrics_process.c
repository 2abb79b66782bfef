/* The process itself. */
#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "daemon/metrics_write.h"

static long resident_pages(void)
{
    long size, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");

    if (file && fscanf(file, "%ld %ld", &size, &resident) != 2)
        resident = 0;
    if (file)
        fclose(file);
    return resident;
}

static long open_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    long count = -3; /* "." and "..", and the folder itself */

    if (!folder)
        return 0;
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

/* The names that all clients of Prometheus give to these. */
void metrics_write_process(struct metrics_page *page)
{
    struct rusage usage;
    struct rlimit descriptors;
    const char *total = page->openmetrics ? "" : "_total";

    getrusage(RUSAGE_SELF, &usage);
    getrlimit(RLIMIT_NOFILE, &descriptors);
    buffer_printf(page->out,
                  "# HELP process_cpu_seconds%s User and system time.\n# TYPE process_cpu_seconds%s counter\n"
                  "process_cpu_seconds_total %.6f\n",
                  total, total,
                  (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                      (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
    buffer_printf(
        page->out,
        "# HELP process_resident_memory_bytes Resident memory.\n"
        "# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes %lld\n"
        "# HELP process_open_fds Open file descriptors.\n# TYPE process_open_fds gauge\nprocess_open_fds "
        "%ld\n"
        "# HELP process_max_fds Most file descriptors.\n# TYPE process_max_fds gauge\nprocess_max_fds %llu\n"
        "# HELP process_start_time_seconds Start, in seconds since 1970.\n"
        "# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds %lld\n",
        (long long)resident_pages() * sysconf(_SC_PAGESIZE), open_descriptors(),
        (unsigned long long)descriptors.rlim_cur, (long long)page->of->start_seconds);
}
