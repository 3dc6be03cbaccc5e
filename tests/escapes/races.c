/* SPDX-License-Identifier: ISC */
/*
 * What a call is about is rewritten between the look at it and its use: names
 * and structures, by threads and by others who can write the memory.
 *
 * In allowed/ names come in pairs that differ in one letter: g is a good file
 * and e leads to a forbidden one; gd is a directory and ed leads to another.
 */
#include "escape.h"

#include <linux/openat2.h>

#define NAME	common->name[0]
#define OTHER	common->name[1]

static unsigned serial;

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

/* i386: old_mmap, with its arguments in a block.  The policy maps nothing that is both anonymous and executable. */
#ifdef __i386__
static unsigned long *
block(void)
{
	return (unsigned long *)common->room;
}

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
	A(v40_rename_both), A(v40_chmod), A(v40_truncate), A(v40_utimensat), R(v40_chown),
	A(v41_process), A(v41_process_stat), A(v41_memory_sharer), A(v41_kernel_writes), A(v41_outsider),
	A(v24_execve_rewritten), A(v24_execveat_rewritten),
	A(v37_old_mmap),
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
