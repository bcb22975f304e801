// SPDX-License-Identifier: Apache-2.0
#include "cli/target.h"

#include "cli/place.h"

static struct str name_of(const char *operand)
{
    static const char *const kinds[] = {TARGET_KIND, "agenttask", "agenttasks", "atask"};
    struct str kind, name;

    if (str_cut(str_of(operand), '/', &kind, &name))
        for (size_t i = 0; i < countof(kinds); i++)
            if (str_is(kind, kinds[i]))
                return name;
    return str_of(operand);
}

bool target_find(struct session *session, enum session_access access, const char *operand,
                 struct arena *arena, struct task *ret, struct err *err)
{
    struct str name = name_of(operand);

    if (session->place->find(session->place->self, access, name, arena, ret, err))
        return true;
    if (err->kind != ERR_ABSENT)
        return false;
    *err = (struct err){0}; /* said again in the user's terms */
    if (str_is(name, "@latest"))
        return err_set(err, ERR_ABSENT, "@latest: there is no agenttask yet");
    session->hint = "agentctl list shows those there are";
    return err_set(err, ERR_ABSENT, "agenttask \"%.*s\" not found", STR_ARG(name));
}
