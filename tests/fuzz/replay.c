/* The corpus of the exchange's fuzzer, once, as a test among the others: no libFuzzer, any compiler. */
#include <assert.h>
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "config/file.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
    const char *source = getenv("srcdir");
    struct buffer input = {0};
    struct dirent *entry;
    char path[4096];
    bool writable;
    int count = 0;
    DIR *corpus;

    snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/exchange", source ? source : ".");
    corpus = opendir(path);
    assert(corpus);
    LLVMFuzzerInitialize(&argc, &argv);
    while ((entry = readdir(corpus))) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/exchange/%s", source ? source : ".",
                 entry->d_name);
        puts(entry->d_name);
        buffer_reset(&input);
        assert(file_read(path, &input, &writable, NULL) == SG_OK);
        LLVMFuzzerTestOneInput((const uint8_t *)input.data, input.len);
        count++;
    }
    closedir(corpus);
    buffer_free(&input);
    assert(count > 0);
    return 0;
}
