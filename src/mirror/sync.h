/* Whether a listener's files and the policies of the VPC endpoints allow the same, while both are followed.
 */
#ifndef SAGEGATE_MIRROR_SYNC_H
#define SAGEGATE_MIRROR_SYNC_H

#include "mirror/mirror.h"

enum mirror_sync {
    MIRROR_SYNC_UNKNOWN, /* a policy is not there, or the comparison is more than there is time for */
    MIRROR_SYNC_NO,
    MIRROR_SYNC_YES,
};

/*
 * For requests to each service the listener's files with that service's endpoint. Takes a fraction of a
 * second at most for each, and waits for nothing. UNKNOWN, too, when the listener has no files, or wants no
 * mirror.
 */
enum mirror_sync mirror_sync(const struct config *config, const struct config_listener *listener,
                             const struct mirror *mirror);

#endif
