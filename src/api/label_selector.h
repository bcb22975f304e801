// SPDX-License-Identifier: Apache-2.0
#pragma once

/* metav1.LabelSelector: which labels it selects. Whatever in it is unknown or odd selects, since
 * who asks is afraid of being selected. */
#include "json/json.h"

/* selector NULL or empty: all. labels NULL: there are none. */
bool label_selector_matches(const struct json_value *selector, const struct json_value *labels);
