// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The RuntimeProfiles that we ship (profiles/ in the tree), as YAML inside the program. The source
 * is made at build time by tools/embed.py. */
#include "base/str.h"

uint32_t builtin_count(void);
struct str builtin_at(uint32_t index); /* YAML; in order of name */
/* By name, which is the file's name without ".yaml". False: there is none. */
must_use bool builtin_profile(struct str name, struct str *ret_yaml);
