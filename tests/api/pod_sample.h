// SPDX-License-Identifier: Apache-2.0
#pragma once

/* A Pod like most, and what it is made of. */
#include "api/pod.h"

struct pod_sample {
    struct task task;
    struct profile profile;
    struct task_effective effective;
    struct pod_request request; /* points at the others: do not copy the sample */
};

static inline void pod_sample_init(struct pod_sample *ret)
{
    *ret = (struct pod_sample){
        .task =
            {
                   .name = STR_LIT("report"),
                   .space = STR_LIT("team"),
                   .uid = STR_LIT("3f1c8a52-9b1e-4a40-8a0e-2f6f6f1f6c11"),
                   .spec = {.source = STR_LIT("print(1)\n"),
                         .tenant = STR_LIT("Team_A"),
                         .requests.cpu_milli = 250},
                   },
        .profile = {.name = STR_LIT("python3.11"), .file_name = STR_LIT("entrypoint.py")                                                                   },
        .effective = {.image = STR_LIT("docker.io/library/python:3.11-slim"),
                   .limits = {1500, 512 << 20, 128 << 20}},
    };
    ret->request = (struct pod_request){
        .task = &ret->task,
        .profile = &ret->profile,
        .effective = &ret->effective,
        .runner_image = STR_LIT("example.com/agenttask-operator:v1"),
        .code_config_map = STR_LIT("report-code"),
        .user_namespace = true,
        .deadline_s = 3930,
    };
}
