/* SPDX-License-Identifier: ISC */
/* Every way to change what may not be changed, by name and through descriptors that only read. */
#include "attempt.h"

#include <linux/fs.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <utime.h>

/* Not every ABI has each; a number of -1 is answered with ENOSYS. */
#ifndef SYS_utimes
#define SYS_utimes	-1
#endif
#ifndef SYS_futimesat
#define SYS_futimesat	-1
#endif

#define F(path) "../forbidden/" path
#define DO(fn, call) static int fn(void) { return done(call); }

/* New entries. */
DO(create, open(F("new1"), O_CREAT | O_WRONLY, 0600))
DO(create_excl, open(F("new2"), O_CREAT | O_EXCL | O_RDONLY, 0600))
DO(create_creat, creat(F("new3"), 0600))
DO(create_through_link, open("dangling", O_CREAT | O_WRONLY, 0600))
DO(create_middle, open("middle/new4", O_CREAT | O_WRONLY, 0600))
DO(create_dir, mkdir(F("newdir1"), 0700))
DO(create_dir_slash, mkdir(F("newdir2//"), 0700))
DO(create_dir_at, mkdirat(AT_FDCWD, "middle/newdir3/", 0700))
DO(create_fifo, mkfifo(F("fifo"), 0600))
DO(create_node, mknod(F("node"), S_IFREG | 0600, 0))
DO(create_node_at, syscall(SYS_mknodat, AT_FDCWD, "middle/node2", S_IFREG | 0600, 0))
DO(create_symlink, symlink("x", F("symlink")))
DO(create_symlink_at, symlinkat("x", AT_FDCWD, "middle/symlink2"))
DO(create_hard_link, link("file", F("hard")))
DO(create_hard_link_at, linkat(AT_FDCWD, "file", AT_FDCWD, "middle/hard2", 0))
DO(rename_in, rename("victim1", F("moved")))
DO(rename_in_at, renameat(AT_FDCWD, "victim2", AT_FDCWD, "middle/moved2"))
DO(rename_over, rename("victim3", F("victim1")))
DO(rename_noreplace, syscall(SYS_renameat2, AT_FDCWD, "victim4", AT_FDCWD, F("moved3"), RENAME_NOREPLACE))
DO(rename_exchange, syscall(SYS_renameat2, AT_FDCWD, "victim5", AT_FDCWD, F("victim5"), RENAME_EXCHANGE))
DO(rename_exchange_back, syscall(SYS_renameat2, AT_FDCWD, F("victim6"), AT_FDCWD, "victim6", RENAME_EXCHANGE))
DO(rename_within, rename(F("victim7"), F("moved4")))

static int
create_openat2(void)
{
	struct open_how h = { .flags = O_CREAT | O_WRONLY, .mode = 0600 };

	return done(syscall(SYS_openat2, AT_FDCWD, F("new5"), &h, sizeof(h)));
}

static int
create_tmpfile(void)
{
	int fd = open("../forbidden", O_TMPFILE | O_RDWR, 0600);

	return fd < 0 && errno == EOPNOTSUPP ? ABSENT : done(fd);
}

static int
create_tmpfile_linked(void)
{
	int fd = open(".", O_TMPFILE | O_RDWR, 0600);

	if (fd < 0)
		return errno == EOPNOTSUPP ? ABSENT : REFUSED;
	return done(linkat(AT_FDCWD, text("/proc/self/fd/%d", fd), AT_FDCWD, F("tmpfile"), AT_SYMLINK_FOLLOW));
}

static int
create_socket(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = F("socket") };

	return done(bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&a, sizeof(a)));
}

/* Devices are a way around every path. */
static int create_device(void) { return done(mknod("device", S_IFBLK | 0600, makedev(7, 200))); }

/* Entries that go. */
DO(delete_file, unlink(F("victim2")))
DO(delete_link, unlink(F("link2")))
DO(delete_at, unlinkat(AT_FDCWD, "middle/victim3", 0))
DO(delete_dir, rmdir(F("dir1")))
DO(delete_dir_at, unlinkat(AT_FDCWD, "middle/dir2/", AT_REMOVEDIR))
DO(delete_by_rename, rename(F("victim4"), "taken"))

/* Contents. */
DO(write_truncated, open(F("file"), O_WRONLY | O_TRUNC))
DO(write_truncated_rdonly, open(F("file"), O_RDONLY | O_TRUNC))
DO(write_creat, creat(F("file"), 0600))
DO(write_truncate, truncate(F("file"), 3))
DO(write_truncate_link, truncate("middle/file", 3))
DO(write_append, write(open(F("file"), O_WRONLY | O_APPEND), "x", 1))
DO(write_readonly, write(open("../readonly/file", O_RDWR), "x", 1))
DO(write_accmode3, open("../readonly/file", O_ACCMODE))
DO(write_readonly_trunc, open("../readonly/file", O_RDONLY | O_TRUNC))
DO(write_readonly_creat, open("../readonly/file", O_RDWR | O_CREAT, 0600))

static int
write_reopened(int first, const char *fmt)
{
	int fd = open("../readonly/file", first);

	if (fd < 0)
		return REFUSED;
	fd = open(text(fmt, fd), O_WRONLY);
	return fd < 0 ? REFUSED : done(write(fd, "x", 1));
}

static int write_reopen(void) { return write_reopened(O_RDONLY, "/proc/self/fd/%d"); }
static int write_reopen_dev(void) { return write_reopened(O_RDONLY, "/dev/fd/%d"); }
static int write_reopen_thread(void) { return write_reopened(O_RDONLY, "/proc/thread-self/fd/%d"); }
static int write_reopen_path(void) { return write_reopened(O_PATH, "/proc/self/fd/%d"); }

static int
write_mapped(void)
{
	int fd = open("../readonly/file", O_RDONLY);
	char *m = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	char name[64];

	snprintf(name, sizeof(name), "/proc/self/map_files/%lx-%lx", (unsigned long)m, (unsigned long)m + 4096);
	return geteuid() ? ABSENT : done(open(name, O_RDWR));
}

/* Mode, owner, times, extended attributes: by name. */
#define BY_NAME "../readonly/file"
DO(mode, chmod(BY_NAME, 0666))
DO(mode_at, syscall(SYS_fchmodat, AT_FDCWD, BY_NAME, 0666))
DO(mode_at2, syscall(452, AT_FDCWD, BY_NAME, 0666, 0))
DO(owner, chown(BY_NAME, geteuid(), (gid_t)-1))
DO(owner_link, lchown("../forbidden/link", geteuid(), (gid_t)-1))
DO(owner_at, fchownat(AT_FDCWD, BY_NAME, geteuid(), (gid_t)-1, 0))
DO(times_utime, utime(BY_NAME, NULL))
DO(times_utimes, syscall(SYS_utimes, BY_NAME, NULL))
DO(times_at, utimensat(AT_FDCWD, BY_NAME, NULL, 0))
DO(times_futimesat, syscall(SYS_futimesat, AT_FDCWD, BY_NAME, NULL))

/* That there was none to remove is seen by who may remove it. */
static int
attribute(long r)
{
	if (r < 0 && errno == ENODATA)
		return REACHED;
	return r < 0 && errno == EOPNOTSUPP ? ABSENT : done(r);
}

static int xattr(void) { return attribute(setxattr(BY_NAME, "user.a", "1", 1, 0)); }
static int xattr_link(void) { return attribute(lsetxattr(BY_NAME, "user.b", "1", 1, 0)); }
static int xattr_gone(void) { return attribute(removexattr(BY_NAME, "user.none")); }
static int xattr_link_gone(void) { return attribute(lremovexattr(BY_NAME, "user.none")); }

static int
xattr_at(void)
{
	struct { uint64_t value; uint32_t size, flags; } a = { (uintptr_t)"1", 1, 0 };

	return attribute(syscall(463, AT_FDCWD, BY_NAME, 0, "user.c", &a, sizeof(a)));
}

/* The same through a descriptor that was opened for reading. */
static int
fd(void)
{
	return open("../readonly/file", O_RDONLY);
}

static int
path_fd(void)
{
	return open("../readonly/file", O_PATH);
}

static char *
fd_name(void)
{
	return text("/proc/self/fd/%d", fd());
}

DO(fd_mode, fchmod(fd(), 0666))
DO(fd_mode_name, chmod(fd_name(), 0666))
DO(fd_mode_empty, syscall(452, path_fd(), "", 0666, AT_EMPTY_PATH))
DO(fd_owner, fchown(fd(), geteuid(), (gid_t)-1))
DO(fd_owner_empty, fchownat(path_fd(), "", geteuid(), (gid_t)-1, AT_EMPTY_PATH))
DO(fd_owner_name, chown(fd_name(), geteuid(), (gid_t)-1))
DO(fd_times, futimens(fd(), NULL))
DO(fd_times_futimesat, syscall(SYS_futimesat, fd(), NULL, NULL))
DO(fd_times_empty, utimensat(path_fd(), "", NULL, AT_EMPTY_PATH))
DO(fd_times_name, utimensat(AT_FDCWD, fd_name(), NULL, 0))
static int fd_xattr(void) { return attribute(fsetxattr(fd(), "user.d", "1", 1, 0)); }
static int fd_xattr_name(void) { return attribute(setxattr(fd_name(), "user.e", "1", 1, 0)); }
static int fd_xattr_gone(void) { return attribute(fremovexattr(fd(), "user.none")); }

static int
fd_flags(void)
{
	int flags = 0, f = fd();

	if (ioctl(f, FS_IOC_GETFLAGS, &flags) < 0)
		return errno == ENOTTY || errno == EOPNOTSUPP ? ABSENT : REFUSED;
	flags |= FS_NODUMP_FL;
	return done(ioctl(f, FS_IOC_SETFLAGS, &flags));
}

#define A(fn) { #fn, fn, 0 }
#define R(fn) { #fn, fn, ROOT }
static const struct attempt list[] = {
	A(create), A(create_excl), A(create_creat), A(create_through_link), A(create_middle), A(create_openat2),
	A(create_tmpfile), A(create_tmpfile_linked), A(create_dir), A(create_dir_slash), A(create_dir_at), A(create_fifo),
	A(create_node), A(create_node_at), A(create_symlink), A(create_symlink_at), A(create_hard_link),
	A(create_hard_link_at), A(create_socket), R(create_device),
	A(rename_in), A(rename_in_at), A(rename_over), A(rename_noreplace), A(rename_exchange), A(rename_exchange_back),
	A(rename_within),
	A(delete_file), A(delete_link), A(delete_at), A(delete_dir), A(delete_dir_at), A(delete_by_rename),
	A(write_truncated), A(write_truncated_rdonly), A(write_creat), A(write_truncate), A(write_truncate_link),
	A(write_append), A(write_readonly), A(write_accmode3), A(write_readonly_trunc), A(write_readonly_creat),
	A(write_reopen), A(write_reopen_dev), A(write_reopen_thread), A(write_reopen_path), A(write_mapped),
	A(mode), A(mode_at), A(mode_at2), A(owner), A(owner_link), A(owner_at), A(times_utime), A(times_utimes),
	A(times_at), A(times_futimesat), A(xattr), A(xattr_link), A(xattr_gone), A(xattr_link_gone), A(xattr_at),
	A(fd_mode), A(fd_mode_name), A(fd_mode_empty), A(fd_owner), A(fd_owner_empty), A(fd_owner_name), A(fd_times),
	A(fd_times_futimesat), A(fd_times_empty), A(fd_times_name), A(fd_xattr), A(fd_xattr_name), A(fd_xattr_gone),
	A(fd_flags),
};
ATTEMPTS(list)
