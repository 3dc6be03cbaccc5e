/* SPDX-License-Identifier: ISC */
/*
 * Attacks by what a name leads to: files that are memory, roots and directories
 * from before, pipes in tollgate's way, loaders and interpreters of programs,
 * cores, tollgate's log.  Alone all of it works.
 */
#include "escape.h"

#include <elf.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* Memory by its file. */

static const char constant[4096] __attribute__((aligned(4096))) = "constant";

static int
written_past_protection(const char *path)
{
	int fd = open(path, O_RDWR);

	if (fd < 0 || pwrite(fd, "x", 1, (off_t)(uintptr_t)constant) != 1)
		return REFUSED;
	errno = ENODATA;
	return *(const volatile char *)constant == 'x' ? REACHED : REFUSED;
}

static int v63_own_mem(void) { return written_past_protection("/proc/self/mem"); }
static int v63_own_mem_by_pid(void) { return written_past_protection(text("/proc/%d/mem", (int)getpid())); }
static int v63_own_mem_by_task(void) { return written_past_protection(text("/proc/self/task/%d/mem", (int)getpid())); }

static int
v63_own_mem_by_dirfd(void)
{
	int d = open("/proc/self", O_PATH);

	return d < 0 ? REFUSED : written_past_protection(text("/proc/self/fd/%d/mem", d));
}

static int
v63_own_mem_by_link(void)
{
	unlink("memlink");
	return symlink("/proc/self/mem", "memlink") < 0 ? REFUSED : written_past_protection("memlink");
}

/* Roots, and directories that were open before. */

static int
v64_root_left_by_descriptor(void)
{
	int d = open("..", O_PATH);

	if (d < 0 || chroot("dir") < 0 || fchdir(d) < 0)
		return REFUSED;
	return canary(open("forbidden/secret", O_RDONLY));
}

static int
v64_root_left_by_working_directory(void)
{
	if (chroot("dir") < 0)
		return REFUSED;
	return canary(open("../forbidden/secret", O_RDONLY));
}

/* escapes.sh leaves them open: 0 and 8 are forbidden/, 9 is forbidden/secret. */
static int v64_standard_directory(void) { return canary(openat(0, "secret", O_RDONLY)); }
static int v64_standard_directory_entered(void) { return fchdir(0) < 0 ? REFUSED : canary(open("secret", O_RDONLY)); }
static int v64_inherited_directory(void) { return canary(openat(8, "secret", O_RDONLY)); }
static int v75_inherited_file(void) { return canary(dup(9)); }
static int v75_inherited_file_by_name(void) { return canary(open("/proc/self/fd/9", O_RDONLY)); }

/* A pipe that tollgate would open for reading has a reader for a moment. */
static _Noreturn void
shows(const char *pipe)
{
	for (;;) {
		struct stat st;

		if (!getenv("HELD"))	/* as one who looks into files would */
			close(open(pipe, O_RDONLY | O_NONBLOCK));
		execve(pipe, (char *[]){ NULL }, environ);
		access(pipe, X_OK);
		stat(pipe, &st);
		(void)!truncate(pipe, 0);
		chmod(pipe, 0700);
		rename(pipe, "other-pipe");
		rename("other-pipe", pipe);
	}
}

static int
v69_pipe(void)
{
	long n = tries() * (getenv("HELD") ? 10 : 5000);
	int fd = -1;
	pid_t pid;

	if (mkfifo("pipe", 0700) < 0 && errno != EEXIST)
		return REFUSED;
	pid = fork();
	if (pid == 0)
		shows("pipe");
	while (n-- > 0 && (fd = open("pipe", O_WRONLY | O_NONBLOCK)) < 0)
		;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return done(fd);
}

static int
v70_core(void)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	int status = 0;
	pid_t pid;

	if (setrlimit(RLIMIT_CORE, &all) < 0)
		return REFUSED;
	prctl(PR_SET_DUMPABLE, 1);
	pid = fork();
	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		abort();
	}
	waitpid(pid, &status, 0);
	errno = ENODATA;
	return WCOREDUMP(status) ? REACHED : REFUSED;
}

/* Loaders. */

#if __SIZEOF_LONG__ == 8
typedef Elf64_Ehdr file_header;
typedef Elf64_Phdr part_header;
#else
typedef Elf32_Ehdr file_header;
typedef Elf32_Phdr part_header;
#endif

static char image[16 << 20];

/* Our own file in image[]; where the name of its loader stands, and how much room there is; NULL when it has none. */
static char *
loader_name(size_t *room, size_t *size)
{
	int fd = open(self, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, image, sizeof(image));
	const file_header *e = (const file_header *)image;
	const part_header *p = (const part_header *)(image + e->e_phoff);

	close(fd);
	for (int i = 0; n > 0 && i < e->e_phnum; i++)
		if (p[i].p_type == PT_INTERP) {
			*room = p[i].p_filesz;
			*size = (size_t)n;
			return image + p[i].p_offset;
		}
	return NULL;
}

/* Makes "loaded": this program with another loader. */
static bool
make_loaded(const char *loader)
{
	size_t room, size;
	char *name = loader_name(&room, &size);
	int fd;

	if (!name || strlen(loader) >= room)
		return false;
	memset(name, 0, room);
	strcpy(name, loader);
	unlink("loaded");
	fd = open("loaded", O_WRONLY | O_CREAT | O_EXCL, 0755);
	if (fd < 0 || write(fd, image, size) != (ssize_t)size)
		return false;
	return close(fd) == 0;
}

static int
runs(const char *path)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		execl(path, path, "which", NULL);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	errno = WIFEXITED(status) ? ENODATA : EINTR;
	return WIFEXITED(status) && WEXITSTATUS(status) == 42 ? REACHED : REFUSED;
}

static int loaded(const char *loader) { return make_loaded(loader) ? runs("./loaded") : ABSENT; }
static int v72_loader(void) { return loaded("../forbidden/ld"); }
static int v72_loader_by_directory(void) { return loaded("ed/ld"); }

static int
v72_loader_by_link(void)
{
	unlink("el");
	return symlink("../forbidden/ld", "el") < 0 ? REFUSED : loaded("el");
}

static char *own_loader;

static void
other_loader(bool evil)
{
	unlink("ln");
	(void)!symlink(evil ? "../forbidden/ld" : own_loader, "ln");
	rename("ln", "lo");
}

static int try_loaded(void) { return runs("./loaded"); }

static int
v72_loader_swapped(void)
{
	size_t room, size;
	char *name = loader_name(&room, &size);

	if (!name)
		return ABSENT;
	own_loader = strdup(name);
	other_loader(false);
	return make_loaded("lo") ? race_against(A_THREAD, other_loader, try_loaded, tries() / 5 + 1) : ABSENT;
}

/* The program is rewritten, and not the link. */
static void
other_name_of_loader(bool evil)
{
	static size_t at;
	size_t room, size;
	char *name;
	int fd = -1;

	if (!at && (name = loader_name(&room, &size)))
		at = (size_t)(name - image);
	for (int i = 0; i < 1000 && fd < 0; i++)
		fd = open("loaded", O_WRONLY);		/* not while it is executed */
	(void)!pwrite(fd, evil ? "e" : "g", 1, (off_t)at);
	close(fd);
	usleep(300);		/* for as long as it is open it cannot be executed */
}

static int
v72_loader_rewritten(void)
{
	size_t room, size;
	char *name = loader_name(&room, &size);

	if (!name)
		return ABSENT;
	own_loader = strdup(name);
	unlink("gl");
	unlink("el");
	if (symlink(own_loader, "gl") < 0 || symlink("../forbidden/ld", "el") < 0)
		return REFUSED;
	return make_loaded("gl") ? race_against(A_PROCESS, other_name_of_loader, try_loaded, tries() / 5 + 1) : ABSENT;
}

static int
script(const char *interpreter)
{
	FILE *f = fopen("script", "w");

	if (!f)
		return REFUSED;
	fprintf(f, "#!%s which\n", interpreter);
	fclose(f);
	return chmod("script", 0755) < 0 ? REFUSED : runs("./script");
}

static int v72_interpreter(void) { return script(in_box("noexec/run")); }
static int v72_interpreter_relative(void) { return script("../noexec/run"); }

static int
v72_interpreter_of_interpreter(void)
{
	if (script(in_box("noexec/run")) == REACHED && rename("script", "inner") < 0)
		return REFUSED;
	rename("script", "inner");
	return script(in_box("allowed/inner"));
}

/* The file that tollgate was told to write its log to; alone it is one of ours. */

static int v76_log_written(void) { return done(open("tollgate.log", O_WRONLY | O_APPEND)); }
static int v76_log_truncated(void) { return done(truncate("tollgate.log", 0)); }
static int v76_log_mode(void) { return done(chmod("tollgate.log", 0606)); }
static int v76_log_gone(void) { return link("tollgate.log", "kept") < 0 ? REFUSED : done(unlink("tollgate.log")) & done(rename("kept", "tollgate.log")); }
static int v76_log_moved(void) { return rename("tollgate.log", "log2") < 0 ? REFUSED : done(rename("log2", "tollgate.log")); }
static int v76_log_replaced(void) { return link("tollgate.log", "log3") < 0 ? REFUSED : done(rename("log3", "tollgate.log")); }

static int
v76_log_reopened(void)
{
	int fd = open("tollgate.log", O_RDONLY);

	return fd < 0 ? REFUSED : done(open(text("/proc/self/fd/%d", fd), O_WRONLY));
}

static int
v76_log_by_descriptor(void)
{
	int fd = open("tollgate.log", O_RDONLY);

	return fd < 0 ? REFUSED : done(fchmod(fd, 0600));
}

#define A(fn) { #fn, fn, 0 }
#define R(fn) { #fn, fn, ROOT }
static const struct attempt list[] = {
	A(v63_own_mem), A(v63_own_mem_by_pid), A(v63_own_mem_by_task), A(v63_own_mem_by_dirfd), A(v63_own_mem_by_link),
	R(v64_root_left_by_descriptor), R(v64_root_left_by_working_directory),
	A(v64_standard_directory), A(v64_standard_directory_entered), A(v64_inherited_directory),
	A(v75_inherited_file), A(v75_inherited_file_by_name),
	A(v69_pipe), A(v70_core),
	A(v72_loader), A(v72_loader_by_directory), A(v72_loader_by_link), A(v72_loader_swapped), A(v72_loader_rewritten),
	A(v72_interpreter), A(v72_interpreter_relative), A(v72_interpreter_of_interpreter),
	A(v76_log_written), A(v76_log_truncated), A(v76_log_mode), A(v76_log_gone), A(v76_log_moved), A(v76_log_replaced),
	A(v76_log_reopened), A(v76_log_by_descriptor),
};

/* Where our code comes from: is any of it what may not be run? */
static int
says_which(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	char line[4608];
	int r = 0;

	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, "/forbidden/ld\n") || strstr(line, "/noexec/run\n"))
			r = 42;
	return r;
}

int
main(int argc, char **argv)
{
	size_t room, size;

	if (argc >= 2 && !strcmp(argv[1], "which"))
		return says_which();
	self = argv[0];
	if (argc == 2 && !strcmp(argv[1], "loader"))
		return loader_name(&room, &size) ? puts(loader_name(&room, &size)) < 0 : 1;
	return make_attempts(list, sizeof(list) / sizeof(*list), argc, argv);
}
