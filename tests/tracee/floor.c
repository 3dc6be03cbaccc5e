/* SPDX-License-Identifier: ISC */
/* What no policy grants by saying `default allow`.  $OUTSIDE is a sleeping process that no sandbox holds. */
#include "attempt.h"

#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <termios.h>

static pid_t
outside(void)
{
	const char *s = getenv("OUTSIDE");

	return s ? atoi(s) : -1;
}

/* Lives as long as its parent. */
static pid_t
sibling(void)
{
	pid_t parent = getpid(), pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (getppid() == parent)
			sleep(1);
		_exit(0);
	}
	return pid;
}

#define DO(fn, call) static int fn(void) { return done(call); }

/* A kernel that was built without it says ENOSYS, one that has it wants better arguments or more rights. */
static int
there(long r)
{
	if (r >= 0)
		return REACHED;
	return errno == EFAULT || errno == EINVAL || errno == EBADF || errno == ENOENT || errno == ENODEV || errno == E2BIG ||
	    errno == ENOTBLK || errno == EOPNOTSUPP || errno == ENOEXEC ? REACHED : REFUSED;
}

/* Tracing. */
DO(ptrace_traceme, ptrace(PTRACE_TRACEME, 0, 0, 0))
static int ptrace_seize_outside(void) { return seized(ptrace(PTRACE_SEIZE, outside(), 0, 0)); }

/* What is attached stops, and would stay so. */
static int
ptrace_child(int request)
{
	pid_t pid = sibling();
	int result = seized(ptrace(request, pid, 0, 0));

	kill(pid, SIGKILL);
	return result;
}

static int ptrace_seize_child(void) { return ptrace_child(PTRACE_SEIZE); }
static int ptrace_attach_child(void) { return ptrace_child(PTRACE_ATTACH); }

static int
vm(int nr, pid_t pid)
{
	static char there[64] = "there", here[64];
	struct iovec to = { here, sizeof(here) }, from = { there, sizeof(there) };

	return done(syscall(nr, pid, &to, 1, &from, 1, 0));
}

static int vm_read_child(void) { return vm(SYS_process_vm_readv, sibling()); }
static int vm_write_child(void) { return vm(SYS_process_vm_writev, sibling()); }
static int mem_child(void) { return done(open(text("/proc/%d/mem", (int)sibling()), O_RDWR)); }
static int mem_outside(void) { return done(open(text("/proc/%d/mem", (int)outside()), O_RDONLY)); }
static int mem_outside_task(void) { return done(open(text("/proc/%d/task/%d/mem", (int)outside(), (int)outside()), O_RDWR)); }
static int mem_child_link(void) { return symlink(text("/proc/%d/mem", (int)sibling()), "memlink") < 0 ? REFUSED : done(open("memlink", O_RDWR)); }
static int mem_child_dirfd(void) { return done(openat(open(text("/proc/%d", (int)sibling()), O_PATH), "mem", O_RDWR)); }

/* Rings, faults, hidden memory. */

static int
io_uring(void)
{
	struct io_uring_params p = { 0 };

	return there(syscall(SYS_io_uring_setup, 4, &p));
}

static int io_uring_enter_(void) { return there(syscall(SYS_io_uring_enter, -1, 0, 0, 0, NULL, 0)); }
static int io_uring_register_(void) { return there(syscall(SYS_io_uring_register, -1, 0, NULL, 0)); }
static int userfaultfd_(void) { return there(syscall(SYS_userfaultfd, 1 /* UFFD_USER_MODE_ONLY */)); }
static int memfd_secret_(void) { return there(syscall(447, 0)); }

/* Name spaces: without root only a user's can be made, and the rest in it. */

static int
unshared(int flags)
{
	return done(unshare(flags | (geteuid() ? CLONE_NEWUSER : 0)));
}

static int unshare_user(void) { return unshared(CLONE_NEWUSER); }
static int unshare_mount(void) { return unshared(CLONE_NEWNS); }
static int unshare_net(void) { return unshared(CLONE_NEWNET); }
static int unshare_pid(void) { return unshared(CLONE_NEWPID); }

static int
cloned(unsigned long flags)
{
	long pid = syscall(SYS_clone, flags | SIGCHLD | (geteuid() ? CLONE_NEWUSER : 0), NULL, NULL, NULL, 0);

	if (pid == 0)
		_exit(0);
	return done(pid);
}

static int clone_user(void) { return cloned(CLONE_NEWUSER); }
static int clone_pid(void) { return cloned(CLONE_NEWPID); }
static int clone_net(void) { return cloned(CLONE_NEWNET); }

static int
cloned3(uint64_t flags)
{
	struct clone_args a = { .flags = flags | (geteuid() ? CLONE_NEWUSER : 0), .exit_signal = SIGCHLD };
	long pid = syscall(SYS_clone3, &a, sizeof(a));

	if (pid == 0)
		_exit(0);
	return done(pid);
}

static int clone3_user(void) { return cloned3(CLONE_NEWUSER); }
static int clone3_time(void) { return cloned3(CLONE_NEWTIME); }
static int setns_self(void) { return done(setns(open("/proc/self/ns/net", O_RDONLY), CLONE_NEWNET)); }
static int setns_pidfd(void) { return done(setns((int)syscall(SYS_pidfd_open, outside(), 0), CLONE_NEWUTS)); }

/* Mounts. */
static int mount_bind(void) { return mount("dir", "dir", NULL, MS_BIND, NULL) < 0 ? REFUSED : umount("dir") == 0; }
static int mount_remount(void) { return there(mount(NULL, "/nowhere", NULL, MS_REMOUNT, NULL)); }
static int umount_(void) { return there(umount2("/nowhere", MNT_DETACH)); }
static int mount_tree(void) { return done(syscall(SYS_open_tree, AT_FDCWD, "dir", 1 /* OPEN_TREE_CLONE */)); }
static int mount_fsopen(void) { return done(syscall(SYS_fsopen, "tmpfs", 0)); }
static int mount_fspick(void) { return there(syscall(SYS_fspick, AT_FDCWD, "dir", 0)); }
static int mount_fsmount(void) { return there(syscall(SYS_fsmount, -1, 0, 0)); }
static int mount_move(void) { return there(syscall(SYS_move_mount, AT_FDCWD, "dir", AT_FDCWD, "dir", 0)); }
static int mount_setattr_(void) { return there(syscall(442, AT_FDCWD, "/nowhere", 0, NULL, 0)); }
static int chroot_(void) { return done(chroot(".")); }
static int pivot_root_(void) { return there(syscall(SYS_pivot_root, "/nowhere", "/nowhere")); }

/* The kernel and the machine. */
static int bpf_(void) { return there(syscall(SYS_bpf, 0, NULL, 0)); }
static int init_module_(void) { return there(syscall(SYS_init_module, NULL, 0, "")); }
static int finit_module_(void) { return there(syscall(SYS_finit_module, -1, "", 0)); }
static int delete_module_(void) { return there(syscall(SYS_delete_module, "no such", O_NONBLOCK)); }
static int kexec(void) { return there(syscall(SYS_kexec_load, 0, 100, NULL, 0)); }
static int swapon_(void) { return there(syscall(SYS_swapon, "/nowhere", 0)); }
static int reboot_(void) { return there(syscall(SYS_reboot, 0, 0, 0, NULL)); }

static int
perf(void)
{
	struct perf_event_attr a = { .type = PERF_TYPE_SOFTWARE, .size = sizeof(a), .exclude_kernel = 1 };

	return there(syscall(SYS_perf_event_open, &a, 0, -1, -1, 0));
}

/* The notifications of one's own calls. */
static int
listener(void)
{
	struct { uint16_t code; uint8_t jt, jf; uint32_t k; } code[] = { { 0x06, 0, 0, 0x7fff0000 } };
	struct { unsigned short len; void *filter; } prog = { 1, code };

	syscall(SYS_prctl, 38, 1, 0, 0, 0);
	return done(syscall(SYS_seccomp, 1, 8 /* NEW_LISTENER */, &prog));
}

static int
listener_wide(void)
{
	struct { uint16_t code; uint8_t jt, jf; uint32_t k; } code[] = { { 0x06, 0, 0, 0x7fff0000 } };
	struct { unsigned short len; void *filter; } prog = { 1, code };

	syscall(SYS_prctl, 38, 1, 0, 0, 0);
	return done(syscall(SYS_seccomp, 1UL | 0x77UL << 16 << 16, 8UL | 0x77UL << 16 << 16, &prog));
}

/* Typing in the user's place; on a terminal of one's own, where old_tiocsti allows it. */

static int
terminal(void)
{
	int m = posix_openpt(O_RDWR);

	setsid();
	if (m < 0 || grantpt(m) < 0 || unlockpt(m) < 0)
		return -1;
	return open(ptsname(m), O_RDWR);
}

/* EIO: this kernel has done away with it, but it is there. */
static int
typed(unsigned long cmd)
{
	long r = syscall(SYS_ioctl, terminal(), cmd, "x");

	return r < 0 && (errno == EIO || errno == EINVAL || errno == ENOTTY) ? REACHED : done(r);
}

static int tiocsti(void) { return typed(TIOCSTI); }
static int tiocsti_wide(void) { return typed(TIOCSTI | (unsigned long)0xffff << 16 << 16); }
static int tioclinux(void) { return typed(TIOCLINUX); }
static int tioclinux_wide(void) { return typed(TIOCLINUX | (unsigned long)1 << 16 << 16); }

/* Priorities of everyone. */
static int nice_user(void) { return done(setpriority(PRIO_USER, 54321, 1)) == REACHED || errno == ESRCH; }
static int nice_group(void) { return setpgid(0, 0) == 0 ? done(setpriority(PRIO_PGRP, 0, getpriority(PRIO_PROCESS, 0))) : REFUSED; }
static int cgroup(void) { return access("/sys/fs/cgroup/cgroup.procs", W_OK) < 0 && errno != EPERM && errno != EACCES ? ABSENT : done(open("/sys/fs/cgroup/cgroup.procs", O_WRONLY)); }
static int device_block(void) { return done(mknod("block", S_IFBLK | 0600, 0x0700)); }
static int device_char(void) { return done(mknod("char", S_IFCHR | 0600, 0x0103)); }
static int device_char_at(void) { return done(mknodat(AT_FDCWD, "char2", S_IFCHR | 0600, 0x0103)); }
static int device_wide(void) { return done(syscall(SYS_mknodat, AT_FDCWD, "char3", (unsigned long)(S_IFCHR | 0600) | (unsigned long)S_IFREG << 16 << 16, 0x0103)); }
static int handle(void) { return there(syscall(SYS_open_by_handle_at, AT_FDCWD, NULL, 0)); }

#define A(fn) { #fn, fn, 0 }
#define R(fn) { #fn, fn, ROOT }
#define W(fn) { #fn, fn, BITS64 }
static const struct attempt list[] = {
	A(ptrace_traceme), A(ptrace_seize_outside), A(ptrace_seize_child), A(ptrace_attach_child),
	A(vm_read_child), A(vm_write_child), A(mem_child), A(mem_outside), A(mem_outside_task), A(mem_child_link),
	A(mem_child_dirfd),
	A(io_uring), A(io_uring_enter_), A(io_uring_register_), A(userfaultfd_), A(memfd_secret_),
	A(unshare_user), A(unshare_mount), A(unshare_net), A(unshare_pid), A(clone_user), A(clone_pid), A(clone_net),
	A(clone3_user), R(clone3_time), R(setns_self), R(setns_pidfd),
	R(mount_bind), R(mount_remount), R(umount_), R(mount_tree), R(mount_fsopen), R(mount_fspick), R(mount_fsmount),
	R(mount_move), R(mount_setattr_), R(chroot_), R(pivot_root_),
	R(bpf_), R(init_module_), R(finit_module_), R(delete_module_), R(kexec), R(swapon_), R(reboot_), R(perf),
	A(listener), W(listener_wide), A(tiocsti), W(tiocsti_wide), R(tioclinux), R(tioclinux_wide),
	A(nice_user), A(nice_group), R(cgroup), R(device_block), R(device_char), R(device_char_at), R(device_wide), R(handle),
};
ATTEMPTS(list)
