#include "cli/ask_ec2.h"

#include <event2/event.h>

enum { TIMEOUT_MS = 10 * 1000 };

struct answer {
    struct ec2_question *question;
    struct sg_error *err;
    enum sg_status status;
    bool done; /* EC2 has answered, or will not */
};

static void on_endpoint(void *user, const struct ec2_vpc_endpoint *endpoint)
{
    struct ec2_question *question = ((struct answer *)user)->question;

    for (size_t i = 0; i < question->count; i++) {
        if (question->found[i] || !slice_eq(endpoint->parts[EC2_ID], question->ids[i]))
            continue;
        question->found[i] = true;
        question->tell(question->user, i, endpoint);
    }
}

static void on_done(void *user, const char *why_not)
{
    struct answer *answer = user;

    answer->done = true;
    if (why_not)
        answer->status = sg_fail(answer->err, SG_IO, "%s", why_not);
}

enum sg_status ask_ec2(struct session *session, struct ec2_question *question, struct sg_error *err)
{
    const struct config *config = session->config;
    const struct config_identity *identity = config_identity(config, config->listeners[0].identity);
    struct answer answer = {.question = question, .err = err};
    const struct ec2_listener listener = {on_endpoint, on_done, &answer};
    struct ec2 *ec2;

    if (!session->credentials && session_find_credentials(session, identity, err) != SG_OK)
        return err->status;
    ec2 = ec2_new(session->https, config);
    if (!ec2 || !ec2_describe_vpc_endpoints(ec2, session->credentials, question->ids, question->count,
                                            TIMEOUT_MS, &listener))
        answer.status = sg_fail(err, SG_NO_MEMORY, "out of memory");
    else
        while (!answer.done)
            event_base_loop(session->base, EVLOOP_ONCE);
    ec2_free(ec2);
    return answer.status;
}
