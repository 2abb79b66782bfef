/* What EC2 tells of VPC endpoints, for the commands that want to know: asked once, and waited for. */
#ifndef SAGEGATE_CLI_ASK_EC2_H
#define SAGEGATE_CLI_ASK_EC2_H

#include "cli/session.h"
#include "mirror/ec2.h"

struct ec2_question {
    struct slice ids[EC2_ENDPOINTS_MAX];
    size_t count;
    /* Of each endpoint that there is; valid during the call. An id may stand there several times. */
    void (*tell)(void *user, size_t i, const struct ec2_vpc_endpoint *endpoint);
    void *user;
    bool found[EC2_ENDPOINTS_MAX]; /* the answer */
};

/* By the credentials of the session, else those of the first listener, which are looked for first. SG_OK,
 * also when some are not found. */
enum sg_status ask_ec2(struct session *session, struct ec2_question *question, struct sg_error *err);

#endif
