/* sagegate credentials: where the keys of each identity come from, and whose they are. Never a secret. */
#include <errno.h>
#include <event2/event.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/session.h"

static const char help[] =
    "usage: sagegate credentials [-c FILE] [--json]\n"
    "\n"
    "Looks for the credentials of each identity that a listener uses, as the daemon would, and says which\n"
    "source has them, whose they are, until when they last, and why each source before it has none. Prints\n"
    "no secret. A running sagegate is not asked: run it as the same user, with the same environment.\n"
    "\n"
    "  -c, --config FILE   the configuration (default " OPTIONS_CONFIG_DEFAULT ")\n"
    "      --json          one JSON object, with a list of identities\n"
    "  -h, --help          this text\n"
    "\n"
    "Example:\n"
    "  $ sagegate credentials -c sagegate.yaml\n"
    "  default identity\n"
    "    source         imds\n"
    "    access key id  ...WXYZ\n"
    "    account        123456789012\n"
    "    ARN            arn:aws:sts::123456789012:assumed-role/inference/i-0123456789abcdef0\n"
    "    expires        2026-11-24T02:04:00Z\n"
    "    passed over    environment: AWS_ACCESS_KEY_ID is not set; profile: ...\n"
    "\n"
    "Exit status: 0 when each identity has credentials; 1 when one has none, or only expired ones; 2 for\n"
    "wrong arguments, or when it could not look.\n";

enum { STS_PATIENCE_MS = 20 * 1000 };

/* What is found out, of one identity at a time. */
struct search {
    struct session session;
    bool told;
    bool sts_is_silent; /* for too long */
    struct credentials *found;
    const char *provider; /* that gave them */
    char why[SG_TEXT];    /* there are none; or why others were passed over */
    struct sg_error error;
};

static void on_credentials(void *user, struct credentials *current, const char *why)
{
    struct search *search = user;

    search->told = true;
    credentials_unref(search->found);
    search->found = current ? credentials_ref(current) : NULL;
    if (why)
        sg_word(search->why, sizeof(search->why), "%s", why);
    /* What STS does not tell, or tells otherwise, nothing but the log says. */
    log_setup(LOG_LEVEL_WARN, LOG_FORMAT_TEXT);
}

static void on_silence(evutil_socket_t fd, short what, void *user)
{
    (void)fd;
    (void)what;
    ((struct search *)user)->sts_is_silent = true;
}

/* Until there is an answer; and where STS is being asked whose they are, until it has told or failed. */
static bool look(struct search *search, const struct config_identity *identity)
{
    struct credentials_source *source = credentials_start(search->session.https, search->session.config,
                                                          identity, on_credentials, search, &search->error);
    const struct timeval patience = {STS_PATIENCE_MS / 1000, 0};
    struct event *timer = evtimer_new(search->session.base, on_silence, search);
    bool good = source && timer && evtimer_add(timer, &patience) == 0;

    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT); /* why there are none, we tell ourselves */
    search->told = search->sts_is_silent = false;
    search->why[0] = '\0';
    while (good &&
           (!search->told || (search->found && search->found->identity_asked && !search->sts_is_silent)))
        event_base_loop(search->session.base, EVLOOP_ONCE);
    search->provider = source ? credentials_provider(source) : NULL;
    credentials_stop(source);
    if (timer)
        event_free(timer);
    return good;
}

static void set_slice(json_t *object, const char *key, struct slice value)
{
    if (value.len)
        json_object_set_new(object, key, json_stringn(value.ptr, value.len));
}

static void set_expiration(json_t *object, int64_t expiration)
{
    time_t seconds = (time_t)expiration;
    char text[32];
    struct tm tm;

    if (expiration && gmtime_r(&seconds, &tm) && strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
        json_object_set_new(object, "expires", json_string(text));
}

/* Never more of an access key id than its last four characters. */
static json_t *describe(const struct search *search, const struct config_identity *identity, bool *good)
{
    const struct credentials *found = search->found;
    json_t *object = json_object();

    json_object_set_new(object, "identity", identity->name ? json_string(identity->name) : json_null());
    *good = found && (found->expiration == 0 || found->expiration > clock_wall_seconds());
    json_object_set_new(object, "good", json_boolean(*good));
    if (!found) {
        json_object_set_new(object, "why", json_string(search->why));
        return object;
    }
    json_object_set_new(object, "source", json_string(found->source));
    json_object_set_new(object, "provider", json_string(search->provider));
    if (found->access_key_id.len >= 8)
        set_slice(object, "access_key_id_end",
                  slice_from(found->access_key_id, found->access_key_id.len - 4));
    set_slice(object, "account", found->identity.account);
    set_slice(object, "arn", found->identity.arn);
    set_slice(object, "principal_arn", found->identity.principal_arn);
    set_slice(object, "user_id", found->identity.user_id);
    set_expiration(object, found->expiration);
    if (search->why[0])
        json_object_set_new(object, "passed_over", json_string(search->why));
    return object;
}

static void print_row(const json_t *one, const char *label, const char *key)
{
    const char *text = json_string_value(json_object_get(one, key));
    const char *provider = json_string_value(json_object_get(one, "provider"));

    if (!text)
        return;
    printf("  %-13s  %s%s", label, strcmp(key, "access_key_id_end") == 0 ? "..." : "", text);
    if (strcmp(key, "source") == 0 && provider && strcmp(text, provider) != 0)
        printf(", from %s", provider);
    if (strcmp(key, "expires") == 0 && !json_is_true(json_object_get(one, "good")))
        fputs(", which is past", stdout);
    putchar('\n');
}

static void print_text(const json_t *identities)
{
    static const struct {
        const char *key, *label;
    } rows[] = {
        {"source", "source"},   {"access_key_id_end", "access key id"}, {"account", "account"},
        {"arn", "ARN"},         {"principal_arn", "principal"},         {"user_id", "user id"},
        {"expires", "expires"}, {"passed_over", "passed over"},         {"why", "none"},
    };
    const json_t *one;
    size_t index;

    json_array_foreach(identities, index, one)
    {
        const char *name = json_string_value(json_object_get(one, "identity"));

        printf("%s%s\n", name ? "identity " : "default identity", name ? name : "");
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
            print_row(one, rows[i].label, rows[i].key);
    }
}

static bool print(json_t *identities, bool as_json)
{
    if (!as_json) {
        print_text(identities);
    } else {
        json_t *answer = json_pack("{s:O}", "identities", identities);

        json_dumpf(answer, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(answer);
    }
    return fflush(stdout) == 0 && !ferror(stdout);
}

/* The exit status. */
static int search_all(struct search *search, bool as_json)
{
    json_t *identities = json_array();
    int status = EXIT_OK;

    for (size_t i = 0; i < config_identity_count(search->session.config); i++) {
        bool good;

        if (!config_identity_is_used(search->session.config, i))
            continue;
        if (!look(search, config_identity(search->session.config, i))) {
            json_decref(identities);
            return EXIT_USAGE;
        }
        json_array_append_new(identities,
                              describe(search, config_identity(search->session.config, i), &good));
        credentials_unref(search->found);
        search->found = NULL;
        if (!good)
            status = EXIT_FAILED;
    }
    if (!print(identities, as_json)) {
        (void)sg_fail(&search->error, SG_IO, "cannot write to standard output: %s", strerror(errno));
        status = EXIT_USAGE;
    }
    json_decref(identities);
    return status;
}

static int run(const char *path, bool as_json)
{
    struct search search = {0};
    int status = EXIT_USAGE;

    if (session_open(&search.session, path, &search.error) == SG_OK)
        status = search_all(&search, as_json);
    if (search.error.status != SG_OK)
        fprintf(stderr, "sagegate credentials: %s\n", search.error.text);
    credentials_unref(search.found);
    session_close(&search.session);
    return status;
}

int cli_credentials(int argc, char **argv)
{
    static const struct cli_command command = {"credentials", help, 0};
    char *path = options_config_default;
    bool as_json = false;
    const struct cli_option options[] = {OPTIONS_CONFIG(path), {.name = "json", .given = &as_json}, {0}};
    int status = options_read(&command, options, argc, argv);

    return status == OPTIONS_GOOD ? run(path, as_json) : status;
}
