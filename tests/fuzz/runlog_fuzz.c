// SPDX-License-Identifier: Apache-2.0
/* A kept log may hold anything: its reader ends, moves forward and gives only whole lines. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "store/logline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("log", MFD_CLOEXEC);
    struct logline_reader reader = {0};
    struct logline line;
    struct err err = {0};
    int64_t before = 0;

    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    if (logline_reader_init(&reader, fd, 0, &err)) {
        while (logline_read(&reader, &line, &err)) {
            if (reader.offset <= before || line.bytes.size > LOG_LINE_MAX ||
                (line.stream != LOG_STDOUT && line.stream != LOG_STDERR))
                abort();
            before = reader.offset;
        }
    }
    logline_reader_fini(&reader);
    close(fd);
    return 0;
}
