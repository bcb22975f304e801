// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What we use of a ValidatingWebhookConfiguration (admissionregistration.k8s.io/v1): does it stand
 * guard over new tasks, whom does it trust, and the patch that makes it trust our certificates.
 * An entry is ours if it names our Service; of an entry that is not, nothing is touched. Pure. */
#include "json/json.h"

#define WEBHOOK_CONFIGURATION "agenttask-validating-webhook-configuration"
#define WEBHOOK_SERVICE       "agenttask-webhook-service"
#define WEBHOOK_TASK_PATH     "/validate-execution-agenttask-io-v1alpha1-agenttask"
#define WEBHOOK_PROFILE_PATH  "/validate-execution-agenttask-io-v1alpha1-runtimeprofile"

/* space: the namespace of our Service. True: every AgentTask that anybody creates, anywhere in the
 * cluster, is reviewed by us or refused. Else why not, in words of ours. Somebody who may edit the
 * configuration may still have switched it off for a while: compare `webhook_config_created_ms()`
 * with the task's, too; an API server may be some seconds behind. */
bool webhook_config_guards(const struct json_value *object, struct str space, const char **ret_why);

/* 0: not said. */
int64_t webhook_config_created_ms(const struct json_value *object);

/* Every entry of ours trusts exactly that bundle (PEM); true, too, if none is ours. */
bool webhook_config_trusts(const struct json_value *object, struct str space, struct str bundle);

/* The PEM that the first of our entries trusts, in the arena; empty: none, or it is damaged. */
struct str webhook_config_bundle(struct arena *arena, const struct json_value *object,
                                 struct str space);

/* The merge patch that makes every entry of ours trust that bundle, and leaves all else as it is:
 * on condition of the version of `object`. */
struct json_value webhook_config_patch(struct arena *arena, const struct json_value *object,
                                       struct str space, struct str bundle);
