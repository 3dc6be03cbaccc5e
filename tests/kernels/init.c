/* SPDX-License-Identifier: ISC */
/*
 * The first process of a machine that boot.sh starts: mounts what there is,
 * runs /start, says how that ended, and switches the machine off.  Static, and
 * content with any kernel: what cannot be mounted is not there.
 *
 * Where the kernel can, the host's files are there too, read-only, in place of
 * those that came with the machine.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* In this order. */
static const struct {
	const char *type, *target, *data;
	mode_t mode;			/* of the directory, where nothing is mounted */
} mounts[] = {
	{ "proc",	"/proc",	NULL,			0555 },
	{ "sysfs",	"/sys",		NULL,			0555 },
	{ "devtmpfs",	"/dev",		NULL,			0755 },
	{ "devpts",	"/dev/pts",	"ptmxmode=0666",	0755 },
	{ "tmpfs",	"/dev/shm",	"mode=1777",		01777 },
	{ "tmpfs",	"/tmp",		"mode=1777",		01777 },
};

/* For kernels without devtmpfs. */
static const struct {
	const char *name;
	unsigned major, minor;
} nodes[] = {
	{ "/dev/console",	5, 1 },
	{ "/dev/null",		1, 3 },
	{ "/dev/zero",		1, 5 },
	{ "/dev/full",		1, 7 },
	{ "/dev/random",	1, 8 },
	{ "/dev/urandom",	1, 9 },
	{ "/dev/tty",		5, 0 },
	{ "/dev/ptmx",		5, 2 },
};

static const struct {
	const char *name, *target;
} links[] = {
	{ "/dev/fd",		"/proc/self/fd" },
	{ "/dev/stdin",		"/proc/self/fd/0" },
	{ "/dev/stdout",	"/proc/self/fd/1" },
	{ "/dev/stderr",	"/proc/self/fd/2" },
};

/* What is taken from the host. */
static const char *const shared[] = { "bin", "sbin", "lib", "lib32", "lib64", "libx32", "usr", "etc", "var", "opt" };

static char *const environment[] = {
	"PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME=/root", "TERM=linux", "LC_ALL=C", NULL
};

static void
mount_all(void)
{
	for (size_t i = 0; i < COUNT(mounts); i++) {
		mkdir(mounts[i].target, mounts[i].mode);
		chmod(mounts[i].target, mounts[i].mode);
		mount(mounts[i].type, mounts[i].target, mounts[i].type, 0, mounts[i].data);
	}
	for (size_t i = 0; i < COUNT(nodes); i++)
		if (mknod(nodes[i].name, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)) == 0)
			chmod(nodes[i].name, 0666);
	for (size_t i = 0; i < COUNT(links); i++)
		if (symlink(links[i].target, links[i].name) < 0 && errno != EEXIST)
			perror(links[i].name);
}

static void
open_console(void)
{
	int in = open("/dev/null", O_RDONLY), out = open("/dev/console", O_WRONLY);

	if (in < 0 || out < 0)
		return;
	dup2(in, 0);
	dup2(out, 1);
	dup2(out, 2);
	for (int fd = 3; fd < 10; fd++)
		close(fd);
}

static void
share(const char *name)
{
	char here[64], there[64], target[256];
	ssize_t n;

	snprintf(here, sizeof(here), "/%s", name);
	snprintf(there, sizeof(there), "/host/%s", name);
	n = readlink(there, target, sizeof(target) - 1);
	if (n > 0) {
		target[n] = '\0';
		unlink(here);
		if (symlink(target, here) < 0)
			perror(here);
	} else if (access(there, F_OK) == 0) {
		mkdir(here, 0755);
		if (mount(there, here, NULL, MS_BIND, NULL) < 0)
			perror(here);
	}
}

static void
mount_host(void)
{
	mkdir("/host", 0755);
	if (mount("host", "/host", "9p", MS_RDONLY, "trans=virtio,version=9p2000.L,cache=loose,msize=262144") < 0)
		return;
	for (size_t i = 0; i < COUNT(shared); i++)
		share(shared[i]);
}

static void
start_loopback(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0)
		return;
	ioctl(fd, SIOCSIFFLAGS, &lo);
	close(fd);
}

/* Runs it, and takes care of whoever has no parent any more meanwhile. */
static int
run(const char *path)
{
	pid_t pid = fork(), ended;
	int status = 0;

	if (pid == 0) {
		setsid();
		execle(path, path, (char *)NULL, environment);
		perror(path);
		_exit(errno == ENOENT ? 127 : 126);
	}
	do
		ended = wait(&status);
	while (ended != pid && (ended > 0 || errno == EINTR));
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int
main(void)
{
	int status;

	umask(022);
	mount_all();
	open_console();
	mount_host();
	start_loopback();
	status = run("/start");
	printf("\nboot: status %d\n", status);
	fflush(stdout);
	tcdrain(STDOUT_FILENO);
	reboot(RB_AUTOBOOT);
	return 1;
}
