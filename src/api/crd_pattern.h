// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Patterns (RE2) that both kinds need: the spelling of core/validate.h's rules on names. */
#define PATTERN_TEXT        "^[^\\x00]*$"
#define PATTERN_NAME        "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
#define PATTERN_LABEL_VALUE "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$"
#define PATTERN_VARIABLE    "^[-._a-zA-Z][-._a-zA-Z0-9]*$"

enum {
    LABEL_VALUE_MAX = 63
};
