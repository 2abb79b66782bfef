#include <event2/event.h>
#include <jansson.h>
#include <stdlib.h>

#include "base/json_memory.h"
#include "base/secret.h"
#include "credentials/provider.h"

void credentials_guard(void)
{
    event_set_mem_functions(malloc, secret_wiping_realloc, secret_wiping_free);
    json_set_alloc_funcs(json_memory_alloc, secret_wiping_free);
    environment_hide();
}
