// SPDX-License-Identifier: Apache-2.0
#pragma once

/* A range of addresses as people write it: "10.0.0.0/8", "2001:db8::/32". Pure. */
#include "base/str.h"

enum {
    CIDR_TEXT_MAX = 48, /* with its NUL */
};

/* The one spelling of that range: host bits zero, IPv6 in lower case and as short as it goes. Both
 * families in their plain forms only: no leading zeros, no IPv4 within IPv6, no zone. False: it is
 * none. */
must_use bool cidr_spell(struct str text, char ret[CIDR_TEXT_MAX]);
