/* SPDX-License-Identifier: ISC */
#include "tests/boundary/canary.h"
#include "tests/boundary/boundary.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* What is in outside/.  %: a secret, which each file has of its own. */
static const struct outside { const char *name; char kind; const char *text; } outside[] = {
	{ "secret",		'f', "%" },
	{ "file",		'f', "as it was\n" },
	{ "victim1",		'f', "%" },
	{ "victim2",		'f', "" },
	{ "victim3",		'f', "%" },
	{ "victim4",		'f', "x\n" },
	{ "dir",		'd', "" },
	{ "hollow",		'd', "" },
	{ "dir/secret",		'f', "%" },
	{ "link",		'l', "%" },
	{ "run",		'p', "" },
	{ "script",		's', "" },
	{ "vast",		'v', "" },
	{ "sock",		'u', "" },
	{ "dgram",		'u', "" },
	{ "%",			'f', "" },
};
enum { OUTSIDE = sizeof(outside) / sizeof(*outside), SOCKETS = 8, TEXT = 4096 };

static struct fingerprint {
	char path[PATH_MAX];
	char text[SECRET_LEN + 16];
	size_t len;
	struct stat st;
} fingerprints[OUTSIDE + 1];

static int bad_sockets[SOCKETS], good_sockets[SOCKETS];
static bool have_sockets;

static void
secret_make(uint64_t *seed, char *s)
{
	unsigned long long chance = chance_next(seed);

	snprintf(s, SECRET_LEN + 1, "tg!%016llx", chance);
	snprintf(s + SECRET_HEAD + SECRET_TEXT, SECRET_CHECK + 1, "%08x", (unsigned)secret_check(s + SECRET_HEAD, SECRET_TEXT));
}

static int
file_write(const char *path, const void *data, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600), r;

	if (fd < 0)
		return -1;
	r = write(fd, data, len) == (ssize_t)len && fchmod(fd, mode) == 0 ? 0 : -1;
	close(fd);
	return r;
}

/* The program, and the one that lies outside says so. */
static int
copy_program(const char *from, const char *to, bool lies_outside)
{
	static char data[4 << 20];
	int fd = open(from, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, data, sizeof(data));
	char *word = n > 0 ? memmem(data, (size_t)n, "LIES:inside ", 12) : NULL;

	if (fd >= 0)
		close(fd);
	if (!word)
		return -1;
	if (lies_outside)
		memcpy(word, "LIES:outside", 12);
	return file_write(to, data, (size_t)n, 0777);
}

static int
make_one(struct canaries *c, const struct outside *o, struct fingerprint *f)
{
	char script[PATH_MAX];

	switch (o->kind) {
	case 'f': return file_write(f->path, f->text, f->len, 0666);
	case 'd': return mkdir(f->path, 0777);
	case 'l': return symlink(f->text, f->path);
	case 'p': return copy_program(c->fuzzer, f->path, true);
	case 's':
		snprintf(script, sizeof(script), "#!%s/bin/fuzzer outside-script\n", c->box);
		return file_write(f->path, script, strlen(script), 0777);
	case 'v': return file_write(f->path, "", 0, 0666) || truncate(f->path, (off_t)size_secret(c->seed >> 7)) ? -1 : 0;
	}
	return 0;	/* a socket makes itself */
}

static int
socket_make(int domain, int type, const struct sockaddr *a, socklen_t len)
{
	int fd = socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0)
		return -1;
	if (domain == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, a, len) < 0 || (type == SOCK_STREAM && listen(fd, 64) < 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int
socket_unix(const char *dir, const char *name, int type)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t n = (size_t)snprintf(a.sun_path + !*dir, sizeof(a.sun_path) - 1, "%s%s", dir, name);
	int fd;

	if (*dir)
		unlink(a.sun_path);
	fd = socket_make(AF_UNIX, type, (struct sockaddr *)&a, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + !*dir));
	if (fd >= 0 && *dir)
		chmod(a.sun_path, 0777);
	return fd;
}

/* Four with numbers, two with names in the file system, two with names alone. */
static void
sockets_make(int *fds, const char *box, const char *dir, const char *prefix, const char *word, unsigned port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	char path[PATH_MAX], name[64];

	for (int i = 0; i < SOCKETS; i++)
		if (have_sockets && fds[i] >= 0)
			close(fds[i]);
	fds[0] = socket_make(AF_INET, SOCK_STREAM, (struct sockaddr *)&in, sizeof(in));
	fds[1] = socket_make(AF_INET, SOCK_DGRAM, (struct sockaddr *)&in, sizeof(in));
	fds[2] = socket_make(AF_INET6, SOCK_STREAM, (struct sockaddr *)&in6, sizeof(in6));
	fds[3] = socket_make(AF_INET6, SOCK_DGRAM, (struct sockaddr *)&in6, sizeof(in6));
	snprintf(path, sizeof(path), "%s/%s/%s", box, dir, prefix);
	fds[4] = socket_unix(path, "sock", SOCK_STREAM);
	fds[5] = socket_unix(path, "dgram", SOCK_DGRAM);
	snprintf(name, sizeof(name), "tollgate-%s-%u", word, BAD_PORT);
	fds[6] = socket_unix("", name, SOCK_STREAM);
	fds[7] = socket_unix("", name, SOCK_DGRAM);
}

static unsigned
sockets_drain(const int *fds)
{
	char b[64];
	unsigned n = 0;
	int fd;

	for (int i = 0; i < SOCKETS; i++) {
		while (!(i & 1) && (fd = accept4(fds[i], NULL, NULL, SOCK_CLOEXEC)) >= 0) {
			close(fd);
			n++;
		}
		while ((i & 1) && recv(fds[i], b, sizeof(b), MSG_DONTWAIT) >= 0)
			n++;
	}
	return n;
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *where)
{
	(void)st, (void)flag;
	if (where->level)
		remove(path);
	return 0;
}

/* Empties a folder, or makes it. */
static int
folder_anew(const struct canaries *c, const char *name, char *path)
{
	snprintf(path, PATH_MAX, "%s/%s", c->box, name);
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	remove(path);
	return mkdir(path, 0777) < 0 || lchown(path, c->uid, c->uid) < 0 || chmod(path, 0777) < 0 ? -1 : 0;
}

static void
fingerprints_take(const struct canaries *c)
{
	for (int i = 0; i < OUTSIDE; i++)
		if (lchown(fingerprints[i].path, c->uid, c->uid) < 0)
			perror(fingerprints[i].path);
	for (int i = 0; i <= OUTSIDE; i++)
		if (lstat(fingerprints[i].path, &fingerprints[i].st) < 0)
			perror(fingerprints[i].path);
}

int
canary_make(struct canaries *c)
{
	struct fingerprint *f = fingerprints;
	char root[PATH_MAX], name[SECRET_LEN + 1];
	uint64_t seed = c->seed;
	int r = folder_anew(c, "outside", root);

	secret_salt = salt_of(c->seed);
	for (int i = 0; i < OUTSIDE && r == 0; i++, f++) {
		secret_make(&seed, name);
		snprintf(f->path, sizeof(f->path), "%.4000s/%.64s", root, *outside[i].name == '%' ? name : outside[i].name);
		secret_make(&seed, name);
		f->len = (size_t)snprintf(f->text, sizeof(f->text), "%s", *outside[i].text == '%' ? name : outside[i].text);
		r = make_one(c, &outside[i], f);
	}
	snprintf(f->path, sizeof(f->path), "%s", root);
	sockets_make(bad_sockets, c->box, "outside", "", "canary", BAD_PORT);
	if (r == 0)
		fingerprints_take(c);
	return r;
}

struct link { const char *to, *name; };

/* In the folder itself, wherever links by its name lead. */
static void
links_make_in(const char *folder, const struct link *links, size_t n)
{
	int fd = open(folder, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	for (size_t i = 0; fd >= 0 && i < n; i++)
		if (symlinkat(links[i].to, fd, links[i].name) < 0 && errno != EEXIST)
			break;
	if (fd >= 0)
		close(fd);
}

static void
links_make(const char *allowed)
{
	static const struct link top[] = {
		{ "../outside/secret", "e" }, { "../outside", "ed" }, { "dir", "gd" }, { "dir", "swap" }, { "../outside", "paws" }, { "g", "last" },
		{ "../outside/secret", "tsal" }, { "good.dgram", "gs" }, { "../outside/dgram", "es" },
	};
	static const struct link below[] = { { "../../outside", "up" }, { "../paws", "chain" } };
	char dir[PATH_MAX + 8];

	links_make_in(allowed, top, sizeof(top) / sizeof(*top));
	snprintf(dir, sizeof(dir), "%s/dir", allowed);
	links_make_in(dir, below, sizeof(below) / sizeof(*below));
}

static int
own_one(const char *path, const struct stat *st, int flag, struct FTW *where)
{
	extern uid_t canary_uid;

	(void)st, (void)flag, (void)where;
	return lchown(path, canary_uid, canary_uid);
}

uid_t canary_uid;

int
canary_make_own(const struct canaries *c)
{
	static const char *const files[] = { "g", "file", "short", "dir/file" };
	char root[PATH_MAX], path[PATH_MAX + 64], script[PATH_MAX + 32];
	int r = folder_anew(c, "allowed", root);

	canary_uid = c->uid;
	snprintf(path, sizeof(path), "%s/dir", root);
	mkdir(path, 0777);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files) && r == 0; i++) {
		snprintf(path, sizeof(path), "%s/%s", root, files[i]);
		r = file_write(path, "good\n", 5, 0666);
	}
	snprintf(path, sizeof(path), "%s/run", root);
	r |= copy_program(c->fuzzer, path, false);
	snprintf(path, sizeof(path), "%s/script", root);
	snprintf(script, sizeof(script), "#!%s/outside/run\n", c->box);
	r |= file_write(path, script, strlen(script), 0777);
	links_make(root);
	sockets_make(good_sockets, c->box, "allowed", "good.", "good", GOOD_PORT);
	have_sockets = true;
	return nftw(root, own_one, 16, FTW_PHYS) || r ? -1 : 0;
}

static bool
text_changed(const struct fingerprint *f, char kind)
{
	char b[sizeof(f->text)];
	ssize_t n = -1;
	int fd;

	if (kind == 'l') {
		n = readlink(f->path, b, sizeof(b));
	} else if (kind == 'f' && (fd = open(f->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)) >= 0) {
		n = read(fd, b, sizeof(b));
		close(fd);
	} else if (kind != 'f') {
		return false;
	}
	return n != (ssize_t)f->len || memcmp(b, f->text, f->len);
}

static const char *
what_changed(const struct fingerprint *f, char kind)
{
	const struct stat *a = &f->st;
	struct stat b;

	if (lstat(f->path, &b) < 0)
		return "is gone";
	if (a->st_ino != b.st_ino)
		return "is another";
	if (a->st_mode != b.st_mode || a->st_uid != b.st_uid || a->st_gid != b.st_gid)
		return "has another mode";
	if (a->st_nlink != b.st_nlink)
		return "has another number of links";
	if (a->st_size != b.st_size || text_changed(f, kind))
		return "holds something else";
	if (a->st_mtim.tv_sec != b.st_mtim.tv_sec || a->st_mtim.tv_nsec != b.st_mtim.tv_nsec)
		return "was written";
	if (a->st_ctim.tv_sec != b.st_ctim.tv_sec || a->st_ctim.tv_nsec != b.st_ctim.tv_nsec)
		return "was changed";
	return NULL;
}

void
canary_look(struct canaries *c)
{
	unsigned reached = sockets_drain(bad_sockets), changed = 0;

	sockets_drain(good_sockets);
	c->reached += reached;
	for (int i = 0; i <= OUTSIDE; i++) {
		const char *what = what_changed(&fingerprints[i], i < OUTSIDE ? outside[i].kind : 'd');

		if (what && ++changed && c->changed < 24)
			printf("# %s %s\n", fingerprints[i].path, what);
		c->changed += what != NULL;
	}
	if (changed && canary_make(c) < 0)
		perror("# the canaries");
	fflush(stdout);
}

/* Of the folder itself: the program can put a link in its place, and this is no deputy of its. */
static void
open_folder(const char *path)
{
	int fd = open(path, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
	char self[48];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (fd >= 0) {
		chmod(self, 0777);
		close(fd);
	}
}

/* What the program took away or shut. */
static void
mend(const char *allowed)
{
	char path[PATH_MAX + 8];

	open_folder(allowed);
	snprintf(path, sizeof(path), "%s/dir", allowed);
	mkdir(path, 0777);
	open_folder(path);
	snprintf(path, sizeof(path), "%s/g", allowed);
	if (access(path, R_OK | W_OK) < 0) {
		remove(path);
		file_write(path, "good\n", 5, 0666);
	}
	links_make(allowed);
}

static void
pair_swap(int fd, const char *a, const char *b)
{
	syscall(SYS_renameat2, fd, a, fd, b, 2 /* RENAME_EXCHANGE */);
}

void
canary_swap(const struct canaries *c)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/allowed", c->box);
	for (unsigned i = 0;; i++) {
		int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

		for (int n = 0; fd >= 0 && n < 100; n++) {
			pair_swap(fd, "swap", "paws");
			pair_swap(fd, "last", "tsal");
			nanosleep(&(struct timespec){ 0, 100000 }, NULL);
		}
		if (fd >= 0)
			close(fd);
		mend(path);
	}
}
