/* A folder of its own for each test of the configuration, and what loading from it found. */
#ifndef SAGEGATE_TESTS_CONFIG_FOLDER_H
#define SAGEGATE_TESTS_CONFIG_FOLDER_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "config/config.h"

#include "unit/unit.h"

#define POLICY_ALLOWS                                                                                        \
    "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Principal\": \"*\",\n"          \
    "\"Action\": \"sagemaker:InvokeEndpoint\", \"Resource\": \"*\"}]}\n"

/* Of an authority. It has expired, which is of no concern here. */
#define CERTIFICATE                                                                                          \
    "-----BEGIN CERTIFICATE-----\n"                                                                          \
    "MIIBbTCCAROgAwIBAgIULH66P9zay3lTAMHoXzG154vWu1gwCgYIKoZIzj0EAwIw\n"                                     \
    "DDEKMAgGA1UEAwwBdDAeFw0yNjExMjQyMzE2NDdaFw0yNjExMjUyMzE2NDdaMAwx\n"                                     \
    "CjAIBgNVBAMMAXQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATZnttW/KZhRrWY\n"                                     \
    "NsOFS32eRqoVCMVcFDZsXKL6CcBxwvQaDhF66f+SKS/mIwCgs3Gws1zM+yAIdjat\n"                                     \
    "UM5i3P33o1MwUTAdBgNVHQ4EFgQUSVZYZFaRy43HH17RKxg238dcF28wHwYDVR0j\n"                                     \
    "BBgwFoAUSVZYZFaRy43HH17RKxg238dcF28wDwYDVR0TAQH/BAUwAwEB/zAKBggq\n"                                     \
    "hkjOPQQDAgNIADBFAiB0MJuJyFcLoxGgoHljV3EQFgH1IllwaDpDPk86lS0MIgIh\n"                                     \
    "AP4RRhJlzn1uVeVLYs5hzshAR+0x+jJIbCZPMeDQ15Vk\n"                                                         \
    "-----END CERTIFICATE-----\n"

struct folder {
    char path[64];
    char config[96], policy[96];
    struct buffer found; /* "FILE:LINE:COLUMN: error: TEXT\n" of each problem, FILE without the folder */
    size_t problems;
};

static inline void write_file(const char *path, struct slice text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(text.ptr, 1, text.len, file), text.len);
    assert_int_equal(fclose(file), 0);
}

/* For cmocka: with a good policy in it, and no region in the environment. */
static inline int folder_setup(void **state)
{
    struct folder *folder = calloc(1, sizeof(*folder));

    if (!folder)
        return -1;
    umask(022); /* files that all may write to are warned of */
    unsetenv("AWS_REGION");
    unsetenv("AWS_DEFAULT_REGION");
    snprintf(folder->path, sizeof(folder->path), P_tmpdir "/sagegate-test-XXXXXX");
    if (!mkdtemp(folder->path))
        return -1;
    snprintf(folder->config, sizeof(folder->config), "%s/c.yaml", folder->path);
    snprintf(folder->policy, sizeof(folder->policy), "%s/p.json", folder->path);
    write_file(folder->policy, slice_cstr(POLICY_ALLOWS));
    *state = folder;
    return 0;
}

static inline int folder_teardown(void **state)
{
    struct folder *folder = *state;

    unlink(folder->config);
    unlink(folder->policy);
    rmdir(folder->path);
    buffer_free(&folder->found);
    free(folder);
    return 0;
}

static inline void note_problem(void *user, const struct config_problem *problem)
{
    struct folder *folder = user;
    const char *name = strrchr(problem->file, '/');

    folder->problems++;
    buffer_printf(&folder->found, "%s:%u:%u: %s: %s\n", name ? name + 1 : problem->file, problem->line,
                  problem->column, problem->is_error ? "error" : "warning", problem->text);
}

/* Writes text as the configuration and loads it; what was found before is forgotten. */
static inline struct config *folder_load(struct folder *folder, struct slice text)
{
    buffer_reset(&folder->found);
    folder->problems = 0;
    write_file(folder->config, text);
    return config_load(folder->config, note_problem, folder);
}

static inline const char *folder_found(struct folder *folder)
{
    return buffer_cstr(&folder->found);
}

#endif
