/* What is made of the region's name: the hosts of the endpoints. config_set_region() does it all at once. */
#ifndef SAGEGATE_CONFIG_REGION_H
#define SAGEGATE_CONFIG_REGION_H

#include "config/config.h"

/* Puts the name in the configuration. SG_INVALID when it is none, SG_NO_MEMORY. */
enum sg_status region_take(struct config *config, struct slice region, struct sg_error *err);

/* Names one endpoint's host, where it is made of the region, which is there. SG_INVALID when what the
 * configuration says of the endpoint cannot be in this region, SG_NO_MEMORY. */
enum sg_status region_name_host(struct config *config, enum aws_service service, struct sg_error *err);

#endif
