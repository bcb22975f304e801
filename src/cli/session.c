// SPDX-License-Identifier: Apache-2.0
#include "cli/session.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "cli/cluster_door.h"
#include "cli/command.h"
#include "cli/escape.h"
#include "cli/local_place.h"
#include "driver/local.h"
#include "store/store.h"

void session_fini(struct session *session)
{
    if (session->place)
        session->place->close(session->place->self);
    session->store = store_close(session->store);
    arena_fini(&session->arena);
}

const char *session_env(const struct session *session, const char *name)
{
    size_t size = strlen(name);

    for (char *const *at = session->environment; at && *at; at++)
        if (strncmp(*at, name, size) == 0 && (*at)[size] == '=')
            return *at + size + 1;
    return NULL;
}

bool session_has_color(const struct session *session)
{
    const char *no_color = session_env(session, "NO_COLOR");
    const char *term = session_env(session, "TERM");

    if (session->color != COLOR_AUTO)
        return session->color == COLOR_ALWAYS;
    return session->out_is_terminal && !(no_color && *no_color) && term && *term &&
           strcmp(term, "dumb") != 0;
}

/* A kubeconfig with something in it; KUBECONFIG=/dev/null is the usual way to say "none". */
static bool is_kubeconfig(struct session *session, struct str path)
{
    struct stat found;

    return path.size > 0 && stat(arena_text(&session->arena, path), &found) == 0 &&
           S_ISREG(found.st_mode) && found.st_size > 0;
}

/* As kubectl looks for it: the list in KUBECONFIG, if that is set, else ~/.kube/config. */
static struct str find_kubeconfig(struct session *session)
{
    const char *home = session_env(session, "HOME");
    const char *listed = session_env(session, "KUBECONFIG");
    struct str rest = str_of(listed), path = {0};

    if (rest.size == 0) {
        path = arena_print(&session->arena, "%s/.kube/config", home ? home : "");
        return home && is_kubeconfig(session, path) ? path : (struct str){0};
    }
    while (str_cut(rest, ':', &path, &rest))
        if (is_kubeconfig(session, path))
            return path;
    return is_kubeconfig(session, rest) ? rest : (struct str){0};
}

static bool place_here(struct session *session, const struct global_options *global,
                       struct err *err)
{
    if (global->space && strcmp(global->space, "default") != 0)
        return err_set(err, ERR_REFUSED,
                       "--namespace %s: tasks on this machine are all in the namespace default",
                       global->space);
    local_place(session, session->place);
    return true;
}

bool session_place(struct session *session, const struct global_options *global, struct err *err)
{
    const char *asked = global->context ? "--context" : global->kubeconfig ? "--kubeconfig" : NULL;

    if (global->local && asked)
        return err_set(err, ERR_INVALID, "--local and %s contradict each other", asked);
    if (session->place)
        return true;
    session->place = arena_alloc(&session->arena, sizeof(*session->place));
    if (!global->local && (asked || find_kubeconfig(session).size > 0)) {
        if (cluster_door_open(session, global, session->place, err))
            return true;
        session->place = NULL;
        if (!asked)
            session->hint = "pass --local to work on this machine";
        return false;
    }
    session->is_implied = !global->local;
    if (place_here(session, global, err))
        return true;
    session->place = NULL;
    return false;
}

bool session_state(struct session *session, const char **ret, struct err *err)
{
    if (!session->state &&
        !local_state_directory(&session->arena, session_env(session, "XDG_STATE_HOME"),
                               session_env(session, "HOME"), &session->state, err))
        return false;
    *ret = session->state;
    return true;
}

/* A store that cannot be written can often still be read. */
static bool open_for_reading(struct session *session, struct err *err)
{
    struct err write_err = {0}, read_err = {0};

    if (store_open(session->state, STORE_WRITE, &session->store, &write_err))
        return true;
    if (!store_open(session->state, STORE_READ, &session->store, &read_err))
        return err_set(err, write_err.kind, "%s", write_err.text);
    session->has_swept = true; /* as far as that is possible */
    session_warn(session, "reading only: %s", write_err.text);
    return true;
}

static bool open_store(struct session *session, enum session_access access, struct err *err)
{
    struct stat found;

    if (access != SESSION_WRITE && stat(session->state, &found) < 0)
        return err_sys(err, errno, "%s", session->state);
    if (access == SESSION_READ)
        return open_for_reading(session, err);
    return store_open(session->state, STORE_WRITE, &session->store, err);
}

bool session_store(struct session *session, enum session_access access, struct store **ret,
                   struct err *err)
{
    const char *state;

    if (!session->store) {
        if (!session_state(session, &state, err) || !open_store(session, access, err))
            return false;
        if (!session->has_swept)
            session_sweep(session);
        session->has_swept = true;
    }
    *ret = session->store;
    return true;
}

void session_sweep(struct session *session)
{
    struct err err = {0};

    if (!local_sweep(session->store, session->state, &err))
        session_warn(session, "sweep: %s", err.text);
}

void session_warn(struct session *session, const char *format, ...)
{
    va_list args;
    char text[1024];
    struct str shown;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    shown = escape_text(&session->arena, ESCAPE_LINE, str_of(text));
    fprintf(session->err, "warning: %.*s\n", STR_ARG(shown));
}
