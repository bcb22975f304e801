// SPDX-License-Identifier: Apache-2.0
#include "store/store.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/agenttask.h"
#include "base/buf.h"
#include "core/reason.h"
#include "store/database.h"
#include "json/json.h"

struct store {
    struct arena arena; /* holds this very struct, and the path */
    struct database database;
};

enum {
    LABELS_SIZE_MAX = 64 * 1024, /* LABELS_MAX of at most 253 + 1 + 63 + 63 bytes fit */
};

/* -- opening --------------------------------------------------------------------------------- */

bool store_open(const char *directory, enum store_mode mode, struct store **ret, struct err *err)
{
    struct arena arena = {0};
    struct store *store = arena_alloc(&arena, sizeof(*store));

    store->database.path = arena_print(&arena, "%s/store.db", directory).at;
    store->database.is_read_only = mode == STORE_READ;
    store->arena = arena;
    if (!database_open(&store->database, directory, err)) {
        store_close(store);
        return false;
    }
    *ret = store;
    return true;
}

struct store *store_close(struct store *store)
{
    if (store) {
        struct arena arena = store->arena; /* what is freed holds the list of what to free */
        database_close(&store->database);
        arena_fini(&arena);
    }
    return NULL;
}

/* -- a task into columns and documents ------------------------------------------------------- */

/* NUL-terminated names and values in turn; validated labels hold no NUL. */
static bool pack_labels(const struct pairs *labels, struct buf *ret, struct err *err)
{
    buf_init(ret, LABELS_SIZE_MAX);
    for (uint32_t i = 0; i < labels->count; i++) {
        const struct pair *label = &labels->at[i];
        if ((label->name.size && memchr(label->name.at, 0, label->name.size)) ||
            (label->value.size && memchr(label->value.at, 0, label->value.size)))
            return err_set(err, ERR_INVALID, "a label holds a NUL byte");
        buf_add(ret, label->name);
        buf_add_char(ret, 0);
        buf_add(ret, label->value);
        buf_add_char(ret, 0);
    }
    if (ret->is_full || labels->count > LABELS_MAX)
        return err_set(err, ERR_LIMIT, "the labels are more than %d or too long", LABELS_MAX);
    return true;
}

static bool unpack_labels(struct str packed, struct pair labels[LABELS_MAX], uint32_t *ret)
{
    uint32_t count = 0;

    for (; packed.size > 0; count++)
        if (count == LABELS_MAX || !str_cut(packed, 0, &labels[count].name, &packed) ||
            !str_cut(packed, 0, &labels[count].value, &packed))
            return false;
    *ret = count;
    return true;
}

static bool print_document(const struct json_value *value, struct buf *ret, struct err *err)
{
    buf_init(ret, JSON_SIZE_MAX);
    json_print(value, JSON_COMPACT, ret);
    return !ret->is_full ||
           err_set(err, ERR_LIMIT, "the task is larger than %d bytes", JSON_SIZE_MAX);
}

/* When a sweep must look at it: schema.h. */
static void bind_due(sqlite3_stmt *statement, int index, enum phase phase, int64_t finished_ms,
                     int64_t ttl_ms)
{
    int64_t due_ms = 0;

    if (!phase_is_terminal(phase)) {
        bind_int(statement, index, 0);
        return;
    }
    if (ttl_ms < 0 || __builtin_add_overflow(finished_ms, ttl_ms, &due_ms))
        sqlite3_bind_null(statement, index);
    else
        bind_int(statement, index, due_ms > 0 ? due_ms : 1);
}

/* Parameters 11 to 19 of STATEMENT_ADD_TASK and STATEMENT_PUT_TASK. */
static void bind_status(sqlite3_stmt *statement, const struct task *task)
{
    const struct task_status *status = &task->status;

    bind_int(statement, 11, status->started_ms);
    bind_int(statement, 12, status->finished_ms);
    bind_due(statement, 13, status->phase, status->finished_ms, task->spec.ttl_ms);
    bind_int(statement, 14, status->attempt);
    bind_str(statement, 15, str_of(phase_word(status->phase)));
    bind_str(statement, 16, str_of(reason_word(status->reason)));
    bind_int(statement, 17, status->exit_code);
    bind_str(statement, 18, status->run.name);
    bind_str(statement, 19, status->run.node);
}

/* -- creating -------------------------------------------------------------------------------- */

static bool find_holder(struct store *store, const struct task *task, struct str key,
                        char *ret_name, struct err *err)
{
    auto_end(statement_end) sqlite3_stmt *statement = NULL;
    struct str name;

    if (!database_statement(&store->database, STATEMENT_HOLDER, &statement, err))
        return false;
    bind_str(statement, 1, task->name);
    bind_str(statement, 2, key);
    bind_str(statement, 3, task->uid);
    if (database_step(&store->database, statement, err) != STEP_ROW)
        return err->kind == ERR_NONE && database_damaged(&store->database, "an index", err);
    name = column_str(statement, 0);
    if (name.size > NAME_SIZE_MAX)
        return database_damaged(&store->database, "a name", err);
    snprintf(ret_name, NAME_SIZE_MAX + 1, "%.*s", STR_ARG(name));
    return err_set(err, ERR_PRESENT, "task \"%s\" already has that %s", ret_name,
                   str_equal(name, task->name) ? "name" : "idempotency key");
}

static bool add_spec(struct store *store, const struct task *task, struct str document,
                     struct err *err)
{
    auto_end(statement_end) sqlite3_stmt *statement = NULL;

    if (!database_statement(&store->database, STATEMENT_ADD_SPEC, &statement, err))
        return false;
    bind_str(statement, 1, task->name);
    bind_str(statement, 2, document);
    return database_run(&store->database, statement, err);
}

static bool put_status(struct store *store, int64_t id, struct str document, struct err *err)
{
    auto_end(statement_end) sqlite3_stmt *statement = NULL;

    if (!database_statement(&store->database, STATEMENT_PUT_STATUS, &statement, err))
        return false;
    bind_int(statement, 1, id);
    bind_str(statement, 2, document);
    return database_run(&store->database, statement, err);
}

static enum step add_task(struct store *store, const struct task *task, struct str key, int64_t id,
                          struct str labels, struct err *err)
{
    auto_end(statement_end) sqlite3_stmt *statement = NULL;

    if (!database_statement(&store->database, STATEMENT_ADD_TASK, &statement, err))
        return STEP_FAILED;
    bind_int(statement, 1, id);
    bind_str(statement, 2, task->name);
    bind_str(statement, 3, task->uid);
    if (key.size > 0) /* else NULL: unique does not count those */
        bind_str(statement, 4, key);
    bind_int(statement, 5, task->generation);
    bind_int(statement, 6, task->created_ms);
    bind_int(statement, 7, task->spec.ttl_ms);
    bind_int(statement, 8, task->spec.canceled);
    bind_str(statement, 9, task->spec.profile);
    sqlite3_bind_blob64(statement, 10, labels.at ? labels.at : "", labels.size, SQLITE_STATIC);
    bind_status(statement, task);
    return database_step(&store->database, statement, err);
}

struct documents {
    struct buf spec, status, labels;
};

static void documents_end(struct documents *documents)
{
    buf_fini(&documents->spec);
    buf_fini(&documents->status);
    buf_fini(&documents->labels);
}

static bool print_documents(const struct task *task, struct documents *ret, struct err *err)
{
    auto_end(arena_fini) struct arena arena = {0};
    struct task bare = *task;
    struct json_value spec, status;

    task_status_init(&bare.status);
    bare.version = (struct str){0};
    spec = agenttask_value(&arena, &bare);
    status = agenttask_status_value(&arena, task);
    return print_document(&spec, &ret->spec, err) && print_document(&status, &ret->status, err) &&
           pack_labels(&task->labels, &ret->labels, err);
}

/* Inside a transaction. */
static bool add(struct store *store, const struct task *task, struct str key,
                const struct documents *documents, char *ret_name, struct err *err)
{
    int64_t id;
    enum step step;

    if (!add_spec(store, task, buf_str(&documents->spec), err))
        return false;
    id = sqlite3_last_insert_rowid(store->database.sqlite);
    step = add_task(store, task, key, id, buf_str(&documents->labels), err);
    if (step == STEP_TAKEN)
        return find_holder(store, task, key, ret_name, err);
    return step == STEP_DONE && put_status(store, id, buf_str(&documents->status), err);
}

/* Ends a transaction: all of it, or nothing. */
static bool finish(struct store *store, bool is_done, struct err *err)
{
    if (is_done)
        return database_commit(&store->database, err);
    database_rollback(&store->database);
    return false;
}

bool store_create(struct store *store, const struct task *task, struct str key, char *ret_name,
                  struct err *err)
{
    auto_end(documents_end) struct documents documents = {0};

    if (!print_documents(task, &documents, err) || !database_begin(&store->database, true, err))
        return false;
    return finish(store, add(store, task, key, &documents, ret_name, err), err);
}

/* -- reading --------------------------------------------------------------------------------- */

static bool read_status(struct store *store, struct arena *arena, struct str document,
                        struct task *task, struct err *err)
{
    struct json_value value;

    return (json_read(arena, arena_copy(arena, document), &value, err) &&
            agenttask_status_read(arena, &value, &task->status, err)) ||
           err_wrap(err, "status in store %s", store->database.path);
}

static bool read_whole(struct store *store, struct arena *arena, sqlite3_stmt *row,
                       struct task *ret, struct err *err)
{
    struct json_value value;
    struct task task;

    if (!json_read(arena, arena_copy(arena, column_str(row, 0)), &value, err) ||
        !agenttask_read(arena, &value, "store", API_LENIENT, &task, err))
        return err_wrap(err, "task in store %s", store->database.path);
    if (!read_status(store, arena, column_str(row, 1), &task, err))
        return false;
    task.version = arena_print(arena, "%lld", (long long)sqlite3_column_int64(row, 2));
    task.generation = sqlite3_column_int64(row, 3);
    task.spec.ttl_ms = sqlite3_column_int64(row, 4);
    task.spec.canceled = sqlite3_column_int64(row, 5) != 0;
    *ret = task;
    return true;
}

/* One whole task; `what` names it for ERR_ABSENT. */
static bool read_one(struct store *store, enum statement id, struct str parameter, const char *what,
                     struct arena *arena, struct task *ret, struct err *err)
{
    auto_end(statement_end) sqlite3_stmt *statement = NULL;

    if (!database_statement(&store->database, id, &statement, err))
        return false;
    if (sqlite3_bind_parameter_count(statement) > 0)
        bind_str(statement, 1, parameter);
    switch (database_step(&store->database, statement, err)) {
    case STEP_ROW:
        return read_whole(store, arena, statement, ret, err);
    case STEP_DONE:
        return err_set(err, ERR_ABSENT, "there is no task %s\"%.*s\"", what, STR_ARG(parameter));
    case STEP_TAKEN:
    case STEP_FAILED:
        break;
    }
    return false;
}

bool store_read(struct store *store, struct str name, struct arena *arena, struct task *ret,
                struct err *err)
{
    enum statement id = str_is(name, "@latest") ? STATEMENT_READ_LATEST : STATEMENT_READ_NAME;

    return read_one(store, id, name, "", arena, ret, err);
}

bool store_read_mutable(struct store *store, struct str uid, struct store_mutable *ret,
                        struct err *err)
{
    auto_end(statement_end) sqlite3_stmt *statement = NULL;

    if (!database_statement(&store->database, STATEMENT_READ_MUTABLE, &statement, err))
        return false;
    bind_str(statement, 1, uid);
    if (database_step(&store->database, statement, err) != STEP_ROW)
        return err->kind == ERR_NONE &&
               err_set(err, ERR_ABSENT, "the task with uid %.*s is gone", STR_ARG(uid));
    *ret = (struct store_mutable){
        .version = sqlite3_column_int64(statement, 0),
        .ttl_ms = sqlite3_column_int64(statement, 1),
        .canceled = sqlite3_column_int64(statement, 2) != 0,
    };
    return true;
}

bool store_read_key(struct store *store, struct str key, struct arena *arena, struct task *ret,
                    struct err *err)
{
    return read_one(store, STATEMENT_READ_KEY, key, "with idempotency key ", arena, ret, err);
}

/* -- listing --------------------------------------------------------------------------------- */

static bool read_row(sqlite3_stmt *row, struct pair labels[LABELS_MAX], struct store_row *ret)
{
    struct str phase = column_str(row, 6), reason = column_str(row, 7);

    *ret = (struct store_row){
        .name = column_str(row, 0),
        .uid = column_str(row, 1),
        .profile = column_str(row, 2),
        .run_name = column_str(row, 3),
        .node = column_str(row, 4),
        .labels.at = labels,
        .created_ms = sqlite3_column_int64(row, 8),
        .started_ms = sqlite3_column_int64(row, 9),
        .finished_ms = sqlite3_column_int64(row, 10),
        .expires_ms = sqlite3_column_int64(row, 11),
        .exit_code = sqlite3_column_int(row, 12),
        .version = sqlite3_column_int64(row, 13),
        .attempt = (uint32_t)sqlite3_column_int64(row, 14),
    };
    return (phase.size == 0 || phase_parse(phase, &ret->phase)) &&
           (reason.size == 0 || reason_parse(reason, &ret->reason)) &&
           unpack_labels(column_str(row, 5), labels, &ret->labels.count);
}

static bool visit_rows(struct store *store, sqlite3_stmt *statement,
                       bool (*visit)(void *ctx, const struct store_row *row), void *ctx,
                       struct err *err)
{
    struct pair labels[LABELS_MAX];
    struct store_row row;
    enum step step = STEP_ROW;

    while ((step = database_step(&store->database, statement, err)) == STEP_ROW) {
        if (!read_row(statement, labels, &row))
            return database_damaged(&store->database, "a row", err);
        if (!visit(ctx, &row))
            return true;
    }
    return step == STEP_DONE;
}

bool store_list(struct store *store, bool (*visit)(void *ctx, const struct store_row *row),
                void *ctx, struct err *err)
{
    auto_end(statement_end) sqlite3_stmt *statement = NULL;

    return database_statement(&store->database, STATEMENT_LIST, &statement, err) &&
           visit_rows(store, statement, visit, ctx, err);
}

bool store_list_due(struct store *store, int64_t now_ms,
                    bool (*visit)(void *ctx, const struct store_row *row), void *ctx,
                    struct err *err)
{
    auto_end(statement_end) sqlite3_stmt *statement = NULL;

    if (!database_statement(&store->database, STATEMENT_LIST_DUE, &statement, err))
        return false;
    bind_int(statement, 1, now_ms);
    return visit_rows(store, statement, visit, ctx, err);
}

/* -- changing -------------------------------------------------------------------------------- */

struct found {
    char uid[64]; /* as far as it fits: ours are shorter */
    int64_t id, version, finished_ms;
    enum phase phase;
};

/* Inside a transaction: what is stored now, by name or uid. */
static bool find(struct store *store, enum statement id, struct str parameter, struct found *ret,
                 struct err *err)
{
    auto_end(statement_end) sqlite3_stmt *statement = NULL;
    struct str phase;

    if (!database_statement(&store->database, id, &statement, err))
        return false;
    bind_str(statement, 1, parameter);
    if (database_step(&store->database, statement, err) != STEP_ROW)
        return err->kind == ERR_NONE &&
               err_set(err, ERR_ABSENT, "there is no task \"%.*s\"", STR_ARG(parameter));
    *ret = (struct found){
        .id = sqlite3_column_int64(statement, 1),
        .version = sqlite3_column_int64(statement, 2),
        .finished_ms = sqlite3_column_int64(statement, 4),
    };
    snprintf(ret->uid, sizeof(ret->uid), "%.*s", STR_ARG(column_str(statement, 0)));
    phase = column_str(statement, 3);
    return phase.size == 0 || phase_parse(phase, &ret->phase) ||
           database_damaged(&store->database, "a phase", err);
}

static bool check_open(const struct found *found, struct str what, struct err *err)
{
    return !phase_is_terminal(found->phase) ||
           err_set(err, ERR_REFUSED, "task \"%.*s\" is over already (%s)", STR_ARG(what),
                   phase_word(found->phase));
}

/* The same task, as it was when `task` was read; over is over. */
static bool check_current(const struct found *found, const struct task *task, struct err *err)
{
    int64_t version;

    if (!str_is(task->uid, found->uid))
        return err_set(err, ERR_ABSENT, "task \"%.*s\" is another one now", STR_ARG(task->name));
    if (!str_to_int(task->version, &version) || version != found->version)
        return err_set(err, ERR_STALE, "task \"%.*s\" changed meanwhile (version %lld, not %.*s)",
                       STR_ARG(task->name), (long long)found->version, STR_ARG(task->version));
    return task->status.phase == found->phase || check_open(found, task->name, err);
}

static bool put_task(struct store *store, const struct task *task, struct err *err)
{
    auto_end(statement_end) sqlite3_stmt *statement = NULL;

    if (!database_statement(&store->database, STATEMENT_PUT_TASK, &statement, err))
        return false;
    bind_str(statement, 2, task->name);
    bind_status(statement, task);
    return database_run(&store->database, statement, err);
}

bool store_put_status(struct store *store, const struct task *task, bool is_durable,
                      int64_t *ret_version, struct err *err)
{
    auto_end(arena_fini) struct arena arena = {0};
    auto_end(buf_fini) struct buf document = {0};
    struct json_value value = agenttask_status_value(&arena, task);
    struct found found;
    bool is_done;

    if (!print_document(&value, &document, err) ||
        !database_begin(&store->database, is_durable, err))
        return false;
    is_done = find(store, STATEMENT_FIND_NAME, task->name, &found, err) &&
              check_current(&found, task, err) && put_task(store, task, err) &&
              put_status(store, found.id, buf_str(&document), err);
    if (!finish(store, is_done, err))
        return false;
    *ret_version = found.version + 1;
    return true;
}

static bool cancel(struct store *store, struct str name, struct err *err)
{
    auto_end(statement_end) sqlite3_stmt *statement = NULL;
    struct found found;

    if (!find(store, STATEMENT_FIND_NAME, name, &found, err) || !check_open(&found, name, err) ||
        !database_statement(&store->database, STATEMENT_CANCEL, &statement, err))
        return false;
    bind_str(statement, 1, name);
    return database_run(&store->database, statement, err);
}

bool store_cancel(struct store *store, struct str name, struct err *err)
{
    return database_begin(&store->database, false, err) &&
           finish(store, cancel(store, name, err), err);
}

static bool drop_documents(struct store *store, enum statement kind, int64_t id, struct err *err)
{
    auto_end(statement_end) sqlite3_stmt *statement = NULL;

    if (!database_statement(&store->database, kind, &statement, err))
        return false;
    bind_int(statement, 1, id);
    return database_run(&store->database, statement, err);
}

static bool drop(struct store *store, struct str uid, struct err *err)
{
    auto_end(statement_end) sqlite3_stmt *statement = NULL;
    struct found found;

    if (!find(store, STATEMENT_FIND_UID, uid, &found, err) ||
        !drop_documents(store, STATEMENT_DROP_STATUS, found.id, err) ||
        !drop_documents(store, STATEMENT_DROP_SPEC, found.id, err) ||
        !database_statement(&store->database, STATEMENT_DROP_TASK, &statement, err))
        return false;
    bind_str(statement, 1, uid);
    return database_run(&store->database, statement, err);
}

bool store_drop(struct store *store, struct str uid, struct err *err)
{
    return database_begin(&store->database, false, err) &&
           finish(store, drop(store, uid, err), err);
}
