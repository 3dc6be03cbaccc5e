/* SPDX-License-Identifier: ISC */
/*
 * bind(2) into a directory that is held, by the program's own name for it.
 *
 * A socket is called by the name it was bound to for everybody and for good, so
 * that has to be the program's; but whoever may write to a directory on the way
 * could lead it elsewhere.  So a child of ours binds the socket where nobody
 * else is: in mounts of its own, where the root is an empty file system with
 * just the directories of the name, and the last of them is the one that is
 * held.  The socket comes to be in the file system that both have in common.
 */
#include "tracer/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tracer/procs.h"

/* Since Linux 5.2, one number for all architectures; <linux/mount.h> and <sys/mount.h> do not go together everywhere. */
enum { NR_OPEN_TREE = 428, NR_MOVE_MOUNT, NR_FSOPEN, NR_FSCONFIG, NR_FSMOUNT };
enum { TREE_CLONE = 1, TREE_RECURSIVE = 0x8000, FROM_EMPTY_PATH = 4, CMD_CREATE = 6 };

enum { CANNOT = 255, NAME_MAX_LEN = sizeof(((struct sockaddr_un *)NULL)->sun_path) };

static int
write_to(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return done ? 0 : -EPERM;
}

/* Who may not make mounts may do so among users of his own, of whom he is the only one. */
static int
be_the_only_user(uid_t uid, gid_t gid)
{
	char map[64];

	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);	/* or the maps belong to root */
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 || write_to("/proc/self/setgroups", "deny"))
		return -EPERM;
	snprintf(map, sizeof(map), "%u %u 1", uid, uid);
	if (write_to("/proc/self/uid_map", map))
		return -EPERM;
	snprintf(map, sizeof(map), "%u %u 1", gid, gid);
	return write_to("/proc/self/gid_map", map);
}

/* Mounts of its own, for the directory that is held, too: the working directory goes along. */
static int
leave_mounts(int held, bool *alone)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (fchdir(held) < 0)
		return -errno;
	*alone = unshare(CLONE_NEWNS) < 0;
	if (*alone && be_the_only_user(uid, gid))
		return -EPERM;
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ? -errno : 0;
}

/* The held directory as a mount that is nowhere yet, and an empty root. */
static int
take_out(void)
{
	int tree = (int)syscall(NR_OPEN_TREE, AT_FDCWD, ".", TREE_CLONE | TREE_RECURSIVE | O_CLOEXEC);
	int fs = (int)syscall(NR_FSOPEN, "tmpfs", 0), root;

	if (tree < 0 || fs < 0 || syscall(NR_FSCONFIG, fs, CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	root = (int)syscall(NR_FSMOUNT, fs, 0, 0);
	if (root < 0 || syscall(NR_MOVE_MOUNT, root, "", AT_FDCWD, ".", FROM_EMPTY_PATH) < 0)
		return -1;
	return fchdir(root) < 0 || chroot(".") < 0 ? -1 : tree;
}

static bool
is(const char *part, const char *what)
{
	return !strcmp(part, what);
}

static int
enter(const char *dir)
{
	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		return -errno;
	return chdir(dir) < 0 ? -errno : 0;
}

/* So far down that no name leads out at the top. */
static int
go_down(const char *name)
{
	int err = 0;

	for (; !err && *name; name++)
		if (*name == '/')
			err = enter("w");
	return err;
}

/*
 * Makes the directories of the name, and goes there; how many there are, or
 * -EPERM where the way leads through its own end before that: there it would
 * come through the held directory, in which others may put links.
 */
static int
make_way(char *name)
{
	char *state;
	ino_t been[NAME_MAX_LEN];
	struct stat st = { 0 };
	int n = 0, err = 0;

	for (char *part = strtok_r(name, "/", &state); part && !err; part = strtok_r(NULL, "/", &state)) {
		if (is(part, "."))
			continue;
		err = is(part, "..") ? chdir("..") : enter(part);
		err = err ? err : stat(".", &st);
		been[n++] = st.st_ino;
	}
	for (int i = 0; i + 1 < n && !err; i++)
		err = been[i] == st.st_ino;
	return err ? -EPERM : n;
}

/* Puts the held directory where the name of its entry leads. */
static int
put_there(int tree, const char *name)
{
	char way[NAME_MAX_LEN + 1];
	const char *slash = strrchr(name, '/');
	int start, parts;

	snprintf(way, sizeof(way), "%.*s", slash ? (int)(slash - name) : 0, name);
	if (*name != '/' && go_down(name))
		return -EPERM;
	start = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	parts = make_way(way);
	if (start < 0 || parts < 0 || syscall(NR_MOVE_MOUNT, tree, "", AT_FDCWD, ".", FROM_EMPTY_PATH) < 0)
		return -EPERM;
	/* A mount on the very place where looking up begins is not seen from there. */
	if (fchdir(parts ? start : tree) < 0 || (!parts && *name == '/' && chroot(".") < 0))
		return -EPERM;
	return 0;
}

static _Noreturn void
bind_in_child(int fd, const struct sockaddr_un *un, socklen_t len, int held, const struct file_ids *ids, mode_t mask)
{
	char name[NAME_MAX_LEN + 1];
	bool alone = false;
	int tree, err;

	snprintf(name, sizeof(name), "%.*s", (int)(len - offsetof(struct sockaddr_un, sun_path)), un->sun_path);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (leave_mounts(held, &alone) || (tree = take_out()) < 0)
		_exit(CANNOT);
	if (put_there(tree, name))
		_exit(EPERM);
	err = alone ? ids_drop_capabilities() : 0;	/* those that it got there; others by whose rights it is */
	if (err || ids_borrow(ids))
		_exit(CANNOT);
	umask(mask);
	_exit(bind(fd, (const struct sockaddr *)un, len) < 0 ? errno : 0);
}

int
socket_bind(int fd, const struct sockaddr_un *un, socklen_t len, int held, const struct file_ids *ids, mode_t mask)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		bind_in_child(fd, un, len, held, ids, mask);
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (pid < 0 || !WIFEXITED(status))
		return -EPERM;
	return WEXITSTATUS(status) == CANNOT ? -ENOTSUP : -WEXITSTATUS(status);
}
