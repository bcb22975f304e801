// SPDX-License-Identifier: Apache-2.0
#pragma once

/* How Kubernetes spells a RuntimeProfile: one table for reading and writing. */
#include "api/agenttask.h"
#include "core/profile.h"

must_use bool runtimeprofile_read(struct arena *arena, const struct json_value *value,
                                  const char *file, enum api_mode mode, struct profile *ret,
                                  struct err *err);
struct json_value runtimeprofile_value(struct arena *arena, const struct profile *profile);
