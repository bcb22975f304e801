// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Whether a text can be the PEM that a TLS library is about to be handed: for clear errors, and
 * because such a library would ask the terminal for the passphrase of an encrypted key. */
#include "base/err.h"
#include "base/str.h"

enum pem_kind {
    PEM_CERTIFICATE,
    PEM_PRIVATE_KEY,
};

/* At least one whole block of that kind. ERR_INVALID: `name` holds none. */
must_use bool pem_check(struct str text, enum pem_kind kind, const char *name, struct err *err);
