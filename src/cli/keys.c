/* sagegate keys: local keys for applications, by which sagegate knows who they are. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "cli/admin_client.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "config/secret_file.h"

#define DEFAULT_SOCKET "/run/sagegate.sock"

static const char help[] =
    "usage: sagegate keys new NAME [-d FOLDER]\n"
    "       sagegate keys vend NAME [-s SOCKET]\n"
    "       sagegate keys vend ACCESS_KEY_ID SECRET_FILE\n"
    "\n"
    "Local keys: an application signs with one as it would with a key of AWS; sagegate checks that, serves "
    "it by\n"
    "rules of its own, and signs anew. AWS does not know these keys.\n"
    "\n"
    "new makes one: the secret goes to FOLDER/NAME.secret (default: this folder), for its owner alone, and "
    "what the\n"
    "configuration needs is printed. vend prints a key as credential_process wants it: that of the client "
    "NAME, which\n"
    "the running daemon gives to the users of its vend_to; or that in a file, for whoever may read it.\n"
    "\n"
    "  -d, --folder FOLDER   where the secret's file is made\n"
    "  -s, --socket SOCKET   where the daemon listens (default: " DEFAULT_SOCKET ")\n"
    "  -h, --help            this text\n"
    "\n"
    "Example, as root: a client for a listener of sagegate.yaml, where vend_to: [USER] may be added. The "
    "daemon has to\n"
    "be able to read the secret.\n"
    "  $ sagegate keys new app -d /etc/sagegate\n"
    "  - { name: app, access_key_id: SGAK6C2E1F9B8D7A5043, secret_file: /etc/sagegate/app.secret, policy: "
    "policy.json }\n"
    "  $ chown sagegate /etc/sagegate/app.secret\n"
    "In ~/.aws/config of the application's user:\n"
    "  [default]\n"
    "  credential_process = sagegate keys vend app\n"
    "\n"
    "Exit status: 0 when it was done; 1 when it could not be; 2 for wrong arguments.\n";

#define NAME_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
enum { ID_BYTES = 8, SECRET_BYTES = 30 };

static bool random_hex(size_t bytes, bool capitals, char *out)
{
    unsigned char random[SECRET_BYTES];

    if (RAND_bytes(random, (int)bytes) != 1)
        return false;
    for (size_t i = 0; i < bytes; i++)
        snprintf(out + 2 * i, 3, capitals ? "%02X" : "%02x", random[i]);
    secret_wipe(random, sizeof(random));
    return true;
}

static bool is_name(const char *name)
{
    return *name && strlen(name) <= 64 && strspn(name, NAME_BYTES) == strlen(name);
}

/* A new file, which nobody else may read; one that is there already stays. */
static bool write_secret(const char *path, const char *secret)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    size_t len = strlen(secret);
    bool good;

    if (fd < 0)
        return false;
    good = write(fd, secret, len) == (ssize_t)len && write(fd, "\n", 1) == 1 && fsync(fd) == 0;
    return close(fd) == 0 && good;
}

static int make(const char *folder, const char *name)
{
    char id[2 * ID_BYTES + 1], secret[2 * SECRET_BYTES + 1], path[4096];
    bool good;

    if (!is_name(name)) {
        fprintf(stderr, "sagegate keys new: '%s' is no name: at most 64 letters, digits, '-' and '_'\n",
                name);
        return EXIT_USAGE;
    }
    if ((size_t)snprintf(path, sizeof(path), "%s/%s.secret", folder, name) >= sizeof(path)) {
        fputs("sagegate keys new: the folder's name is too long\n", stderr);
        return EXIT_USAGE;
    }
    if (!random_hex(ID_BYTES, true, id) || !random_hex(SECRET_BYTES, false, secret)) {
        fputs("sagegate keys new: there are no random numbers\n", stderr);
        return EXIT_FAILED;
    }
    good = write_secret(path, secret);
    secret_wipe(secret, sizeof(secret));
    if (!good) {
        fprintf(stderr, "sagegate keys new: %s: %s\n", path, strerror(errno));
        return EXIT_FAILED;
    }
    printf("- { name: %s, access_key_id: SGAK%s, secret_file: %s, policy: policy.json }\n", name, id, path);
    return fflush(stdout) == 0 ? EXIT_OK : EXIT_FAILED;
}

static void print_problem(void *user, const struct config_problem *problem)
{
    (void)user;
    if (problem->is_error)
        fprintf(stderr, "sagegate keys vend: %s: %s\n", problem->file, problem->text);
}

static int print(const char *text)
{
    return fputs(text, stdout) != EOF && fflush(stdout) == 0 ? EXIT_OK : EXIT_FAILED;
}

/* By the daemon, which asks the kernel who we are. */
static int vend(const char *name, char *socket)
{
    const struct config_listener listener = {.address = socket, .unix_path = socket};
    struct buffer body = {.secret = true};
    struct sg_error err;
    char path[256];
    int http_status, status = EXIT_FAILED;

    if ((size_t)snprintf(path, sizeof(path), "/.sagegate/keys/%s", name) >= sizeof(path) ||
        strspn(name, NAME_BYTES "/") != strlen(name)) {
        fprintf(stderr, "sagegate keys vend: '%s' is no client's name\n", name);
        return EXIT_USAGE;
    }
    if (admin_get_from(&listener, path, &http_status, &body, &err) != SG_OK)
        fprintf(stderr, "sagegate keys vend: %s\n", err.text);
    else if (http_status != 200)
        fprintf(stderr, "sagegate keys vend: %.*s\n", (int)body.len, body.data);
    else
        status = buffer_cstr(&body) ? print(buffer_cstr(&body)) : EXIT_FAILED;
    buffer_free(&body);
    return status;
}

/* AWS SDKs and Tools Reference Guide, "Process credential provider". */
static int vend_file(const char *id, const char *file)
{
    struct problems problems = {.file = file, .report = print_problem};
    char *secret = NULL, *text;
    json_t *json;

    if (!is_name(id)) {
        fprintf(stderr, "sagegate keys vend: '%s' is no access key id\n", id);
        return EXIT_USAGE;
    }
    secret_file_load(file, &secret, &problems);
    if (!secret)
        return EXIT_FAILED;
    json = json_pack("{s:i,s:s,s:s}", "Version", 1, "AccessKeyId", id, "SecretAccessKey", secret);
    text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    secret_free(secret);
    if (!text || puts(text) == EOF || fflush(stdout) != 0)
        return EXIT_FAILED;
    secret_wipe(text, strlen(text));
    free(text);
    return EXIT_OK;
}

int cli_keys(int argc, char **argv)
{
    static const struct cli_command command = {"keys", help, 3};
    char here[] = ".", *folder = here, default_socket[] = DEFAULT_SOCKET, *socket = default_socket;
    const struct cli_option options[] = {
        {.name = "folder", .letter = 'd', .value = &folder},
        {.name = "socket", .letter = 's', .value = &socket},
        {0},
    };
    int status = options_read(&command, options, argc, argv), count = argc - optind;
    char **words = argv + optind;

    if (status != OPTIONS_GOOD)
        return status;
    if (count == 2 && strcmp(words[0], "new") == 0)
        return make(folder, words[1]);
    if (count == 3 && strcmp(words[0], "vend") == 0)
        return vend_file(words[1], words[2]);
    if (count == 2 && strcmp(words[0], "vend") == 0)
        return vend(words[1], socket);
    return options_wrong(&command, "say new NAME, vend NAME, or vend ACCESS_KEY_ID SECRET_FILE.");
}
