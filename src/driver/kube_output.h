// SPDX-License-Identifier: Apache-2.0
#pragma once

/* Taking the output of an ended Pod into keeping: its log, then ConfigMaps of the task. Takes at
 * most CAPTURE_MAX_MS over all tries; what could not be had by then is recorded as lost. */
#include "driver/kube_task.h"

must_use bool kube_output_keep(struct kube_task *run, const struct world *world, struct err *err);
