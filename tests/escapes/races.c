/* SPDX-License-Identifier: ISC */
/*
 * What a call is about is rewritten between the look at it and its use: names,
 * addresses, structures; by threads and by others who can write the memory.
 *
 * In allowed/ names come in pairs that differ in one letter: g is a good file
 * and e leads to a forbidden one; gd is a directory and ed leads to another.
 */
#include "escape.h"

#include <arpa/inet.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#define NAME	common->name[0]
#define OTHER	common->name[1]

static char *flipped = NULL;		/* the letter that is rewritten */
static unsigned serial;

static void
letter(bool evil)
{
	*(volatile char *)flipped = evil ? 'e' : 'g';
}

static int
string_race(enum side side, const char *name, try_fn *one, long n)
{
	share();
	strcpy(NAME, name);
	flipped = NAME;
	return race_against(side, letter, one, n);
}

#define STRING(fn, name, one, part) \
	static int fn(void) { return string_race(A_THREAD, name, one, tries() / (part) + 1); }

/* Files: the forbidden one begins with "canary". */

static int try_open(void) { return canary(open(NAME, O_RDONLY)); }
static int try_rdwr(void) { return canary(open(NAME, O_RDWR)); }
static int try_open_create(void) { return canary(open(NAME, O_RDWR | O_CREAT, 0600)); }

STRING(v40_openat, "g", try_open, 1)
STRING(v40_open_rdwr, "g", try_rdwr, 2)
STRING(v40_open_create, "g", try_open_create, 2)
#ifdef SYS_open
static int try_raw_open(void) { return canary((int)syscall(SYS_open, NAME, O_RDONLY, 0)); }
STRING(v40_open, "g", try_raw_open, 1)
#else
static int v40_open(void) { return ABSENT; }
#endif

static int
try_openat2(void)
{
	struct open_how how = { .flags = O_RDONLY };

	return canary((int)syscall(SYS_openat2, AT_FDCWD, NAME, &how, sizeof(how)));
}
STRING(v40_openat2, "g", try_openat2, 1)

static int
try_stat(void)
{
	struct stat st;

	return stat(NAME, &st) < 0 ? REFUSED : st.st_size == 7 ? REACHED : (errno = ENODATA, REFUSED);
}
STRING(v40_stat, "g", try_stat, 1)

static int
try_statx(void)
{
	struct statx st;

	if (syscall(SYS_statx, AT_FDCWD, NAME, 0, STATX_SIZE, &st) < 0)
		return REFUSED;
	errno = ENODATA;
	return st.stx_size == 7 ? REACHED : REFUSED;
}
STRING(v40_statx, "g", try_statx, 1)

/* The good file is no program. */
static int try_access(void) { return done(access(NAME, X_OK)); }
STRING(v40_access, "g", try_access, 1)

static int
try_readlink(void)
{
	char b[16] = "";

	if (readlink(NAME, b, sizeof(b) - 1) < 0)
		return REFUSED;
	errno = ENODATA;
	return !strcmp(b, "target") ? REACHED : REFUSED;
}
STRING(v40_readlink, "gd/link", try_readlink, 1)

/* What was to happen in dir/ did not, and yet it happened. */

static int
elsewhere(const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0) {
		errno = ENODATA;
		return REFUSED;
	}
	return errno == ENOENT ? REACHED : REFUSED;
}

static int
still_there(const char *path)
{
	struct stat st;

	errno = ENODATA;
	return lstat(path, &st) == 0 ? REACHED : REFUSED;
}

static char *
numbered(const char *dir, const char *what)
{
	sprintf(NAME + 1, "d/%s%u", what, ++serial);
	return text("%s/%s%u", dir, what, serial);
}

static void
put_file(const char *path)
{
	close(open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666));
}

static int
try_mkdir(void)
{
	char *good = numbered("dir", "new");
	int r = mkdir(NAME, 0755) < 0 ? REFUSED : elsewhere(good), err = errno;

	rmdir(good);
	errno = err;
	return r;
}
STRING(v40_mkdir, "gd", try_mkdir, 2)

static int
try_mknod(void)
{
	char *good = numbered("dir", "node");
	int r = mknod(NAME, S_IFREG | 0600, 0) < 0 ? REFUSED : elsewhere(good), err = errno;

	unlink(good);
	errno = err;
	return r;
}
STRING(v40_mknod, "gd", try_mknod, 2)

static int
try_symlink(void)
{
	char *good = numbered("dir", "sym");
	int r = symlink("x", NAME) < 0 ? REFUSED : elsewhere(good), err = errno;

	unlink(good);
	errno = err;
	return r;
}
STRING(v40_symlink, "gd", try_symlink, 2)

static int
try_link_new(void)
{
	char *good = numbered("dir", "hard");
	int r = link("dir/file", NAME) < 0 ? REFUSED : elsewhere(good), err = errno;

	unlink(good);
	errno = err;
	return r;
}
STRING(v40_link_new, "gd", try_link_new, 2)

static int
try_link_old(void)
{
	int r = linkat(AT_FDCWD, NAME, AT_FDCWD, "dir/linked", AT_SYMLINK_FOLLOW) < 0 ? REFUSED :
	    canary(open("dir/linked", O_RDONLY)), err = errno;

	unlink("dir/linked");
	errno = err;
	return r;
}
STRING(v40_link_old, "g", try_link_old, 2)

static int
try_creat(void)
{
	char *good = numbered("dir", "made");
	int r = lies_in_forbidden(creat(NAME, 0600)), err = errno;

	unlink(good);
	errno = err;
	return r;
}
STRING(v40_creat, "gd", try_creat, 2)

static int
try_open_new(void)
{
	char *good = numbered("dir", "opened");
	int r = lies_in_forbidden(open(NAME, O_WRONLY | O_CREAT | O_EXCL, 0600)), err = errno;

	unlink(good);
	errno = err;
	return r;
}
STRING(v40_open_excl, "gd", try_open_new, 2)

static int
try_unlink(void)
{
	put_file("dir/victim1");
	return unlink(NAME) < 0 ? REFUSED : still_there("dir/victim1");
}
STRING(v40_unlink, "gd/victim1", try_unlink, 2)

static int
try_rmdir(void)
{
	mkdir("dir/hollow", 0755);
	return rmdir(NAME) < 0 ? REFUSED : still_there("dir/hollow");
}
STRING(v40_rmdir, "gd/hollow", try_rmdir, 2)

static int
try_rename_old(void)
{
	int r;

	put_file("dir/victim2");
	r = rename(NAME, "dir/stolen") < 0 ? REFUSED : still_there("dir/victim2");
	return r;
}
STRING(v40_rename_old, "gd/victim2", try_rename_old, 2)

static int
try_rename_new(void)
{
	char *good = numbered("dir", "moved");
	int r;

	put_file("dir/mine");
	r = rename("dir/mine", NAME) < 0 ? REFUSED : elsewhere(good);
	unlink(good);
	return r;
}
STRING(v40_rename_new, "gd", try_rename_new, 2)

/* Both names at once. */
static void
two_letters(bool evil)
{
	letter(evil);
	*(volatile char *)OTHER = evil ? 'e' : 'g';
}

static int
try_rename_both(void)
{
	struct stat st;

	put_file("dir/victim3");
	unlink("dir/sink");
	if (rename(NAME, OTHER) < 0)
		return REFUSED;
	errno = ENODATA;
	return lstat("dir/victim3", &st) == 0 || lstat("dir/sink", &st) < 0 ? REACHED : REFUSED;
}

static int
v40_rename_both(void)
{
	share();
	strcpy(NAME, "gd/victim3");
	strcpy(OTHER, "gd/sink");
	flipped = NAME;
	return race_against(A_THREAD, two_letters, try_rename_both, tries() / 2 + 1);
}

static int
mode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? -1 : (int)(st.st_mode & 0777);
}

static int
try_chmod(void)
{
	if (chmod("dir/file", 0644) < 0 || chmod(NAME, 0604) < 0)
		return REFUSED;
	errno = ENODATA;
	return mode_of("dir/file") == 0644 ? REACHED : REFUSED;
}
STRING(v40_chmod, "gd/file", try_chmod, 2)

static int
try_truncate(void)
{
	struct stat st;

	if (truncate("dir/file", 3) < 0 || truncate(NAME, 5) < 0 || stat("dir/file", &st) < 0)
		return REFUSED;
	errno = ENODATA;
	return st.st_size == 3 ? REACHED : REFUSED;
}
STRING(v40_truncate, "gd/file", try_truncate, 2)

static int
try_utimes(void)
{
	const struct timespec when[2] = { { 1000, 0 }, { 1000, 0 } }, other[2] = { { 2000, 0 }, { 2000, 0 } };
	struct stat st;

	if (utimensat(AT_FDCWD, "dir/file", other, 0) < 0 || utimensat(AT_FDCWD, NAME, when, 0) < 0 ||
	    stat("dir/file", &st) < 0)
		return REFUSED;
	errno = ENODATA;
	return st.st_mtime == 2000 ? REACHED : REFUSED;
}
STRING(v40_utimensat, "gd/file", try_utimes, 2)

static int
try_chown(void)
{
	struct stat st;

	if (chown("dir/file", 7, 7) < 0 || chown(NAME, 8, 8) < 0 || stat("dir/file", &st) < 0)
		return REFUSED;
	errno = ENODATA;
	return st.st_uid == 7 ? REACHED : REFUSED;
}
STRING(v40_chown, "gd/file", try_chown, 2)

/* Programs: "run" says by its status which of the files it is; see main(). */

static int
how_it_ended(pid_t pid)
{
	int status = 0;

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return REFUSED;
	errno = WIFEXITED(status) ? ENODATA : EINTR;
	return WIFEXITED(status) && WEXITSTATUS(status) == 42 ? REACHED : REFUSED;
}

static char *const which[] = { "races", "which", NULL };

static int
try_execve(void)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execve(NAME, which, environ);
		_exit(1);
	}
	return how_it_ended(pid);
}
STRING(v24_execve_rewritten, "gx", try_execve, 10)

static int
try_execveat(void)
{
	pid_t pid = vfork();

	if (pid == 0) {
		syscall(SYS_execveat, AT_FDCWD, NAME, which, environ, 0);
		_exit(1);
	}
	return how_it_ended(pid);
}
STRING(v24_execveat_rewritten, "gx", try_execveat, 10)

/* Structures. */

static struct open_how *
how(void)
{
	return (struct open_how *)common->room;
}

static void
open_mode(bool evil)
{
	*(volatile uint64_t *)&how()->flags = evil ? O_RDWR : O_RDONLY;
}

static int
try_how(void)
{
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, "../readonly/file", how(), sizeof(*how())), mode;

	if (fd < 0)
		return REFUSED;
	mode = fcntl(fd, F_GETFL) & O_ACCMODE;
	close(fd);
	errno = ENODATA;
	return mode == O_RDWR ? REACHED : REFUSED;
}

static int
v40_open_how(void)
{
	share();
	return race(open_mode, try_how);
}

/* Addresses. */

static uint16_t
port(const char *which_one)
{
	const char *s = getenv(which_one);

	return htons((uint16_t)(s ? atoi(s) : 9));
}

static struct sockaddr_in *
inet(void)
{
	return (struct sockaddr_in *)common->room;
}

static struct sockaddr_un *
local(void)
{
	return (struct sockaddr_un *)common->room;
}

static uint16_t good_port, bad_port;

static void
other_port(bool evil)
{
	*(volatile uint16_t *)&inet()->sin_port = evil ? bad_port : good_port;
}

static void
begin_inet(void)
{
	share();
	good_port = port("GOOD");
	bad_port = port("BAD");
	*inet() = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = good_port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static int
whom(int fd, int connected)
{
	struct sockaddr_in peer = { 0 };
	socklen_t len = sizeof(peer);
	int r = connected < 0 || getpeername(fd, (struct sockaddr *)&peer, &len) < 0 ? -1 : 0, err = errno;

	close(fd);
	errno = r ? err : ENODATA;
	return !r && peer.sin_port == bad_port ? REACHED : REFUSED;
}

/* Datagram sockets connect at once and leave nothing waiting. */
static int
try_connect(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	return whom(fd, connect(fd, (struct sockaddr *)inet(), sizeof(*inet())));
}

static int
v52_connect_port(void)
{
	begin_inet();
	return race(other_port, try_connect);
}

static int receiver, sender;		/* the good end, ours */

/* Sent, but what came to the good end is not it. */
static int
went_elsewhere(long sent)
{
	char b[8];

	if (sent < 0)
		return REFUSED;
	if (recv(receiver, b, sizeof(b), MSG_DONTWAIT) > 0) {
		errno = ENODATA;
		return REFUSED;
	}
	return errno == EAGAIN ? REACHED : REFUSED;
}

static int
begin_udp(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);

	begin_inet();
	receiver = socket(AF_INET, SOCK_DGRAM, 0);
	sender = socket(AF_INET, SOCK_DGRAM, 0);
	if (bind(receiver, (struct sockaddr *)&a, len) < 0 || getsockname(receiver, (struct sockaddr *)&a, &len) < 0)
		return -1;
	good_port = inet()->sin_port = a.sin_port;
	return 0;
}

static int
try_sendto(void)
{
	return went_elsewhere(sendto(sender, "x", 1, 0, (struct sockaddr *)inet(), sizeof(*inet())));
}

static int
v52_sendto_port(void)
{
	return begin_udp() < 0 ? REFUSED : race(other_port, try_sendto);
}

static struct msghdr *
message(void)
{
	static struct iovec iov = { "x", 1 };
	struct msghdr *m = (struct msghdr *)(common->room + 1024);

	m->msg_name = inet();
	m->msg_namelen = sizeof(*inet());
	m->msg_iov = &iov;
	m->msg_iovlen = 1;
	return m;
}

static struct msghdr *flying;

static int try_sendmsg(void) { return went_elsewhere(sendmsg(sender, flying, 0)); }

static int
v52_sendmsg_port(void)
{
	if (begin_udp() < 0)
		return REFUSED;
	flying = message();
	return race(other_port, try_sendmsg);
}

/* The pointer to the address, and not the address. */
static void
other_name(bool evil)
{
	void *volatile *name = (void *volatile *)&flying->msg_name;

	*name = inet() + (evil ? 1 : 0);
}

static int
v40_sendmsg_name(void)
{
	if (begin_udp() < 0)
		return REFUSED;
	flying = message();
	inet()[1] = inet()[0];
	inet()[1].sin_port = bad_port;
	return race(other_name, try_sendmsg);
}

static int
try_sendmmsg(void)
{
	struct mmsghdr *m = (struct mmsghdr *)(common->room + 1024);
	int sent;

	m[0].msg_len = 77;
	m[1] = m[0];
	sent = (int)syscall(SYS_sendmmsg, sender, m, 1, 0);
	if (sent == 1 && m[0].msg_len != 1)
		return ABSENT;		/* not how that call is: no race to be won */
	return went_elsewhere(sent);
}

static int
v48_sendmmsg_port(void)
{
	if (begin_udp() < 0)
		return REFUSED;
	flying = message();
	return race(other_port, try_sendmmsg);
}

static void
one_of_many(bool evil)
{
	struct mmsghdr *m = (struct mmsghdr *)(common->room + 1024);

	*(volatile uint16_t *)&((struct sockaddr_in *)m[2].msg_hdr.msg_name)->sin_port = evil ? bad_port : good_port;
}

/* Three messages; the last one's address is rewritten. */
static int
try_three(void)
{
	struct mmsghdr *m = (struct mmsghdr *)(common->room + 1024);
	int sent = (int)syscall(SYS_sendmmsg, sender, m, 3, 0), came = 0;
	char b[8];

	if (sent < 0)
		return REFUSED;
	while (recv(receiver, b, sizeof(b), MSG_DONTWAIT) > 0)
		came++;
	errno = ENODATA;
	return came < sent ? REACHED : REFUSED;
}

static int
v48_sendmmsg_last(void)
{
	struct mmsghdr *m;

	if (begin_udp() < 0)
		return REFUSED;
	m = (struct mmsghdr *)(common->room + 1024);
	flying = message();
	m[1] = m[2] = m[0];
	inet()[1] = inet()[0];
	m[2].msg_hdr.msg_name = inet() + 1;
	return race(one_of_many, try_three);
}

/* Descriptors, which the policy lets nobody pass. */

static int pair[2];

static struct cmsghdr *
control(void)
{
	return (struct cmsghdr *)(common->room + 4096);
}

static void
control_length(bool evil)
{
	*(volatile size_t *)&flying->msg_controllen = evil ? CMSG_SPACE(sizeof(int)) : 0;
}

static void
control_type(bool evil)
{
	*(volatile int *)&control()->cmsg_type = evil ? SCM_RIGHTS : SCM_CREDENTIALS + 64;
}

static int
try_pass(void)
{
	char room[256], b[8];
	struct iovec iov = { b, sizeof(b) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room) };
	struct cmsghdr *c;

	if (sendmsg(pair[0], flying, 0) < 0 || recvmsg(pair[1], &m, MSG_DONTWAIT) < 0)
		return REFUSED;
	c = CMSG_FIRSTHDR(&m);
	errno = ENODATA;
	return c && c->cmsg_type == SCM_RIGHTS ? REACHED : REFUSED;
}

static int
passing(flip_fn *change)
{
	share();
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) < 0)
		return REFUSED;
	flying = message();
	flying->msg_name = NULL;
	flying->msg_namelen = 0;
	flying->msg_control = control();
	flying->msg_controllen = CMSG_SPACE(sizeof(int));
	control()->cmsg_len = CMSG_LEN(sizeof(int));
	control()->cmsg_level = SOL_SOCKET;
	control()->cmsg_type = SCM_RIGHTS;
	return race(change, try_pass);
}

static int v40_sendmsg_control(void) { return passing(control_length); }
static int v40_sendmsg_control_type(void) { return passing(control_type); }

/* Sockets with names. */

static void
begin_local(const char *name)
{
	share();
	local()->sun_family = AF_UNIX;
	strcpy(local()->sun_path, name);
	flipped = local()->sun_path;
}

static int
try_connect_local(void)
{
	struct sockaddr_un peer = { 0 };
	socklen_t len = sizeof(peer);
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	int r = connect(fd, (struct sockaddr *)local(), sizeof(*local())), err = errno;

	if (r == 0)
		getpeername(fd, (struct sockaddr *)&peer, &len);
	close(fd);
	errno = r < 0 ? err : ENODATA;
	return strstr(peer.sun_path, "forbidden") ? REACHED : REFUSED;
}

static int
begin_dgram(void)
{
	struct sockaddr_un a = { AF_UNIX, "good.sock" };

	unlink(a.sun_path);
	receiver = socket(AF_UNIX, SOCK_DGRAM, 0);
	sender = socket(AF_UNIX, SOCK_DGRAM, 0);
	begin_local("gs");
	return bind(receiver, (struct sockaddr *)&a, sizeof(a));
}

static int
v52_connect_path(void)
{
	return begin_dgram() < 0 ? REFUSED : race(letter, try_connect_local);
}

static int
try_sendto_local(void)
{
	return went_elsewhere(sendto(sender, "x", 1, MSG_DONTWAIT, (struct sockaddr *)local(), sizeof(*local())));
}

static int
v52_sendto_path(void)
{
	return begin_dgram() < 0 ? REFUSED : race(letter, try_sendto_local);
}

static int
try_bind(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0), r, err;
	char *good;

	sprintf(local()->sun_path + 1, "d/s%u", ++serial);
	good = text("dir/s%u", serial);
	r = bind(fd, (struct sockaddr *)local(), sizeof(*local())) < 0 ? REFUSED : elsewhere(good);
	err = errno;
	close(fd);
	unlink(good);
	errno = err;
	return r;
}

static int
v52_bind_path(void)
{
	begin_local("gd/s");
	return race_against(A_THREAD, letter, try_bind, tries() / 2 + 1);
}

/* i386: arguments in a block, and what they point to. */
#ifdef SYS_socketcall
enum { SOCKETCALL_CONNECT = 3, SOCKETCALL_SENDTO = 11, SOCKETCALL_SENDMSG = 16 };

static unsigned long *
block(void)
{
	return (unsigned long *)(common->room + 6144);
}

static void
other_block(bool evil)
{
	*(volatile unsigned long *)&block()[1] = (unsigned long)(inet() + (evil ? 1 : 0));
}

static int
try_block_connect(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	block()[0] = (unsigned long)fd;
	block()[2] = sizeof(*inet());
	return whom(fd, (int)syscall(SYS_socketcall, SOCKETCALL_CONNECT, block()));
}

static int
v37_socketcall_block(void)
{
	begin_inet();
	inet()[1] = inet()[0];
	inet()[1].sin_port = bad_port;
	other_block(false);
	return race(other_block, try_block_connect);
}

static int
v37_socketcall_address(void)
{
	begin_inet();
	block()[1] = (unsigned long)inet();
	return race(other_port, try_block_connect);
}

static int
try_block_sendmsg(void)
{
	block()[0] = (unsigned long)sender;
	block()[1] = (unsigned long)flying;
	block()[2] = 0;
	return went_elsewhere(syscall(SYS_socketcall, SOCKETCALL_SENDMSG, block()));
}

static int
v37_socketcall_message(void)
{
	if (begin_udp() < 0)
		return REFUSED;
	flying = message();
	inet()[1] = inet()[0];
	inet()[1].sin_port = bad_port;
	return race(other_name, try_block_sendmsg);
}

/* old_mmap: the policy maps nothing that is both anonymous and executable. */
static void
other_prot(bool evil)
{
	*(volatile unsigned long *)&block()[2] = evil ? PROT_READ | PROT_EXEC : PROT_READ;
}

static int
is_executable(unsigned long at)
{
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned long lo, hi;
	char line[4096], perms[5];
	int r = REFUSED;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx %4s", &lo, &hi, perms) == 3 && lo <= at && at < hi && perms[2] == 'x')
			r = REACHED;
	fclose(f);
	errno = ENODATA;
	return r;
}

static int
try_old_mmap(void)
{
	unsigned long at;
	long r;

	block()[0] = 0;
	block()[1] = 4096;
	block()[3] = MAP_PRIVATE | MAP_ANONYMOUS;
	block()[4] = (unsigned long)-1;
	block()[5] = 0;
	r = syscall(90, block());
	if (r == -1)
		return REFUSED;
	at = (unsigned long)r;
	r = is_executable(at);
	munmap((void *)at, 4096);
	return (int)r;
}

static int
v37_old_mmap(void)
{
	share();
	return race_against(A_THREAD, other_prot, try_old_mmap, tries() / 4 + 1);
}
#else
static int v37_socketcall_block(void) { return ABSENT; }
static int v37_socketcall_address(void) { return ABSENT; }
static int v37_socketcall_message(void) { return ABSENT; }
static int v37_old_mmap(void) { return ABSENT; }
#endif

/* Others who write the memory. */

static int v41_process(void) { return string_race(A_PROCESS, "g", try_open, tries()); }
static int v41_memory_sharer(void) { return string_race(A_MEMORY_SHARER, "g", try_open, tries()); }
static int v41_process_stat(void) { return string_race(A_PROCESS, "g", try_stat, tries()); }

/* read(2) into it: the kernel writes for somebody. */
static void
read_letter(bool evil)
{
	static int fd;

	if (!fd)
		fd = open("letters", O_RDONLY);
	if (pread(fd, flipped, 1, evil) != 1)
		letter(evil);
}

static int
v41_kernel_writes(void)
{
	share();
	strcpy(NAME, "g");
	flipped = NAME;
	return race(read_letter, try_open);
}

/* A file that a process outside of the sandbox writes. */
static char *mapped;

static int try_mapped(void) { return canary(open(mapped, O_RDONLY)); }

static int
v41_outsider(void)
{
	int fd = open("shared", O_RDWR);

	mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd < 0 || mapped == MAP_FAILED)
		return REFUSED;
	share();
	return race_against(NOBODY_HERE, NULL, try_mapped, tries());
}

/* races flip FILE: that outsider. */
static _Noreturn void
flips_file(const char *path)
{
	int fd = open(path, O_RDWR);
	volatile char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	unsigned state = 1;

	take_core(true);
	for (;;) {
		*p = 'g';
		spin(&state);
		*p = 'e';
		spin(&state);
	}
}

#define A(fn) { #fn, fn, 0 }
#define R(fn) { #fn, fn, ROOT }
static const struct attempt list[] = {
	A(v40_openat), A(v40_open), A(v40_open_rdwr), A(v40_open_create), A(v40_openat2), A(v40_open_how), A(v40_stat),
	A(v40_statx), A(v40_access), A(v40_readlink), A(v40_mkdir), A(v40_mknod), A(v40_symlink), A(v40_link_new),
	A(v40_link_old), A(v40_creat), A(v40_open_excl), A(v40_unlink), A(v40_rmdir), A(v40_rename_old), A(v40_rename_new),
	A(v40_rename_both), A(v40_chmod), A(v40_truncate), A(v40_utimensat), R(v40_chown), A(v40_sendmsg_name),
	A(v40_sendmsg_control), A(v40_sendmsg_control_type),
	A(v41_process), A(v41_process_stat), A(v41_memory_sharer), A(v41_kernel_writes), A(v41_outsider),
	A(v24_execve_rewritten), A(v24_execveat_rewritten),
	A(v37_socketcall_block), A(v37_socketcall_address), A(v37_socketcall_message), A(v37_old_mmap),
	A(v48_sendmmsg_port), A(v48_sendmmsg_last),
	A(v52_connect_port), A(v52_sendto_port), A(v52_sendmsg_port), A(v52_connect_path), A(v52_sendto_path), A(v52_bind_path),
};

static int
says_which(void)
{
	char path[PATH_MAX + 1];
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX);

	path[n > 0 ? n : 0] = '\0';
	return strstr(path, "/noexec/") ? 42 : 0;
}

int
main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "which"))
		return says_which();
	if (argc == 3 && !strcmp(argv[1], "flip"))
		flips_file(argv[2]);
	return make_attempts(list, sizeof(list) / sizeof(*list), argc, argv);
}
