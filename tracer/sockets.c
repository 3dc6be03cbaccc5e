/* SPDX-License-Identifier: ISC */
#include "tracer/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/cleanup.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open	434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd	438
#endif

enum { REMEMBERED = 256, OF_THREAD = O_EXCL /* PIDFD_THREAD, Linux 6.9 */ };

static uint64_t bound[REMEMBERED];
static unsigned next;

static bool
looks_like(struct whose whose, int fd, struct stat *st)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", whose.tid, fd);
	return stat(path, st) == 0;
}

static int
take_from(pid_t pid, unsigned flags, int fd)
{
	cleanup_close int pidfd = (int)syscall(SYS_pidfd_open, pid, flags);
	int got = pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);

	return got < 0 ? -errno : got;
}

/* A thread can have descriptors of its own: what was got must be what it has. */
int
socket_take(struct whose whose, int fd)
{
	struct stat its, got;
	int mine;

	if (!looks_like(whose, fd, &its))
		return -EBADF;
	mine = take_from(whose.tgid, 0, fd);
	if (mine >= 0 && fstat(mine, &got) == 0 && got.st_dev == its.st_dev && got.st_ino == its.st_ino)
		return mine;
	if (mine == -ENOSYS || mine == -EPERM)
		return mine;
	if (mine >= 0)
		close(mine);
	return take_from(whose.tid, OF_THREAD, fd);
}

uint64_t
socket_number(struct whose whose, int fd)
{
	struct stat st;

	return looks_like(whose, fd, &st) && S_ISSOCK(st.st_mode) ? st.st_ino : 0;
}

bool
socket_is_local(struct whose whose, uint64_t number)
{
	cleanup_file FILE *f = NULL;
	char path[48], line[512];
	uint64_t inode;

	snprintf(path, sizeof(path), "/proc/%d/net/unix", whose.tid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %*s %*s %*s %*s %*s %" SCNu64, &inode) == 1 && inode == number)
			return true;
	return false;
}

static bool
is_set(int fd, int option, int value)
{
	int got = 0;
	socklen_t len = sizeof(got);

	return getsockopt(fd, SOL_SOCKET, option, &got, &len) == 0 && got == value;
}

static int
listen_here(int fd, int backlog)
{
	return listen(fd, backlog) < 0 ? -errno : 0;
}

static _Noreturn void
listen_as(int fd, int backlog, const struct file_ids *ids)
{
	if (setresgid(ids->gids[0], ids->gids[1], ids->gids[2]) < 0 || setresuid(ids->uids[0], ids->uids[1], ids->uids[2]) < 0)
		_exit(EPERM);
	_exit(-listen_here(fd, backlog));
}

int
socket_listen(int fd, int backlog, const struct file_ids *ids)
{
	bool same = ids->uids[1] == geteuid() && ids->gids[1] == getegid();
	int status;
	pid_t pid;

	if (!is_set(fd, SO_DOMAIN, AF_UNIX) || same)
		return listen_here(fd, backlog);
	if (is_set(fd, SO_ACCEPTCONN, 1))
		return 0;		/* it would only be told as somebody else's */
	pid = fork();
	if (pid == 0)
		listen_as(fd, backlog, ids);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -EPERM;
	return -WEXITSTATUS(status);
}

void
socket_note_bound(uint64_t number)
{
	if (number && !socket_was_bound(number))
		bound[next++ % REMEMBERED] = number;
}

bool
socket_was_bound(uint64_t number)
{
	for (unsigned i = 0; i < REMEMBERED; i++)
		if (number && bound[i] == number)
			return true;
	return false;
}
