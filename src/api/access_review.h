// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Who somebody is, and what he may do, as the API server answers it: TokenReview
 * (authentication.k8s.io/v1) and SubjectAccessReview (authorization.k8s.io/v1). Both are created
 * and answered at once; nothing is stored. */
#include "api/field.h"

enum {
    ACCESS_GROUPS_MAX = 1024, /* and keys of `extra`, and values of each: more is not read */
};

struct access_extra { /* what else an authenticator says of somebody: a key, its values */
    struct str name;
    struct strs values;
};

struct access_user {
    struct str name, uid; /* uid: may be empty */
    struct strs groups;
    const struct access_extra *extra;
    uint32_t extra_count;
};

/* authentication.k8s.io/v1 UserInfo, as it stands in an AdmissionReview and in a TokenReview. */
extern const struct fields access_user_fields; /* of a struct access_user */

struct access_question { /* may `user` do that? */
    struct access_user user;
    struct str verb;
    struct str path; /* of a page that is no resource: then what follows is not asked */
    struct str group, version, resource, part, space, name;
};

struct json_value access_question_value(struct arena *arena,
                                        const struct access_question *question);
/* ERR_INVALID: it says neither yes nor no. What is not plainly allowed is not. */
must_use bool access_answer_read(struct arena *arena, const struct json_value *value,
                                 bool *ret_is_allowed, struct err *err);

struct json_value token_question_value(struct arena *arena, struct str token);
/* ERR_REFUSED: nobody's token, in the server's words. Views point into the value. */
must_use bool token_answer_read(struct arena *arena, const struct json_value *value,
                                struct access_user *ret, struct err *err);
