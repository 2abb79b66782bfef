/*
 * The EC2 instance metadata service, version 2: a session token by PUT, kept while it lives, then GETs that
 * carry it. Version 1, without a token, only where the configuration allows it. Not for what the paths mean:
 * see imds.c and region.c.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
 */
#ifndef SAGEGATE_CREDENTIALS_METADATA_H
#define SAGEGATE_CREDENTIALS_METADATA_H

#include "credentials/fetch.h"

struct metadata;

/*
 * The endpoint is AWS_EC2_METADATA_SERVICE_ENDPOINT's, or that of AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE, or
 * http://169.254.169.254. With allow_v1, a service that knows no tokens (status 403, 404 or 405, or no
 * answer) is asked without. NULL when memory is short.
 */
struct metadata *metadata_open(struct event_base *base, bool allow_v1);

/*
 * One GET, with a token PUT before it when one is needed, each within timeout_ms. `done` is called once,
 * maybe before this returns, and may close or use the session again. Its answer is the GET's, status 0 when
 * it did not come to that: problem then says why. One get at a time.
 */
void metadata_get(struct metadata *metadata, const char *path, unsigned timeout_ms, fetch_done *done,
                  void *user);

void metadata_close(struct metadata *metadata); /* no `done` comes after it; NULL is fine */

#endif
