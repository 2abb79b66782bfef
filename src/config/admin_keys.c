#include "config/admin_keys.h"

#include "config/address.h"
#include "config/values.h"

enum { ADMIN_ADDRESS, ADMIN_MODE };

static const struct schema_key admin_keys[] = {
    [ADMIN_ADDRESS] = {.name = "address",
                       .read = read_listen_address,
                       .want = "it must be a loopback address and port, such as 127.0.0.1:9090, or "
                               "unix:/run/sagegate/admin.sock",
                       .missing =
                           "address is missing: such as 127.0.0.1:9090 or unix:/run/sagegate/admin.sock"},
    [ADMIN_MODE] = {.name = "mode",
                    .target = offsetof(struct config_listener, permissions),
                    .read = read_mode,
                    .want = "it must be the permissions of the socket in octal, such as \"0600\"",
                    .initial = "0600"},
};

static void check_admin(struct problems *problems, const struct mark *given, struct mark at, void *target,
                        size_t index)
{
    struct config_listener *admin = target;

    (void)index;
    if (value_copy(SLICE("admin"), &admin->name) != NULL)
        problem_error(problems, at, "memory is short");
    if (admin->host && !is_loopback(admin->host))
        problem_error(
            problems, given[ADMIN_ADDRESS],
            "address %s can be reached from other machines; the admin listener must be on 127.0.0.1, [::1] "
            "or a Unix socket",
            admin->address);
    if (given[ADMIN_MODE].line && admin->host)
        problem_error(problems, given[ADMIN_MODE], "mode is only for a Unix socket; remove it");
}

const struct schema admin_schema = {.where = "in admin",
                                    .keys = admin_keys,
                                    .count = sizeof(admin_keys) / sizeof(admin_keys[0]),
                                    .check = check_admin};

const char *admin_read_address(const char *address, struct config_listener *admin)
{
    const struct schema_key *key = &admin_keys[ADMIN_ADDRESS];
    const char *wrong = value_copy(SLICE("admin"), &admin->name);

    return wrong ? wrong : *address ? key->read(key, slice_cstr(address), admin) : key->want;
}
