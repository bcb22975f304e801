// SPDX-License-Identifier: Apache-2.0
#pragma once

/* The profiles on this machine as `agentctl profiles` shows them; no names: all of them. */
#include "cli/flags.h"
#include "cli/session.h"

must_use bool profile_list_show(struct session *session, const struct words *names,
                                const char *output_word, struct err *err);
