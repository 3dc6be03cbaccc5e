/* SPDX-License-Identifier: ISC */
/* Every way to spell forbidden/secret, and every way to look at what is forbidden. */
#include "attempt.h"

#include <dirent.h>
#include <linux/openat2.h>
#include <sys/inotify.h>
#include <sys/statfs.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

/* A process of the user that no sandbox holds. */
static const char *
outside(void)
{
	const char *pid = getenv("OUTSIDE");

	return pid ? pid : "1";
}

#define OPENS(fn, path) \
	static int fn(void) { return canary(open(path, O_RDONLY)); }

OPENS(plain, in_box("forbidden/secret"))
OPENS(dotdot, "../forbidden/secret")
OPENS(dots, "./../allowed/.././forbidden/./secret")
OPENS(slashes, in_box("//forbidden///secret"))
OPENS(back_again, in_box("forbidden/dir/../secret"))
OPENS(above_root, text("/../..%s/forbidden/secret", box))
OPENS(symlink_rel, "rel")
OPENS(symlink_abs, "abs")
OPENS(symlink_chain, "chain")
OPENS(symlink_middle, "middle/secret")
OPENS(symlink_dotdot, "middle/../forbidden/secret")
OPENS(proc_self_root, text("/proc/self/root%s/forbidden/secret", box))
OPENS(proc_self_cwd, "/proc/self/cwd/../forbidden/secret")
OPENS(proc_thread_self, text("/proc/thread-self/root%s/forbidden/secret", box))
OPENS(proc_task, text("/proc/self/task/%d/cwd/../forbidden/secret", (int)getpid()))
OPENS(proc_pid, text("/proc/%d/root%s/forbidden/secret", (int)getpid(), box))
OPENS(proc_pid_cwd, text("/proc/%d/cwd/../forbidden/secret", (int)getpid()))
OPENS(proc_outside, text("/proc/%s/root%s/forbidden/secret", outside(), box))
OPENS(proc_outside_cwd, text("/proc/%s/cwd/%s%s/forbidden/secret", outside(), "../../../../../../../..", box))

static int
proc_parent_root(void)
{
	return canary(open(text("/proc/%d/root%s/forbidden/secret", (int)getppid(), box), O_RDONLY));
}

static int
at(const char *dir, int flags, const char *path)
{
	int d = open(dir, O_DIRECTORY | flags);

	return d < 0 ? REFUSED : canary(openat(d, path, O_RDONLY));
}

static int dirfd_dotdot(void) { return at(".", O_RDONLY, "../forbidden/secret"); }
static int dirfd_opath(void) { return at(".", O_PATH, "../forbidden/secret"); }
static int dirfd_box(void) { return at(box, O_PATH, "forbidden/secret"); }
static int dirfd_inside(void) { return at(in_box("forbidden"), O_PATH, "secret"); }
static int dirfd_bad(void) { return canary(openat(-7, in_box("forbidden/secret"), O_RDONLY)); }

static int
chdir_box(void)
{
	return chdir(box) == 0 ? canary(open("forbidden/secret", O_RDONLY)) : REFUSED;
}

static int
chdir_inside(void)
{
	return chdir("../forbidden") == 0 ? canary(open("secret", O_RDONLY)) : REFUSED;
}

static int
fchdir_box(void)
{
	int d = open(box, O_PATH);

	return d >= 0 && fchdir(d) == 0 ? canary(open("forbidden/secret", O_RDONLY)) : REFUSED;
}

static int
through_fd(const char *fmt, const char *dir)
{
	int d = open(dir, O_PATH);
	char path[256];

	if (d < 0)
		return REFUSED;
	snprintf(path, sizeof(path), fmt, d);
	return canary(open(path, O_RDONLY));
}

static int proc_fd(void) { return through_fd("/proc/self/fd/%d/forbidden/secret", box); }
static int proc_fd_dotdot(void) { return through_fd("/proc/self/fd/%d/../forbidden/secret", "."); }
static int dev_fd_dotdot(void) { return through_fd("/dev/fd/%d/../forbidden/secret", "."); }
static int opath_reopen(void) { return through_fd("/proc/self/fd/%d", "../forbidden/secret"); }
static int opath_link_reopen(void) { return through_fd("/proc/self/fd/%d", "abs"); }

static int
opath_creat_reopen(void)
{
	int d = open("abs", O_PATH | O_CREAT | O_EXCL);

	return d < 0 ? REFUSED : canary(open(text("/proc/self/fd/%d", d), O_RDONLY));
}

static int
how(const char *dir, const char *path, uint64_t resolve)
{
	struct open_how h = { .flags = O_RDONLY, .resolve = resolve };
	int d = open(dir, O_PATH);

	return d < 0 ? REFUSED : canary((int)syscall(SYS_openat2, d, path, &h, sizeof(h)));
}

static int openat2_plain(void) { return how(".", "../forbidden/secret", 0); }
static int openat2_beneath(void) { return how(box, "forbidden/secret", RESOLVE_BENEATH); }
static int openat2_in_root(void) { return how(box, "/forbidden/secret", RESOLVE_IN_ROOT); }
static int openat2_in_root_up(void) { return how(box, "/../../forbidden/secret", RESOLVE_IN_ROOT); }
static int openat2_in_root_link(void) { return how(box, "/allowed/rel", RESOLVE_IN_ROOT); }

/* struct open_how as a later kernel may know it, with nothing new in it. */
static int
openat2_large(void)
{
	struct { struct open_how h; char more[40]; } h = { .h.flags = O_RDONLY };

	return canary((int)syscall(SYS_openat2, AT_FDCWD, "../forbidden/secret", &h, sizeof(h)));
}

static int open_rdwr(void) { return canary(open("../forbidden/secret", O_RDWR)); }
static int open_nofollow(void) { return canary(open("../forbidden/secret", O_RDONLY | O_NOFOLLOW | O_NONBLOCK)); }
static int open_append(void) { return canary(open("../forbidden/secret", O_RDWR | O_APPEND)); }
static int open_create(void) { return canary(open("../forbidden/secret", O_RDWR | O_CREAT, 0600)); }
static int open_unknown(void) { return canary(open("../forbidden/secret", O_RDONLY | 0x08000000)); }

static int
by_handle(void)
{
	struct { struct file_handle h; char room[MAX_HANDLE_SZ]; } f = { .h.handle_bytes = MAX_HANDLE_SZ };
	int mount, d = open(box, O_RDONLY | O_DIRECTORY);

	if (d < 0 || name_to_handle_at(AT_FDCWD, in_box("forbidden/secret"), &f.h, &mount, 0) < 0)
		return REFUSED;
	return canary(open_by_handle_at(d, &f.h, O_RDONLY));
}

/* The name ends with its page, and nothing is behind. */
static int
page_end(void)
{
	long page = sysconf(_SC_PAGESIZE);
	char *m = mmap(NULL, 2 * (size_t)page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const char *name = "../forbidden/secret";
	char *p = m + page - strlen(name) - 1;

	munmap(m + page, (size_t)page);
	return canary(open(strcpy(p, name), O_RDONLY));
}

static int
page_crossing(void)
{
	long page = sysconf(_SC_PAGESIZE);
	char *m = mmap(NULL, 2 * (size_t)page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return canary(open(strcpy(m + page - 5, "../forbidden/secret"), O_RDONLY));
}

static int
listed(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (!strcmp(e->d_name, "secret"))
			return REACHED;
	return REFUSED;
}

static int list(void) { return listed("../forbidden"); }
static int list_slash(void) { return listed("middle/"); }
static int list_cwd(void) { return chdir("../forbidden") == 0 ? listed(".") : REFUSED; }

static int
watch(void)
{
	int in = inotify_init1(0);

	return done(inotify_add_watch(in, "../forbidden", IN_ALL_EVENTS));
}

/* A second name, a new place, another link: then the old question again. */

static int
hard_link(void)
{
	int r = link("../forbidden/secret", "hard");

	return r < 0 ? REFUSED : canary(open("hard", O_RDONLY));
}

static int
hard_link_of_fd(void)
{
	int fd = open("../forbidden/secret", O_PATH);

	if (fd < 0 || linkat(AT_FDCWD, text("/proc/self/fd/%d", fd), AT_FDCWD, "hard2", AT_SYMLINK_FOLLOW) < 0)
		return REFUSED;
	return canary(open("hard2", O_RDONLY));
}

static int
hard_link_empty(void)
{
	int fd = open("../forbidden/secret", O_PATH);

	if (fd < 0 || linkat(fd, "", AT_FDCWD, "hard3", AT_EMPTY_PATH) < 0)
		return REFUSED;
	return canary(open("hard3", O_RDONLY));
}

static int
new_symlink(void)
{
	int r = symlink("../forbidden", "mine");

	return r < 0 ? REFUSED : canary(open("mine/secret", O_RDONLY));
}

static int
after_rename(const char *from, const char *to, unsigned flags, const char *path)
{
	int r, err;

	if (syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags) < 0)
		return REFUSED;
	r = canary(open(path, O_RDONLY));
	err = errno;
	syscall(SYS_renameat2, AT_FDCWD, to, AT_FDCWD, from, flags);
	errno = err;
	return r;
}

static int rename_file(void) { return after_rename("../forbidden/secret", "moved", 0, "moved"); }
static int rename_dir(void) { return after_rename("../forbidden", "moved", 0, "moved/secret"); }
static int rename_exchange(void) { return after_rename("../forbidden", "dir", 2, "dir/secret"); }
static int rename_swapped(void) { return after_rename("dir", "../forbidden", 2, "dir/secret"); }
static int rename_above(void) { return after_rename("outer", "moved", 0, "moved/inner/secret"); }
static int rename_above_slash(void) { return after_rename("outer/", "moved/", 0, "moved/inner/secret"); }

static int
new_root(void)
{
	return chroot(box) == 0 ? canary(open("/forbidden/secret", O_RDONLY)) : REFUSED;
}

/* Looking: these fall away where a policy allows stat. */

static struct stat st;

static int stat_path(void) { return done(stat("../forbidden/secret", &st)); }
static int stat_link(void) { return done(stat("abs", &st)); }
static int stat_slash(void) { return done(lstat("middle/", &st)); }
static int stat_lstat(void) { return done(lstat("../forbidden/link", &st)); }
static int stat_at(void) { return done(fstatat(AT_FDCWD, "../forbidden/secret", &st, AT_SYMLINK_NOFOLLOW)); }
static int stat_access(void) { return done(access("../forbidden/secret", F_OK)); }
static int stat_access_link(void) { return done(access("chain", R_OK)); }
static int stat_faccessat2(void) { return done(syscall(SYS_faccessat2, AT_FDCWD, "../forbidden/secret", 0, 0x200)); }

static int
stat_x(void)
{
	char buf[256];

	return done(syscall(SYS_statx, AT_FDCWD, "../forbidden/secret", 0, 0xfff, buf));
}

static int
stat_readlink(void)
{
	char buf[64];

	return done(readlink("../forbidden/link", buf, sizeof(buf)));
}

static int
stat_statfs(void)
{
	struct statfs fs;

	return done(statfs("../forbidden/secret", &fs));
}

static int
stat_xattrs(void)
{
	char buf[64];

	return done(listxattr("../forbidden/secret", buf, sizeof(buf)));
}

static int
stat_handle(void)
{
	struct { struct file_handle h; char room[MAX_HANDLE_SZ]; } f = { .h.handle_bytes = MAX_HANDLE_SZ };
	int mount;

	return done(name_to_handle_at(AT_FDCWD, "../forbidden/secret", &f.h, &mount, 0));
}

static int
stat_opath(const char *path, int flags)
{
	int fd = open(path, O_PATH | flags);

	return fd < 0 || fstat(fd, &st) < 0 ? REFUSED : st.st_size == 7 ? REACHED : REFUSED;
}

static int stat_fstat(void) { return stat_opath("../forbidden/secret", 0); }
static int stat_fstat_link(void) { return stat_opath("abs", 0); }
static int stat_creat_excl(void) { return stat_opath("abs", O_CREAT | O_EXCL); }
static int stat_chdir(void) { return done(chdir("../forbidden/dir")); }
static int stat_chdir_link(void) { return done(chdir("middle/dir")); }

#define A(fn) { #fn, fn, 0 }
#define R(fn) { #fn, fn, ROOT }
static const struct attempt list_of_attempts[] = {
	A(plain), A(dotdot), A(dots), A(slashes), A(back_again), A(above_root),
	A(symlink_rel), A(symlink_abs), A(symlink_chain), A(symlink_middle), A(symlink_dotdot),
	A(proc_self_root), A(proc_self_cwd), A(proc_thread_self), A(proc_task), A(proc_pid), A(proc_pid_cwd),
	A(proc_outside), A(proc_outside_cwd), A(proc_parent_root),
	A(dirfd_dotdot), A(dirfd_opath), A(dirfd_box), A(dirfd_inside), A(dirfd_bad),
	A(chdir_box), A(chdir_inside), A(fchdir_box),
	A(proc_fd), A(proc_fd_dotdot), A(dev_fd_dotdot), A(opath_reopen), A(opath_link_reopen), A(opath_creat_reopen),
	A(openat2_plain), A(openat2_beneath), A(openat2_in_root), A(openat2_in_root_up), A(openat2_in_root_link),
	A(openat2_large),
	A(open_rdwr), A(open_nofollow), A(open_append), A(open_create), A(open_unknown), R(by_handle),
	A(page_end), A(page_crossing), A(list), A(list_slash), A(list_cwd), A(watch),
	A(hard_link), A(hard_link_of_fd), R(hard_link_empty), A(new_symlink),
	A(rename_file), A(rename_dir), A(rename_exchange), A(rename_swapped), A(rename_above), A(rename_above_slash),
	R(new_root),
	A(stat_path), A(stat_link), A(stat_slash), A(stat_lstat), A(stat_at), A(stat_x), A(stat_access),
	A(stat_access_link), A(stat_faccessat2), A(stat_readlink), A(stat_statfs), A(stat_xattrs), A(stat_handle),
	A(stat_fstat), A(stat_fstat_link), A(stat_creat_excl), A(stat_chdir), A(stat_chdir_link),
};
ATTEMPTS(list_of_attempts)
