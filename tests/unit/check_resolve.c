/* SPDX-License-Identifier: ISC */
/* Paths as a task sees them: this process is the task. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tracer/resolve.h"
#include "tracer/stride.h"
#include "tracer/walk.h"
#include "tests/unit/run.h"

static struct arena arena;
static char top[PATH_MAX];	/* canonical */
static int dir_fd, file_fd;

/*
 * top/a/b/file   top/a/link -> b/file   top/up -> ..   top/abs -> top/a
 * top/loop -> loop   top/dangling -> a/none   top/a/b is the cwd
 * top/mounts -> /proc/self/mounts   top/out -> /proc/self/../../top/a/b/file
 */
static void
setup(void)
{
	char template[] = "/tmp/tollgate-resolve.XXXXXX", path[PATH_MAX + 8], out[PATH_MAX + 32];

	arena_init(&arena, 2 << 20);
	ck_assert_ptr_nonnull(mkdtemp(template));
	ck_assert_ptr_nonnull(realpath(template, top));
	ck_assert_int_eq(chdir(top), 0);
	mkdir("a", 0700);
	mkdir("a/b", 0700);
	file_fd = open("a/b/file", O_CREAT | O_RDWR, 0600);
	dir_fd = open("a", O_RDONLY | O_DIRECTORY);
	snprintf(path, sizeof(path), "%s/a", top);
	ck_assert_int_eq(symlink("b/file", "a/link") | symlink("..", "up") | symlink(path, "abs") |
	    symlink("loop", "loop") | symlink("a/none", "dangling") | symlink("/proc/self/mounts", "mounts"), 0);
	snprintf(out, sizeof(out), "/proc/self/../..%s/b/file", path);
	ck_assert_int_eq(symlink(out, "out"), 0);
	ck_assert_int_eq(chdir("a/b"), 0);
}

static void
teardown(void)
{
	static const char *const names[] = { "a/b/file", "a/link", "up", "abs", "loop", "dangling", "mounts", "out" };

	ck_assert_int_eq(chdir(top), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		unlink(names[i]);
	rmdir("a/b");
	rmdir("a");
	ck_assert_int_eq(chdir("/"), 0);
	rmdir(top);
	close(file_fd);
	close(dir_fd);
	arena_free(&arena);
}

/* %T in a spelling or a name is the top directory, %D and %F the descriptors, %P our pid. */
static const char *
expand(const char *s)
{
	static char out[4][2 * PATH_MAX];
	static int turn;
	char *p = out[turn = (turn + 1) % 4];

	for (char *end = p + PATH_MAX; *s && p < end; s++) {
		if (*s != '%') {
			*p++ = *s;
			continue;
		}
		switch (*++s) {
		case 'T': p += sprintf(p, "%s", top); break;
		case 'D': p += sprintf(p, "%d", dir_fd); break;
		case 'F': p += sprintf(p, "%d", file_fd); break;
		case 'P': p += sprintf(p, "%d", getpid()); break;
		}
	}
	*p = '\0';
	return out[turn];
}

enum where { CWD, DIR_FD, BAD_FD, FILE_FD };
enum { NF = 0, F = WALK_FOLLOW, R = WALK_IN_ROOT | WALK_FOLLOW };

static const struct {
	enum where from;
	const char *spelling;
	unsigned flags;
	int err;
	bool absent;
	const char *name;
} walks[] = {
	{ CWD, "file", F, 0, false, "%T/a/b/file" },
	{ CWD, ".//./file", F, 0, false, "%T/a/b/file" },
	{ CWD, "../b/../b/file", F, 0, false, "%T/a/b/file" },
	{ CWD, "%T/a/b/file", F, 0, false, "%T/a/b/file" },
	{ CWD, "//%T//a///b/file", F, 0, false, "%T/a/b/file" },
	{ CWD, "../link", F, 0, false, "%T/a/b/file" },
	{ CWD, "../link", NF, 0, false, "%T/a/link" },
	{ CWD, "%T/abs/link", F, 0, false, "%T/a/b/file" },
	{ CWD, "%T/abs", NF, 0, false, "%T/abs" },
	{ CWD, "%T/abs/", NF, 0, false, "%T/a" },		/* a slash at the end follows */
	{ CWD, "%T/abs/.", NF, 0, false, "%T/a" },
	{ CWD, "..", F, 0, false, "%T/a" },
	{ CWD, ".", NF, 0, false, "%T/a/b" },
	{ CWD, "/", F, 0, false, "/" },
	{ CWD, "/../../..", F, 0, false, "/" },
	{ CWD, "/..%T/a/b/file", F, 0, false, "%T/a/b/file" },
	{ DIR_FD, "b/file", F, 0, false, "%T/a/b/file" },
	{ DIR_FD, "/..%T/a/link", F, 0, false, "%T/a/b/file" },
	{ DIR_FD, "/b/file", R, 0, false, "%T/a/b/file" },
	{ DIR_FD, "../../b/file", R, 0, false, "%T/a/b/file" },
	{ CWD, "/proc/self/cwd/file", F, 0, false, "%T/a/b/file" },
	{ CWD, "/proc/thread-self/cwd/../link", F, 0, false, "%T/a/b/file" },
	{ CWD, "/proc/self/root%T/a/link", F, 0, false, "%T/a/b/file" },
	{ CWD, "/proc/%P/root/proc/self/fd/%D/b/file", F, 0, false, "%T/a/b/file" },
	{ CWD, "/proc/self/fd/%F", F, 0, false, "%T/a/b/file" },
	{ CWD, "/dev/fd/%D/link", F, 0, false, "%T/a/b/file" },
	{ CWD, "/proc/self/fd/%F", NF, 0, false, "/proc/self/fd/%F" },
	{ CWD, "/proc/%P/status", F, 0, false, "/proc/self/status" },
	{ CWD, "/proc/1/status", F, 0, false, "/proc/1/status" },
	{ CWD, "%T/mounts", F, 0, false, "/proc/self/mounts" },
	{ CWD, "%T/out", F, 0, false, "%T/a/b/file" },
	/* what is not there */
	{ CWD, "new", F, 0, true, "%T/a/b/new" },
	{ CWD, "new/", NF, 0, true, "%T/a/b/new" },
	{ CWD, "%T/dangling", F, 0, true, "%T/a/none" },
	{ CWD, "%T/dangling", NF, 0, false, "%T/dangling" },
	{ CWD, "../no/such/thing", F, -ENOENT, true, "%T/a/no/such/thing" },
	{ CWD, "%T/a/no/such/thing", F, -ENOENT, true, "%T/a/no/such/thing" },
	{ CWD, "%T/abs/no/such/thing", NF, -ENOENT, true, "%T/a/no/such/thing" },
	{ CWD, "%T/a/no/../b/file", F, -ENOENT, true, NULL },
	/* several steps in one */
	{ CWD, "%T/a/b/../../a/b/file", F, 0, false, "%T/a/b/file" },
	{ CWD, "%T/a/b/../b/../link", F, 0, false, "%T/a/b/file" },
	{ CWD, "%T/a/b/../../a/b/.././link", NF, 0, false, "%T/a/link" },
	{ CWD, "%T/a/b/../../abs/b/../b/new", F, 0, true, "%T/a/b/new" },
	{ CWD, "/proc/self/cwd/../../a/b/file", F, 0, false, "%T/a/b/file" },
	{ CWD, "/proc/%P/root/%T/a/b/file", F, 0, false, "%T/a/b/file" },
	{ CWD, "/proc/%P/task/%P/status", F, 0, false, "/proc/self/task/%P/status" },
	/* what the kernel refuses */
	{ CWD, "%T/a/b/file/x/y/z", F, -ENOTDIR, true, NULL },
	{ CWD, "file/x", F, -ENOTDIR, true, "%T/a/b/file/x" },
	{ CWD, "file/", F, -ENOTDIR, true, NULL },
	{ CWD, "file/..", F, -ENOTDIR, true, NULL },
	{ CWD, "%T/loop", F, -ELOOP, true, NULL },
	{ CWD, "%T/loop", NF, 0, false, "%T/loop" },
	{ CWD, "", F, -ENOENT, false, NULL },
	{ BAD_FD, "file", F, -EBADF, false, NULL },
	{ FILE_FD, "x", F, -ENOTDIR, true, NULL },
};

static int
fd_of(enum where w)
{
	return w == DIR_FD ? dir_fd : w == FILE_FD ? file_fd : w == BAD_FD ? 999 : AT_FDCWD;
}

START_TEST(walks_as_the_kernel_does)
{
	struct object o;
	int err = walk(task_view_self().whose, fd_of(walks[_i].from), expand(walks[_i].spelling), walks[_i].flags, &arena, &o);

	ck_assert_int_eq(err, walks[_i].err);
	ck_assert_int_eq(o.absent, walks[_i].absent);
	if (walks[_i].name)
		ck_assert_str_eq(o.name, expand(walks[_i].name));
	object_release(&o);
}
END_TEST

static void
ck_same_file(int a, int b)
{
	struct stat x, y;

	ck_assert_int_eq(a < 0, b < 0);
	if (a < 0)
		return;
	ck_assert_int_eq(fstat(a, &x) | fstat(b, &y), 0);
	ck_assert(x.st_dev == y.st_dev && x.st_ino == y.st_ino);
}

static const unsigned ways[] = { F, NF, WALK_ENTRY, F | WALK_OBJECT };

static void
ck_same_end(const struct object *o, const struct object *other, bool has_dir)
{
	ck_assert_pstr_eq(o->name, other->name);
	ck_assert_int_eq(o->absent, other->absent);
	ck_assert_int_eq(o->entry, other->entry);
	ck_assert_int_eq(o->slash, other->slash);
	ck_same_file(o->fd, other->fd);
	ck_same_file(o->parent, other->parent);
	if (o->entry)
		ck_assert_str_eq(o->last, other->last);
	if (o->fd >= 0)
		ck_assert(o->st.st_dev == other->st.st_dev && o->st.st_ino == other->st.st_ino);
	if (has_dir)
		ck_assert(o->dir.st_dev == other->dir.st_dev && o->dir.st_ino == other->dir.st_ino);
}

/* Who has not our root for certain is walked for; without openat2(2) step by step. */
START_TEST(strides_end_where_walks_do)
{
	enum { N = sizeof(ways) / sizeof(*ways) };
	struct whose whose = task_view_self().whose, stranger = { getpid(), getpid(), false };
	const char *path = expand(walks[_i].spelling);
	struct object strode[N], leapt[N], stepped;
	int err[N];

	for (size_t k = 0; k < N; k++) {
		err[k] = walk(whose, fd_of(walks[_i].from), path, ways[k], &arena, &strode[k]);
		ck_assert_int_eq(walk(stranger, fd_of(walks[_i].from), path, ways[k], &arena, &leapt[k]), err[k]);
	}
	stride_never();
	for (size_t k = 0; k < N; k++) {
		ck_assert_int_eq(walk(stranger, fd_of(walks[_i].from), path, ways[k], &arena, &stepped), err[k]);
		ck_same_end(&leapt[k], &stepped, !err[k]);
		ck_same_end(&strode[k], &stepped, !err[k] && !(ways[k] & WALK_OBJECT));
		object_release(&strode[k]);
		object_release(&leapt[k]);
		object_release(&stepped);
	}
}
END_TEST

START_TEST(plain_paths_are_strides)
{
	static const struct { const char *spelling; unsigned flags; bool plain; } rows[] = {
		{ "%T/a/b/file", F | WALK_OBJECT, true }, { "%T/a/b/file", F, true }, { "%T/a/link", NF, true },
		{ "file", F, true }, { "new", F, true }, { "%T/a/b/new", WALK_ENTRY, true },
		{ "%T/a/link", F, false }, { "%T/abs/b/file", F, false }, { "../b/file", F, false }, { "file/", F, false },
		{ "//tmp", F, false }, { "/tmp/./x", F, false }, { "/proc/self/status", F, false }, { "/dev/fd", F, false },
		{ "../link", F | WALK_OBJECT, true }, { "../../a/.././a//b/file", F | WALK_OBJECT, true }, { "../b/file", F | WALK_OBJECT, true },
		{ "../../out", F | WALK_OBJECT, false }, { "../../mounts", F | WALK_OBJECT, false }, { "../../loop", F | WALK_OBJECT, false },
		{ "../../dangling", F | WALK_OBJECT, false }, { "%T/abs/no/new", F | WALK_OBJECT, false }, { "file/..", F | WALK_OBJECT, false },
		{ "file/", F | WALK_OBJECT, false }, { "/tmp/..", F | WALK_OBJECT, false }, { "/dev/fd", F | WALK_OBJECT, false },
		{ "//proc/self/status", F | WALK_OBJECT, false }, { "/./proc/self/../../etc/passwd", F | WALK_OBJECT, false },
		{ "%T/no/new", F, true }, { "%T/a/link/no/new", F, false }, { "", F, false }, { "/", F, false },
	};
	struct object o;
	int err;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		ck_assert_msg(stride(task_view_self().whose, AT_FDCWD, expand(rows[i].spelling), rows[i].flags, &arena, &o, &err) ==
		    rows[i].plain, "%s", rows[i].spelling);
		object_release(&o);
	}
	stride_never();
	ck_assert(!stride(task_view_self().whose, AT_FDCWD, "file", F, &arena, &o, &err));
}
END_TEST

START_TEST(names_and_paths_have_limits)
{
	struct object o;
	char path[PATH_MAX + 1];

	memset(path, 'x', sizeof(path));
	path[NAME_MAX + 1] = '\0';
	ck_assert_int_eq(walk(task_view_self().whose, AT_FDCWD, path, F, &arena, &o), -ENAMETOOLONG);
	memset(path, '/', sizeof(path));
	path[PATH_MAX] = '\0';
	ck_assert_int_eq(walk(task_view_self().whose, AT_FDCWD, path, F, &arena, &o), -ENAMETOOLONG);
}
END_TEST

START_TEST(what_has_no_path_has_a_name)
{
	struct object o;
	int pipes[2];

	ck_assert_int_eq(pipe(pipes), 0);
	ck_assert_int_eq(walk_fd(task_view_self().whose, pipes[0], &arena, &o), 0);
	ck_assert_int_eq(strncmp(o.name, "pipe:[", 6), 0);
	object_release(&o);
	ck_assert_int_eq(walk_fd(task_view_self().whose, 999, &arena, &o), -EBADF);
	close(pipes[0]);
	close(pipes[1]);
}
END_TEST

/* One call: its arguments, and the accesses that come of it as "rights path; …". */
static const struct {
	enum sys_id id;
	const char *path[2];
	uint64_t val[6];	/* of the register arguments that are no paths */
	const char *accesses;
} calls[] = {
	{ SYS_ID_open, { "file" }, { 0, O_RDONLY }, "read %T/a/b/file" },
	{ SYS_ID_open, { "file" }, { 0, O_RDWR }, "read,write %T/a/b/file" },
	{ SYS_ID_open, { "file" }, { 0, O_WRONLY | O_TRUNC }, "write %T/a/b/file" },
	{ SYS_ID_open, { "file" }, { 0, O_RDONLY | O_TRUNC }, "read,write %T/a/b/file" },
	{ SYS_ID_open, { "file" }, { 0, O_RDONLY | O_CREAT }, "read,write %T/a/b/file" },
	{ SYS_ID_open, { "new" }, { 0, O_RDONLY | O_CREAT }, "read,create %T/a/b/new" },
	{ SYS_ID_open, { "../link" }, { 0, O_WRONLY | O_CREAT | O_EXCL }, "stat %T/a/link" },
	{ SYS_ID_open, { "new" }, { 0, O_WRONLY | O_CREAT | O_EXCL }, "write,create %T/a/b/new" },
	{ SYS_ID_open, { "../link" }, { 0, O_RDONLY | O_NOFOLLOW }, "read %T/a/link" },
	{ SYS_ID_open, { "file" }, { 0, O_PATH | O_RDWR }, "stat %T/a/b/file" },
	{ SYS_ID_open, { "." }, { 0, O_TMPFILE | O_RDWR }, "read,write,create %T/a/b" },
	{ SYS_ID_open, { "file" }, { 0, 3 }, "read,write %T/a/b/file" },
	{ SYS_ID_open, { "file" }, { 0, 0x10000000 }, "read,write,create %T/a/b/file" },
	{ SYS_ID_creat, { "new" }, { 0 }, "write,create %T/a/b/new" },
	{ SYS_ID_stat, { "../link" }, { 0 }, "stat %T/a/b/file" },
	{ SYS_ID_lstat, { "../link" }, { 0 }, "stat %T/a/link" },
	{ SYS_ID_readlink, { "../link" }, { 0 }, "stat %T/a/link" },
	{ SYS_ID_unlink, { "../link" }, { 0 }, "delete %T/a/link" },
	{ SYS_ID_mkdir, { "new" }, { 0 }, "create %T/a/b/new" },
	{ SYS_ID_mkdir, { ".." }, { 0 }, "stat %T/a" },
	{ SYS_ID_chmod, { "../link" }, { 0 }, "attr %T/a/b/file" },
	{ SYS_ID_lchown, { "../link" }, { 0 }, "attr %T/a/link" },
	{ SYS_ID_truncate, { "file" }, { 0 }, "write %T/a/b/file" },
	{ SYS_ID_rename, { "file", "new" }, { 0 }, "read,write,delete %T/a/b/file; write,create %T/a/b/new" },
	{ SYS_ID_rename, { "../link", "file" }, { 0 }, "read,write,delete %T/a/link; write,create,delete %T/a/b/file" },
	{ SYS_ID_link, { "../link", "new" }, { 0 }, "read,write %T/a/link; create %T/a/b/new" },
	{ SYS_ID_symlink, { "/etc/shadow", "new" }, { 0 }, "create %T/a/b/new" },
	{ SYS_ID_execve, { "../link" }, { 0 }, "exec %T/a/b/file" },
	{ SYS_ID_chdir, { ".." }, { 0 }, "stat %T/a" },
};

static void
print_rights(char *out, unsigned rights)
{
	for (unsigned r = 1; r < R_SOCKET; r <<= 1)
		if (rights & r)
			sprintf(out + strlen(out), "%s%s", *out && out[strlen(out) - 1] != ' ' ? "," : "", rights_name(r));
}

START_TEST(calls_need_rights)
{
	struct sysevent ev = { .id = calls[_i].id, .wordsize = 8 };
	const struct sysdesc *d = &sysdesc_table[ev.id];
	struct task_view view = task_view_self();
	struct resolved found;
	char text[4 * PATH_MAX] = "", rights[128];
	int paths = 0;

	for (int i = 0; i < 6; i++) {
		ev.arg[i].val = calls[_i].val[i];
		if (d->arg[i].kind == A_PATH || d->arg[i].kind == A_LPATH || d->arg[i].kind == A_ENTRY || d->arg[i].kind == A_STR)
			ev.arg[i].str = paths < 2 ? calls[_i].path[paths++] : NULL;
	}
	ck_assert_int_eq(resolve(&view, &ev, &arena, &found), 0);
	for (unsigned i = 0; i < ev.naccess; i++) {
		rights[0] = '\0';
		print_rights(rights, ev.access[i].rights);
		sprintf(text + strlen(text), "%s%s %s", i ? "; " : "", rights, ev.access[i].path);
	}
	ck_assert_str_eq(text, expand(calls[_i].accesses));
	resolved_release(&found);
}
END_TEST

START_TEST(empty_path_means_the_descriptor)
{
	struct sysevent ev = { .id = SYS_ID_newfstatat, .wordsize = 8 };
	struct task_view view = task_view_self();
	struct resolved found;

	ev.arg[0].val = (uint64_t)file_fd;
	ev.arg[1].str = "";
	ev.arg[3].val = AT_EMPTY_PATH;
	ck_assert_int_eq(resolve(&view, &ev, &arena, &found), 0);
	ck_assert_int_eq(ev.id, SYS_ID_fstat);
	ck_assert_uint_eq(ev.naccess, 0);
	resolved_release(&found);
	ev = (struct sysevent){ .id = SYS_ID_fchownat, .wordsize = 8 };
	ev.arg[0].val = (uint64_t)file_fd;
	ev.arg[1].str = "";
	ev.arg[4].val = AT_EMPTY_PATH;
	ck_assert_int_eq(resolve(&view, &ev, &arena, &found), 0);
	ck_assert_int_eq(ev.id, SYS_ID_fchown);
	ck_assert_uint_eq(ev.naccess, 1);
	ck_assert_str_eq(ev.access[0].path, expand("%T/a/b/file"));
	ck_assert_uint_eq(ev.access[0].rights, R_ATTR);
	resolved_release(&found);
}
END_TEST

/* Bound to 127.9.9.9, a socket that connects to 0.0.0.0 reaches 127.9.9.9. */
START_TEST(no_address_is_two)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sysevent ev = { .id = SYS_ID_connect, .wordsize = 8 };
	struct task_view view = task_view_self();
	struct resolved found;

	ev.arg[1].mem = &in;
	ev.arg[1].len = sizeof(in);
	ck_assert_int_eq(resolve(&view, &ev, &arena, &found), 0);
	ck_assert_uint_eq(ev.naccess, 2);
	ck_assert_uint_eq(ev.access[0].addr.ip[0], 127);
	ck_assert_uint_eq(ev.access[1].addr.ip[0], 0);
	resolved_release(&found);
}
END_TEST

START_TEST(kill_takes_any_number)
{
	struct sysevent ev = { .id = SYS_ID_kill, .wordsize = 8 };
	struct task_view view = task_view_self();
	struct resolved found;

	ev.arg[0].val = (uint64_t)(int64_t)INT_MIN;
	ck_assert_int_eq(resolve(&view, &ev, &arena, &found), -ESRCH);
	resolved_release(&found);
}
END_TEST

START_TEST(socket_names_are_canonical)
{
	struct sockaddr_un un = { AF_UNIX, "../link" };
	struct sysevent ev = { .id = SYS_ID_connect, .wordsize = 8 };
	struct task_view view = task_view_self();
	struct resolved found;

	ev.arg[1].mem = &un;
	ev.arg[1].len = sizeof(un);
	ck_assert_int_eq(resolve(&view, &ev, &arena, &found), 0);
	ck_assert_str_eq(ev.access[0].path, expand("%T/a/b/file"));
	resolved_release(&found);
	ev.id = SYS_ID_bind;
	ck_assert_int_eq(resolve(&view, &ev, &arena, &found), 0);
	ck_assert_str_eq(ev.access[0].path, expand("%T/a/link"));
	resolved_release(&found);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("resolve");
	TCase *t = tcase_create("resolve");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, walks_as_the_kernel_does, 0, sizeof(walks) / sizeof(*walks));
	tcase_add_loop_test(t, strides_end_where_walks_do, 0, sizeof(walks) / sizeof(*walks));
	tcase_add_test(t, plain_paths_are_strides);
	tcase_add_test(t, names_and_paths_have_limits);
	tcase_add_test(t, what_has_no_path_has_a_name);
	tcase_add_loop_test(t, calls_need_rights, 0, sizeof(calls) / sizeof(*calls));
	tcase_add_test(t, empty_path_means_the_descriptor);
	tcase_add_test(t, no_address_is_two);
	tcase_add_test(t, kill_takes_any_number);
	tcase_add_test(t, socket_names_are_canonical);
	suite_add_tcase(s, t);
	return run_suite(s);
}
