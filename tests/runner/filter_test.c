// SPDX-License-Identifier: Apache-2.0
/* The filters that are embedded in the runner, for every machine, asked by interpreting them as the
 * kernel would: which answer does a call with these arguments get? */
#include "runner/filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runner/filter_calls.h"

#define X32 UINT32_C(0x40000000)
#define TOP (UINT64_C(1) << 63 | UINT64_C(1) << 32) /* above what the kernel looks at */

enum {
    CALLS_END = 1024, /* no machine has numbers above, but x32 */
};

static const struct machine {
    const char *name;
    uint32_t audit, scmp;
    const struct filter *filters;
} machines[] = {
    {"x86_64", AUDIT_ARCH_X86_64,  SCMP_ARCH_X86_64,  filters_x86_64},
    {"arm64",  AUDIT_ARCH_AARCH64, SCMP_ARCH_AARCH64, filters_arm64 },
};

static uint32_t word_of(const struct seccomp_data *data, uint32_t offset)
{
    uint32_t word;

    assert_true(offset % 4 == 0 && offset + 4 <= sizeof(*data));
    memcpy(&word, (const char *)data + offset, sizeof(word));
    return word;
}

/* The four jumps of classic BPF, by constant. */
static bool jumps(const struct sock_filter *op, uint32_t value)
{
    switch (BPF_OP(op->code)) {
    case BPF_JEQ:
        return value == op->k;
    case BPF_JGT:
        return value > op->k;
    case BPF_JGE:
        return value >= op->k;
    case BPF_JSET:
        return (value & op->k) != 0;
    default:
        fail_msg("unknown jump %x", op->code);
        return false;
    }
}

static uint32_t interpret(const struct filter *filter, const struct seccomp_data *data)
{
    uint32_t value = 0;

    for (size_t at = 0; at < filter->count; at++) {
        const struct sock_filter *op = &filter->at[at];
        if (op->code == (BPF_RET | BPF_K))
            return op->k;
        if (op->code == (BPF_LD | BPF_W | BPF_ABS))
            value = word_of(data, op->k);
        else if (op->code == (BPF_ALU | BPF_AND | BPF_K))
            value &= op->k;
        else if (op->code == (BPF_JMP | BPF_JA))
            at += op->k;
        else if (BPF_CLASS(op->code) == BPF_JMP && BPF_SRC(op->code) == BPF_K)
            at += jumps(op, value) ? op->jt : op->jf;
        else
            fail_msg("unknown instruction %x", op->code);
    }
    fail_msg("the filter ends without a verdict");
    return 0;
}

/* 0: the call is made; else the errno it fails with. */
static int verdict_of(const struct filter *filter, uint32_t audit, int call,
                      const uint64_t arguments[3])
{
    struct seccomp_data data = {.nr = call, .arch = audit};
    uint32_t verdict;

    for (size_t i = 0; i < 3; i++)
        data.args[i] = arguments[i];
    verdict = interpret(filter, &data);
    if (verdict == SECCOMP_RET_ALLOW)
        return 0;
    assert_int_equal(verdict & SECCOMP_RET_ACTION_FULL, SECCOMP_RET_ERRNO);
    return (int)(verdict & SECCOMP_RET_DATA);
}

/* rows: a call; what it gets from the whole filter, without the rule for sockets, and from that
 * rule alone. Where the whole denies, one of the others allows: the rule that denies is the rule
 * that is meant. */
static const struct row {
    const char *call;
    uint64_t arguments[3];
    int whole, calls, network;
} rows[] = {
    {"read",              {0},                   0,      0,      0     },
    {"execve",            {0},                   0,      0,      0     },
    {"futex",             {0},                   0,      0,      0     },
    {"wait4",             {0},                   0,      0,      0     },
    {"openat",            {0},                   0,      0,      0     },
 /* sockets: AF_UNIX 1, AF_INET 2, AF_INET6 10, AF_NETLINK 16, AF_PACKET 17, AF_VSOCK 40 */
    {"socket",            {1, 1},                0,      0,      0     },
    {"socket",            {TOP | 1, 1},          0,      0,      0     },
    {"socket",            {2, 1},                EACCES, 0,      EACCES},
    {"socket",            {TOP | 2, 1},          EACCES, 0,      EACCES},
    {"socket",            {0, 1},                EACCES, 0,      EACCES},
    {"socket",            {10, 1},               EACCES, 0,      EACCES},
    {"socket",            {16, 3},               EACCES, 0,      EACCES},
    {"socket",            {17, 3},               EACCES, 0,      EACCES},
    {"socket",            {40, 1},               EACCES, 0,      EACCES},
    {"socket",            {0xffffffff, 1},       EACCES, 0,      EACCES},
    {"socketpair",        {1, 1},                0,      0,      0     },
    {"socketpair",        {2, 1},                EACCES, 0,      EACCES},
    {"socketpair",        {TOP | 2, 1},          EACCES, 0,      EACCES},
 /* new processes: SIGCHLD; a thread of glibc's; each kind of namespace, also with bits above */
    {"clone",             {0x11},                0,      0,      0     },
    {"clone",             {0x3d0f00},            0,      0,      0     },
    {"clone",             {0x00020011},          EPERM,  EPERM,  0     },
    {"clone",             {0x02000011},          EPERM,  EPERM,  0     },
    {"clone",             {0x04000011},          EPERM,  EPERM,  0     },
    {"clone",             {0x08000011},          EPERM,  EPERM,  0     },
    {"clone",             {0x10000011},          EPERM,  EPERM,  0     },
    {"clone",             {0x20000011},          EPERM,  EPERM,  0     },
    {"clone",             {0x40000011},          EPERM,  EPERM,  0     },
    {"clone",             {TOP | 0x10000011},    EPERM,  EPERM,  0     },
    {"clone3",            {0},                   ENOSYS, ENOSYS, 0     },
    {"unshare",           {0x10000000},          EPERM,  EPERM,  0     },
    {"setns",             {0},                   EPERM,  EPERM,  0     },
 /* terminals: TIOCSTI, TIOCLINUX, TCGETS */
    {"ioctl",             {0, 0x5412},           EPERM,  EPERM,  0     },
    {"ioctl",             {0, TOP | 0x5412},     EPERM,  EPERM,  0     },
    {"ioctl",             {0, 0x541c},           EPERM,  EPERM,  0     },
    {"ioctl",             {0, TOP | 0x541c},     EPERM,  EPERM,  0     },
    {"ioctl",             {0x5412, 0x5401},      0,      0,      0     },
 /* devices */
    {"mknodat",           {0, 0, 0010644},       0,      0,      0     },
    {"mknodat",           {0, 0, 0100644},       0,      0,      0     },
    {"mknodat",           {0, 0, 0020644},       EPERM,  EPERM,  0     },
    {"mknodat",           {0, 0, TOP | 0060644}, EPERM,  EPERM,  0     },
    {"mknod",             {0, 0020644},          EPERM,  EPERM,  0     },
    {"mknod",             {0, 0010644},          0,      0,      0     },
    {"personality",       {0xffffffff},          0,      0,      0     },
    {"personality",       {0},                   0,      0,      0     },
    {"personality",       {0x0040000},           ENOSYS, ENOSYS, 0     }, /* no random layout */
  /* the runner is process 1 */
    {"kill",              {1, 15},               EPERM,  EPERM,  0     },
    {"kill",              {TOP | 1, 15},         EPERM,  EPERM,  0     },
    {"kill",              {2, 15},               0,      0,      0     },
    {"kill",              {0xffffffff, 15},      0,      0,      0     },
    {"tgkill",            {1, 1, 15},            EPERM,  EPERM,  0     },
    {"rt_sigqueueinfo",   {1, 15},               EPERM,  EPERM,  0     },
    {"pidfd_open",        {1},                   EPERM,  EPERM,  0     },
    {"pidfd_send_signal", {3, 15},               ENOSYS, ENOSYS, 0     },
    {"prlimit64",         {1, 0},                EPERM,  EPERM,  0     },
    {"prlimit64",         {0, 0},                0,      0,      0     },
    {"setpriority",       {0, 1, 19},            EPERM,  EPERM,  0     },
    {"setpriority",       {1, 0, 19},            0,      0,      0     },
    {"process_vm_readv",  {1},                   EPERM,  EPERM,  0     },
    {"pidfd_getfd",       {3},                   EPERM,  EPERM,  0     },
    {"ptrace",            {16, 1},               EPERM,  EPERM,  0     },
    {"kcmp",              {1},                   EPERM,  EPERM,  0     },
 /* nothing written can be executed */
    {"memfd_create",      {0},                   ENOSYS, ENOSYS, 0     },
    {"memfd_secret",      {0},                   ENOSYS, ENOSYS, 0     },
    {"execveat",          {0},                   0,      0,      0     },
 /* io_uring would make calls that no filter sees */
    {"io_uring_setup",    {0},                   ENOSYS, ENOSYS, 0     },
    {"io_uring_enter",    {0},                   ENOSYS, ENOSYS, 0     },
    {"io_uring_register", {0},                   ENOSYS, ENOSYS, 0     },
};

static int verdict_at(const struct machine *machine, enum filter_kind kind, const struct row *row)
{
    return verdict_of(&machine->filters[kind], machine->audit,
                      seccomp_syscall_resolve_name_arch(machine->scmp, row->call), row->arguments);
}

static void call_gets_its_verdict(void **state)
{
    (void)state;
    for (size_t m = 0; m < countof(machines); m++)
        for (size_t i = 0; i < countof(rows); i++) {
            const struct machine *machine = &machines[m];
            const struct row *row = &rows[i];
            if (seccomp_syscall_resolve_name_arch(machine->scmp, row->call) < 0)
                continue; /* this machine has no such call */
            int whole = verdict_at(machine, FILTER_CALLS_NETWORK, row);
            int calls = verdict_at(machine, FILTER_CALLS, row);
            int network = verdict_at(machine, FILTER_NETWORK, row);
            if (whole != row->whole || calls != row->calls || network != row->network)
                fail_msg("%s, row %zu, %s(%llx, %llx): %d, %d, %d", machine->name, i, row->call,
                         (unsigned long long)row->arguments[0],
                         (unsigned long long)row->arguments[1], whole, calls, network);
            assert_true(whole == 0 || calls == 0 || network == 0);
        }
}

static bool is_listed(const char *const *list, size_t count, const char *call)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], call) == 0)
            return true;
    return false;
}

/* What the lists say of a call whose arguments are all 2 (a namespace-free clone, a foreign pid,
 * an unknown personality; not AF_UNIX, but without the rule for sockets). */
static int listed_verdict(const char *call)
{
    if (is_listed(calls_denied, countof(calls_denied), call))
        return EPERM;
    return is_listed(calls_allowed, countof(calls_allowed), call) ? 0 : ENOSYS;
}

static void every_number_is_what_the_lists_say(void **state)
{
    static const uint64_t twos[3] = {2, 2, 2};

    (void)state;
    for (size_t m = 0; m < countof(machines); m++)
        for (int call = 0; call < CALLS_END; call++) {
            char *name = seccomp_syscall_resolve_num_arch(machines[m].scmp, call);
            int got = verdict_of(&machines[m].filters[FILTER_CALLS], machines[m].audit, call, twos);
            if (got != (name ? listed_verdict(name) : ENOSYS))
                fail_msg("%s: %s (%d) gets %d", machines[m].name, name ? name : "?", call, got);
            free(name);
        }
}

static void nothing_is_listed_twice(void **state)
{
    (void)state;
    for (size_t i = 1; i < countof(calls_allowed); i++)
        assert_true(strcmp(calls_allowed[i - 1], calls_allowed[i]) < 0);
    for (size_t i = 1; i < countof(calls_denied); i++)
        assert_true(strcmp(calls_denied[i - 1], calls_denied[i]) < 0);
    for (size_t i = 0; i < countof(calls_denied); i++)
        assert_false(is_listed(calls_allowed, countof(calls_allowed), calls_denied[i]));
    for (size_t i = 0; i < countof(calls_aimed); i++)
        assert_true(is_listed(calls_allowed, countof(calls_allowed), calls_aimed[i].call));
}

/* int 0x80 on x86-64, 32-bit programs on arm64, x32: by any number, in every filter. */
static void other_entries_find_no_call(void **state)
{
    static const uint64_t unix_socket[3] = {1, 1, 0};
    static const uint32_t others[] = {AUDIT_ARCH_I386, AUDIT_ARCH_ARM, AUDIT_ARCH_RISCV64, 0};

    (void)state;
    for (size_t m = 0; m < countof(machines); m++)
        for (int kind = 0; kind < FILTER_COUNT; kind++)
            for (int call = 0; call < CALLS_END; call++) {
                const struct filter *filter = &machines[m].filters[kind];
                for (size_t i = 0; i < countof(others); i++)
                    assert_int_equal(verdict_of(filter, others[i], call, unix_socket), ENOSYS);
                if (machines[m].audit == AUDIT_ARCH_X86_64)
                    assert_int_equal(verdict_of(filter, AUDIT_ARCH_X86_64,
                                                (int)((uint32_t)call | X32), unix_socket),
                                     ENOSYS);
            }
}

/* Only the 32 bits that the kernel looks at count, and all of them. */
static void every_bit_of_a_domain_counts(void **state)
{
    (void)state;
    for (size_t m = 0; m < countof(machines); m++)
        for (unsigned bit = 0; bit < 64; bit++) {
            uint64_t arguments[3] = {UINT64_C(1) ^ UINT64_C(1) << bit, 1, 0};
            int call = seccomp_syscall_resolve_name_arch(machines[m].scmp, "socket");
            int got = verdict_of(&machines[m].filters[FILTER_CALLS_NETWORK], machines[m].audit,
                                 call, arguments);
            assert_int_equal(got, bit < 32 ? EACCES : 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(call_gets_its_verdict),
        cmocka_unit_test(every_number_is_what_the_lists_say),
        cmocka_unit_test(nothing_is_listed_twice),
        cmocka_unit_test(other_entries_find_no_call),
        cmocka_unit_test(every_bit_of_a_domain_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
