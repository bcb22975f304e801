// SPDX-License-Identifier: Apache-2.0
#pragma once

/* What the kernel says of this process, and what it lets it do. Everything is tried in a child or
 * undone, so that nothing of it lasts. */

void confinement_identity(void); /* user-namespace, no-new-privileges, seccomp, capabilities */
void confinement_calls(void);    /* calls: how many of those that only an escape wants work */
void confinement_socket(void);   /* socket: of IPv4, without connecting it */
void confinement_landlock(void); /* landlock: the ABI; 0: none, or it may not be asked */
void confinement_files(void);    /* root: can the root file system be written; token, environment */
void confinement_file(const char *path); /* file: can it be read */
