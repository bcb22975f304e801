// SPDX-License-Identifier: Apache-2.0
#include "api/node.h"

#include "api/look.h"

bool node_has_user_namespaces(const struct json_value *node)
{
    const struct json_value *handlers = look_list(json_get(node, "status"), "runtimeHandlers");

    /* The default one has no name: "", which servers leave out. */
    for (uint32_t i = 0; handlers && i < handlers->count; i++)
        if (look_text(&handlers->items[i], "name").size == 0)
            return look_flag(json_get(&handlers->items[i], "features"), "userNamespaces");
    return false;
}
