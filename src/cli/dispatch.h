// SPDX-License-Identifier: Apache-2.0
#pragma once

/* From a command line to an exit code: finds the record, parses into zeroed options, runs, says
 * what went wrong in one line (or, with -o json, as one JSON object) on stderr. */
struct session;

int dispatch(struct session *session, int argc, char **argv);
