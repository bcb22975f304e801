// SPDX-License-Identifier: Apache-2.0
#include "cli/cluster_door.h"

#include <dlfcn.h>
#include <limits.h>
#include <unistd.h>

static void *module_load(struct arena *arena, const char *directory)
{
    return dlopen(arena_print(arena, "%s/" CLUSTER_MODULE, directory).at, RTLD_NOW | RTLD_LOCAL);
}

/* Beside the program itself, or where a package puts it. */
static void *module_find(struct arena *arena)
{
    char self[PATH_MAX] = "";
    ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);
    char *slash = size > 0 ? strrchr(self, '/') : NULL;
    void *module = NULL;

    if (slash) {
        *slash = 0;
        module = module_load(arena, self);
    }
    return module ? module : module_load(arena, AGENTTASK_LIBDIR);
}

bool cluster_door_open(struct session *session, const struct global_options *global,
                       struct place *ret, struct err *err)
{
    void *module = module_find(&session->arena);
    void *entry = module ? dlsym(module, CLUSTER_ENTRY) : NULL;
    cluster_open *open;

    if (!entry) {
        const char *why = dlerror();
        return err_set(err, ERR_REFUSED, "the cluster client cannot be loaded: %s", why ? why : "");
    }
    memcpy(&open, &entry, sizeof(open)); /* ISO C has no cast from an object to a function */
    return open(session, global, ret, err);
}
