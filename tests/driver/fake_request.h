// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What a request to an API server is about, from its path; and merge patches (RFC 7386). */
#include "base/arena.h"
#include "json/json.h"

struct asked {
    char plural[32], part[16];
    struct str name;
    struct json_value body;
};

/* "/apis/group/version/namespaces/space/plural/name/part" */
void asked_read(struct arena *arena, struct str path, struct asked *ret);

/* Neither target nor patch is changed; target NULL: there is none. */
struct json_value json_merged(struct arena *arena, const struct json_value *target,
                              const struct json_value *patch);
