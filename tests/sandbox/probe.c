// SPDX-License-Identifier: Apache-2.0
/* Stands where the runner stands: process 1 of a sandbox. It does what the first word of its code
 * says and prints what it finds, one fact a line. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MIB (1024 * 1024)

/* -- facts ------------------------------------------------------------------ */

static void print_file_lines(const char *path, const char *const *prefixes, int count)
{
    char line[512];
    FILE *file = fopen(path, "re");

    while (file && fgets(line, sizeof(line), file))
        for (int i = 0; i < count; i++)
            if (strncmp(line, prefixes[i], strlen(prefixes[i])) == 0)
                fputs(line, stdout);
    if (file)
        fclose(file);
}

static int text_order(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void print_directory(const char *path)
{
    char *names[256];
    int count = 0;
    DIR *directory = opendir(path);
    const struct dirent *entry;

    while (directory && count < 256 && (entry = readdir(directory)))
        if (entry->d_name[0] != '.')
            names[count++] = strdup(entry->d_name);
    if (directory)
        closedir(directory);
    qsort(names, (size_t)count, sizeof(names[0]), text_order);
    printf("directory %s", path);
    for (int i = 0; i < count; i++)
        printf(" %s", names[i]);
    printf("\n");
}

static void print_descriptors(void)
{
    printf("descriptors");
    for (int i = 0; i < 1024; i++)
        if (fcntl(i, F_GETFD) >= 0)
            printf(" %d", i);
    printf("\n");
}

static void print_mount(const char *path)
{
    struct statvfs facts;

    if (statvfs(path, &facts)) {
        printf("mount %s none\n", path);
        return;
    }
    printf("mount %s%s%s%s%s\n", path, facts.f_flag & ST_RDONLY ? " ro" : "",
           facts.f_flag & ST_NOSUID ? " nosuid" : "", facts.f_flag & ST_NODEV ? " nodev" : "",
           facts.f_flag & ST_NOEXEC ? " noexec" : "");
}

static int facts(void)
{
    static const char *const status[] = {
        "Cap", "Groups:", "Uid:", "Gid:", "NoNewPrivs:", "SigBlk:"};
    char name[65] = "", directory[256] = "";

    gethostname(name, sizeof(name) - 1);
    printf("pid %d\nhostname %s\ncwd %s\n", getpid(), name, getcwd(directory, sizeof(directory)));
    print_descriptors();
    print_file_lines("/proc/self/status", status, 6);
    print_directory("/");
    print_directory("/dev");
    print_directory("/workspace");
    print_directory("/etc");
    print_directory("/tmp");
    print_directory("/workspace/artifacts");
    print_mount("/");
    print_mount("/usr");
    print_mount("/tmp");
    print_mount("/dev/shm");
    print_mount("/workspace/artifacts");
    print_mount("/proc");
    print_mount("/dev/null");
    return 0;
}

/* -- attempts --------------------------------------------------------------- */

static void try_open(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);

    printf("open %s %s\n", path, fd >= 0 ? "ok" : strerrorname_np(errno));
    if (fd >= 0)
        close(fd);
}

static int writes(void)
{
    static const char *const places[] = {
        "/new",     "/etc/new", "/usr/new",     "/workspace/new",
        "/dev/new", "/tmp/new", "/dev/shm/new", "/workspace/artifacts/new"};

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        try_open(places[i], O_WRONLY | O_CREAT);
    try_open("/workspace/code", O_WRONLY);
    try_open("/agenttask/runner", O_WRONLY);
    try_open("/proc/sys/kernel/core_pattern", O_WRONLY);
    try_open("/dev/null", O_WRONLY);
    return 0;
}

static int executes(void)
{
    int from = open("/agenttask/runner", O_RDONLY | O_CLOEXEC);
    int to = open("/tmp/copy", O_WRONLY | O_CREAT, 0700);
    char bytes[4096];
    ssize_t got;

    while ((got = read(from, bytes, sizeof(bytes))) > 0)
        if (write(to, bytes, (size_t)got) != got)
            return 1;
    close(to);
    char name[] = "/tmp/copy";
    char *const args[] = {name, NULL};
    execv(name, args);
    printf("exec %s\n", strerrorname_np(errno));
    return 0;
}

static int network(void)
{
    char line[256];
    FILE *file = fopen("/proc/net/dev", "re");

    while (file && fgets(line, sizeof(line), file))
        if (strchr(line, ':'))
            printf("interface %.*s\n", (int)(strchr(line, ':') - line), line);
    return 0;
}

static int opens(const char *path)
{
    try_open(path, O_RDONLY);
    return 0;
}

/* -- limits ----------------------------------------------------------------- */

/* In a child, so that process 1 sees what becomes of it. */
static int memory(void)
{
    pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        for (;;) {
            char *block =
                mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            if (block == MAP_FAILED)
                _exit(1);
            memset(block, 1, MIB);
            usleep(1000);
        }
    }
    waitpid(pid, &status, 0);
    printf("memory %s\n", WIFSIGNALED(status) ? "killed" : "exited");
    fflush(stdout);
    pause(); /* the launcher ends the whole run */
    return 0;
}

static int processes(void)
{
    int count = 0;

    while (count < 500) {
        pid_t pid = fork();
        if (pid == 0)
            pause();
        if (pid < 0)
            break;
        count++;
    }
    printf("processes %d %s\n", count, count < 500 ? strerrorname_np(errno) : "all");
    return 0;
}

static long clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int cpu(void)
{
    long start_ms = clock_ms();
    struct rusage usage;

    while (clock_ms() - start_ms < 1000)
        ;
    getrusage(RUSAGE_SELF, &usage);
    printf("cpu %ld of %ld\n",
           (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
               (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000,
           clock_ms() - start_ms);
    return 0;
}

/* Takes back every processor, then looks again after the launcher had time to notice. */
static int processors(void)
{
    cpu_set_t set;

    sched_getaffinity(0, sizeof(set), &set);
    printf("processors %d\n", CPU_COUNT(&set));
    memset(&set, 0xff, sizeof(set));
    sched_setaffinity(0, sizeof(set), &set);
    usleep(600 * 1000);
    sched_getaffinity(0, sizeof(set), &set);
    printf("processors %d\n", CPU_COUNT(&set));
    return 0;
}

static int storage(void)
{
    static char block[64 * 1024];
    long written = 0, files = 0;
    int fd = open("/tmp/large", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ssize_t put;
    char path[64];

    while ((put = write(fd, block, sizeof(block))) > 0 && written < 256 * MIB)
        written += put;
    printf("bytes %ld %s\n", written, put < 0 ? strerrorname_np(errno) : "all");
    close(fd);
    unlink("/tmp/large");
    do {
        snprintf(path, sizeof(path), "/dev/shm/%ld", files);
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (fd >= 0)
            close(fd);
    } while (fd >= 0 && ++files < 100000);
    printf("files %ld %s\n", files, fd < 0 ? strerrorname_np(errno) : "all");
    return 0;
}

/* -- the ways of the runner ------------------------------------------------- */

static int report(void)
{
    if (write(3, "old", 3) != 3 || ftruncate(3, 0) || lseek(3, 0, SEEK_SET) ||
        write(3, "the report", 10) != 10 || write(4, "the frames", 10) != 10 ||
        write(2, "the errors", 10) != 10)
        return 1;
    printf("the output");
    return 7;
}

static int input(void)
{
    char bytes[256];
    ssize_t got = read(0, bytes, sizeof(bytes));

    printf("input %.*s\n", (int)(got > 0 ? got : 0), bytes);
    return 0;
}

/* Deaf for a while: a signal that comes meanwhile must wait for us. */
static int term(void)
{
    sigset_t wanted;
    int signal = 0;

    usleep(200 * 1000);
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigwait(&wanted, &signal);
    printf("signal %d\n", signal);
    return 9;
}

static int sleeps(void)
{
    if (fork() == 0)
        setsid();
    printf("asleep\n");
    fflush(stdout);
    while (pause() < 0)
        ;
    return 1;
}

int main(void)
{
    static const struct {
        const char *word;
        int (*act)(void);
    } acts[] = {
        {"facts",      facts     },
        {"writes",     writes    },
        {"executes",   executes  },
        {"network",    network   },
        {"memory",     memory    },
        {"processes",  processes },
        {"cpu",        cpu       },
        {"processors", processors},
        {"storage",    storage   },
        {"report",     report    },
        {"input",      input     },
        {"term",       term      },
        {"sleeps",     sleeps    },
    };
    char code[512] = "";
    FILE *file = fopen("/workspace/code", "re");

    if (!file || !fgets(code, sizeof(code), file))
        return 99;
    fclose(file);
    if (strncmp(code, "opens ", 6) == 0)
        return opens(code + 6);
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
        if (strcmp(code, acts[i].word) == 0)
            return acts[i].act();
    return 98;
}
