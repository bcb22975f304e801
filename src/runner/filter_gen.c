// SPDX-License-Identifier: Apache-2.0
/* Compiles the call filters with libseccomp into C arrays of BPF, at build time: at run time it
 * would cost the runner a library and every task about a millisecond. `filter_gen OUTPUT`.
 *
 * A filter is made of parts, laid one behind the other: where a part says "allowed", the next one
 * is asked. So rules about arguments need only say what they refuse, and each part can be left out
 * alone. Arguments are compared masked to the 32 bits that the kernel looks at: a rule that
 * compared all 64 would be passed with a bit set above. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/lang.h"
#include "runner/filter_calls.h"

#define LOW UINT64_C(0xffffffff)

struct program {
    struct sock_filter at[BPF_MAXINSNS];
    size_t count;
};

static void demand(bool is_true, const char *what)
{
    if (is_true)
        return;
    fprintf(stderr, "filter_gen: %s\n", what);
    exit(1);
}

/* False if this library does not know the call, or the machine does not have it. */
static bool is_known(uint32_t arch, const char *call)
{
    return seccomp_syscall_resolve_name_arch(arch, call) >= 0;
}

/* `compare` may be NULL: then the call as such. libseccomp wants the number that the call has on
 * the machine that builds, and translates it. */
static void rule_add(scmp_filter_ctx ctx, uint32_t arch, uint32_t verdict, const char *call,
                     const struct scmp_arg_cmp *compare)
{
    int number = seccomp_syscall_resolve_name(call);

    if (is_known(arch, call))
        demand(seccomp_rule_add_exact_array(ctx, verdict, number, compare ? 1 : 0, compare) == 0,
               call);
}

/* `verdict` if (argument & mask) == value. */
static void masked_add(scmp_filter_ctx ctx, uint32_t arch, uint32_t verdict, const char *call,
                       unsigned argument, uint64_t mask, uint64_t value)
{
    struct scmp_arg_cmp compare = {argument, SCMP_CMP_MASKED_EQ, mask, value & mask};

    rule_add(ctx, arch, verdict, call, &compare);
}

/* `verdict` unless the low 32 bits of the argument are `value`: one of them differs. */
static void other_add(scmp_filter_ctx ctx, uint32_t arch, uint32_t verdict, const char *call,
                      unsigned argument, uint64_t value)
{
    for (unsigned bit = 0; bit < 32; bit++)
        masked_add(ctx, arch, verdict, call, argument, UINT64_C(1) << bit, ~value);
}

static void fill_network(scmp_filter_ctx ctx, uint32_t arch)
{
    other_add(ctx, arch, SCMP_ACT_ERRNO(EACCES), "socket", 0, AF_UNIX);
    other_add(ctx, arch, SCMP_ACT_ERRNO(EACCES), "socketpair", 0, AF_UNIX);
}

static void fill_arguments(scmp_filter_ctx ctx, uint32_t arch)
{
    static const uint64_t namespaces[] = {
        0x00020000 /* mounts */,  0x02000000 /* cgroups */, 0x04000000 /* names */,
        0x08000000 /* ipc */,     0x10000000 /* users */,   0x20000000 /* processes */,
        0x40000000 /* network */,
    };
    const uint64_t type_mask = 0170000, character = 0020000, block = 0060000;
    const uint64_t tiocsti = 0x5412, tioclinux = 0x541c;
    const uint32_t denied = SCMP_ACT_ERRNO(EPERM);

    for (size_t i = 0; i < countof(namespaces); i++)
        masked_add(ctx, arch, denied, "clone", 0, namespaces[i], namespaces[i]);
    for (size_t i = 0; i < countof(calls_aimed); i++)
        masked_add(ctx, arch, denied, calls_aimed[i].call, calls_aimed[i].argument, LOW, 1);
    masked_add(ctx, arch, denied, "ioctl", 1, LOW, tiocsti); /* types into the terminal */
    masked_add(ctx, arch, denied, "ioctl", 1, LOW, tioclinux);
    masked_add(ctx, arch, denied, "mknod", 1, type_mask, character);
    masked_add(ctx, arch, denied, "mknod", 1, type_mask, block);
    masked_add(ctx, arch, denied, "mknodat", 2, type_mask, character);
    masked_add(ctx, arch, denied, "mknodat", 2, type_mask, block);
    /* A signal by descriptor cannot be seen to be aimed at the runner; who is told that there is
     * no such call uses kill. */
    rule_add(ctx, arch, SCMP_ACT_ERRNO(ENOSYS), "pidfd_send_signal", NULL);
}

static void fill_calls(scmp_filter_ctx ctx, uint32_t arch)
{
    /* PER_LINUX, PER_LINUX32, both with UNAME26, and the question for the present one. */
    static const uint64_t personalities[] = {0x0, 0x8, 0x20000, 0x20008, 0xffffffff};

    for (size_t i = 0; i < countof(calls_allowed); i++)
        rule_add(ctx, arch, SCMP_ACT_ALLOW, calls_allowed[i], NULL);
    for (size_t i = 0; i < countof(calls_denied); i++)
        rule_add(ctx, arch, SCMP_ACT_ERRNO(EPERM), calls_denied[i], NULL);
    for (size_t i = 0; i < countof(personalities); i++)
        masked_add(ctx, arch, SCMP_ACT_ALLOW, "personality", 0, LOW, personalities[i]);
}

typedef void part_fill(scmp_filter_ctx ctx, uint32_t arch);

/* Another architecture's entry (int 0x80) and x32 numbers find no call at all, in every part. */
static scmp_filter_ctx context_new(uint32_t arch, uint32_t otherwise)
{
    scmp_filter_ctx ctx = seccomp_init(otherwise);

    demand(ctx != NULL, "seccomp_init");
    if (arch != seccomp_arch_native())
        demand(seccomp_arch_add(ctx, arch) == 0 &&
                   seccomp_arch_remove(ctx, seccomp_arch_native()) == 0,
               "architecture");
    demand(seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS)) == 0,
           "action for other architectures");
    demand(seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2) == 0, "optimization");
    return ctx;
}

static void part_make(uint32_t arch, uint32_t otherwise, part_fill *fill, struct program *ret)
{
    scmp_filter_ctx ctx = context_new(arch, otherwise);
    int fd = memfd_create("filter", MFD_CLOEXEC);
    ssize_t size;

    fill(ctx, arch);
    demand(fd >= 0 && seccomp_export_bpf(ctx, fd) == 0, "export");
    size = pread(fd, ret->at, sizeof(ret->at), 0);
    demand(size > 0 && size % (ssize_t)sizeof(ret->at[0]) == 0, "read the exported filter");
    ret->count = (size_t)size / sizeof(ret->at[0]);
    close(fd);
    seccomp_release(ctx);
}

static void part_append(struct program *program, const struct program *part, bool is_last)
{
    demand(program->count + part->count <= BPF_MAXINSNS, "too many instructions");
    for (size_t i = 0; i < part->count; i++) {
        struct sock_filter op = part->at[i];
        if (!is_last && op.code == (BPF_RET | BPF_K) && op.k == SCMP_ACT_ALLOW)
            op = (struct sock_filter){.code = BPF_JMP | BPF_JA,
                                      .k = (uint32_t)(part->count - i - 1)};
        program->at[program->count++] = op;
    }
}

static void array_print(FILE *out, const char *machine, const char *kind,
                        const struct program *program)
{
    fprintf(out, "static const struct sock_filter %s_%s[] = {\n", machine, kind);
    for (size_t i = 0; i < program->count; i++)
        fprintf(out, "    {0x%02x, %u, %u, 0x%08x},\n", program->at[i].code, program->at[i].jt,
                program->at[i].jf, program->at[i].k);
    fprintf(out, "};\n\n");
}

static void machine_print(FILE *out, const char *machine, uint32_t arch)
{
    struct program network, arguments, calls, whole;

    part_make(arch, SCMP_ACT_ALLOW, fill_network, &network);
    part_make(arch, SCMP_ACT_ALLOW, fill_arguments, &arguments);
    part_make(arch, SCMP_ACT_ERRNO(ENOSYS), fill_calls, &calls);
    array_print(out, machine, "network", &network);
    whole.count = 0;
    part_append(&whole, &arguments, false);
    part_append(&whole, &calls, true);
    array_print(out, machine, "calls", &whole);
    whole.count = 0;
    part_append(&whole, &network, false);
    part_append(&whole, &arguments, false);
    part_append(&whole, &calls, true);
    array_print(out, machine, "calls_network", &whole);
    fprintf(out, "const struct filter filters_%s[FILTER_COUNT] = {\n", machine);
    fprintf(out, "    [FILTER_CALLS] = {%s_calls, countof(%s_calls)},\n", machine, machine);
    fprintf(out, "    [FILTER_NETWORK] = {%s_network, countof(%s_network)},\n", machine, machine);
    fprintf(out, "    [FILTER_CALLS_NETWORK] = {%s_calls_network, countof(%s_calls_network)},\n",
            machine, machine);
    fprintf(out, "};\n\n");
}

int main(int argc, char **argv)
{
    FILE *out = argc == 2 ? fopen(argv[1], "we") : NULL;

    demand(out != NULL, "usage: filter_gen OUTPUT");
    fprintf(out, "/* Made by filter_gen.c. */\n#include \"runner/filter.h\"\n\n");
    machine_print(out, "x86_64", SCMP_ARCH_X86_64);
    machine_print(out, "arm64", SCMP_ARCH_AARCH64);
    demand(fclose(out) == 0, "cannot write the output");
    return 0;
}
