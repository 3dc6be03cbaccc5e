/* SPDX-License-Identifier: ISC */
#ifndef TG_SOCKETS_H
#define TG_SOCKETS_H

/* Sockets of a task: to look at, and to know again. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tracer/ids.h"
#include "tracer/walk.h"

/*
 * A descriptor of ours for what the task's is of; -EBADF when it has none,
 * -ENOSYS or -EPERM where it cannot be had (before Linux 5.6).
 */
int socket_take(struct whose, int fd);

/* The number by which the kernel knows the task's socket, which no other gets while it lives; 0: it is none. */
uint64_t socket_number(struct whose, int fd);

/* Is it one of those that /proc shows as of this machine alone? */
bool socket_is_local(struct whose, uint64_t number);

/*
 * listen(2) on a descriptor of ours for a task with these rights: whoever
 * connects to a local socket is told them.  0 or -errno.
 */
int socket_listen(int fd, int backlog, const struct file_ids *);

/*
 * bind(2) on a descriptor of ours to a name in the directory that is held,
 * wherever the name leads by now, as a task with these rights and umask would:
 * 0 or -errno, -EPERM for a name that leads back to its own directory ("/a/b/../c").
 * -ENOTSUP, and nothing was done, where we can have no mounts of our own.
 */
int socket_bind(int fd, const struct sockaddr_un *, socklen_t, int held, const struct file_ids *, mode_t umask);

/* Has the program given it an address?  Only so many are remembered: of the rest it is not known, and so false. */
void socket_note_bound(uint64_t number);
bool socket_was_bound(uint64_t number);

#endif
