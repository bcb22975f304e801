// SPDX-License-Identifier: Apache-2.0
#include "sandbox/steplist.h"

void steplist_add(struct steplist *list, struct step step)
{
    if (list->steps->count == STEPS_MAX) {
        list->is_full = true;
        return;
    }
    list->steps->at[list->steps->count++] = step;
}

static bool is_made(const struct steplist *list, struct str path)
{
    for (uint32_t i = 0; i < list->steps->count; i++) {
        const struct step *step = &list->steps->at[i];
        if (step->target && step->kind != STEP_CHECK && str_is(path, step->target))
            return true;
    }
    return false;
}

void steplist_directory(struct steplist *list, const char *path, uint32_t mode)
{
    struct str whole = str_of(path);

    for (size_t end = 1; end <= whole.size; end++) {
        struct str part = {path, end};
        if ((end < whole.size && path[end] != '/') || is_made(list, part))
            continue;
        steplist_add(list, (struct step){
                               .kind = STEP_DIRECTORY,
                               .target = arena_text(list->arena, part),
                               .mode = end == whole.size ? mode : 0755,
                           });
    }
}

static void parent_make(struct steplist *list, const char *path)
{
    size_t size = (size_t)(strrchr(path, '/') - path);

    if (size > 0)
        steplist_directory(list, arena_text(list->arena, (struct str){path, size}), 0755);
}

void steplist_link(struct steplist *list, const char *path, const char *content)
{
    parent_make(list, path);
    steplist_add(list, (struct step){.kind = STEP_LINK, .target = path, .source = content});
}

void steplist_file(struct steplist *list, const char *path, struct str bytes, uint32_t mode)
{
    parent_make(list, path);
    steplist_add(list, (struct step){
                           .kind = STEP_FILE,
                           .target = path,
                           .bytes = bytes,
                           .mode = mode,
                       });
}

void steplist_bind(struct steplist *list, const char *source, const char *target, bool is_directory)
{
    if (is_directory)
        steplist_directory(list, target, 0755);
    else
        steplist_file(list, target, (struct str){0}, 0444);
    steplist_add(list, (struct step){.kind = STEP_BIND, .source = source, .target = target});
}

bool steplist_is_bound(const struct steplist *list, const char *path)
{
    for (uint32_t i = 0; i < list->steps->count; i++) {
        const struct step *step = &list->steps->at[i];
        bool leads_on = step->kind == STEP_BIND || step->kind == STEP_LINK;
        size_t size = leads_on ? strlen(step->target) : 0;
        if (size > 0 && strncmp(path, step->target, size) == 0 &&
            (path[size] == '\0' || path[size] == '/'))
            return true;
    }
    return false;
}
