#include "daemon/footprint.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <link.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/worker.h"
#include "proxy/metrics.h"

enum { TICK_S = 2 };

struct footprint {
    struct event timer;
    struct worker **workers;
    unsigned count;
    uint64_t requests; /* when it last looked */
    bool settled;
};

/* Its code was written to while it was loaded: only the pages have that. */
static bool has_text_relocations(const struct dl_phdr_info *object)
{
    for (size_t i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &object->dlpi_phdr[i];

        if (header->p_type != PT_DYNAMIC)
            continue;
        for (const ElfW(Dyn) *entry = (const void *)(object->dlpi_addr + header->p_vaddr);
             entry->d_tag != DT_NULL; entry++) {
            if (entry->d_tag == DT_TEXTREL || (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL)))
                return true;
        }
    }
    return false;
}

static int let_go(struct dl_phdr_info *object, size_t size, void *unused)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

    (void)size;
    (void)unused;
    if (has_text_relocations(object))
        return 0;
    for (size_t i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &object->dlpi_phdr[i];
        uintptr_t start = object->dlpi_addr + header->p_vaddr, end = start + header->p_filesz;

        if (header->p_type != PT_LOAD || header->p_flags & PF_W)
            continue;
        start &= ~(page - 1);
        /* A failure costs memory, no more. */
        (void)madvise((void *)start, end - start, MADV_DONTNEED);
    }
    return 0;
}

void footprint_settle(void)
{
    (void)malloc_trim(0);
    (void)dl_iterate_phdr(let_go, NULL);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct footprint *footprint = arg;
    uint64_t requests = 0;

    (void)fd;
    (void)what;
    for (unsigned i = 0; i < footprint->count; i++)
        requests += counter_read(&worker_metrics(footprint->workers[i])->begun);
    if (requests != footprint->requests) {
        footprint->settled = false;
    } else if (!footprint->settled) {
        footprint_settle();
        footprint->settled = true;
    }
    footprint->requests = requests;
}

struct footprint *footprint_start(struct event_base *base, struct worker **workers, unsigned count)
{
    const struct timeval tick = {TICK_S, 0};
    struct footprint *footprint = calloc(1, sizeof(*footprint));

    if (!footprint)
        return NULL;
    footprint->workers = workers;
    footprint->count = count;
    event_assign(&footprint->timer, base, -1, EV_PERSIST, on_tick, footprint);
    event_add(&footprint->timer, &tick);
    return footprint;
}

void footprint_stop(struct footprint *footprint)
{
    if (footprint)
        event_del(&footprint->timer);
    free(footprint);
}
