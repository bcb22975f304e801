// SPDX-License-Identifier: Apache-2.0
#pragma once

/* How Kubernetes spells the two questions about who reads a page: whose bearer token that is
 * (TokenReview, authentication.k8s.io/v1), and whether he may do that to that path
 * (SubjectAccessReview, authorization.k8s.io/v1, with nonResourceAttributes). Answers are read so
 * that what is missing or of another kind means no. */
#include "json/json.h"

struct json_value token_review_value(struct arena *arena, struct str token);
/* From what came back: the user {username, uid, groups, extra}; NULL: it is nobody's. */
const struct json_value *token_review_user(const struct json_value *object);

/* user: as a TokenReview tells it. */
struct json_value page_review_value(struct arena *arena, const struct json_value *user,
                                    const char *path, const char *verb);
bool page_review_allows(const struct json_value *object);
