/* SPDX-License-Identifier: ISC */
#include "tracer/bench_lab.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/diag.h"
#include "lib/strbuf.h"

/*
 * Of the usual size, and what it says of paths and addresses has them all
 * looked at; but it lets everything in that programs do.
 */
static const char policy_text[] =
    "policy 1\n"
    "default allow\n"
    "unknown allow\n"
    "promise stdio rpath wpath cpath fattr proc exec thread prot_exec inet unix\n"
    "deny EPERM syscall getsid\n"
    "deny read,write,create,delete %s/secret/**\n"
    "deny connect inet:192.0.2.0/24\n";

static int
write_policy(struct bench_lab *lab)
{
	cleanup_file FILE *f = fopen(lab->policy, "we");

	if (!f || fprintf(f, policy_text, lab->dir) < 0 || fflush(f))
		return -errno;
	return 0;
}

/* What the loops open. */
static int
write_file(const struct bench_lab *lab)
{
	char name[128];
	cleanup_close int fd = -1;

	snprintf(name, sizeof(name), "%s/file", lab->dir);
	fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	return fd < 0 ? -errno : 0;
}

static int
make_folder(struct bench_lab *lab)
{
	const char *tmp = getenv("TMPDIR");
	ssize_t n = readlink("/proc/self/exe", lab->self, sizeof(lab->self) - 1);
	int err;

	if (n < 0)
		return -errno;
	lab->self[n] = '\0';
	/* A name of any length would make the paths that are measured longer. */
	if (!tmp || !*tmp || strlen(tmp) > sizeof(lab->dir) - sizeof("/tollgate-bench-XXXXXX"))
		tmp = "/tmp";
	snprintf(lab->dir, sizeof(lab->dir), "%s/tollgate-bench-XXXXXX", tmp);
	if (!mkdtemp(lab->dir)) {
		err = -errno;
		lab->dir[0] = '\0';
		return err;
	}
	snprintf(lab->policy, sizeof(lab->policy), "%s/bench.policy", lab->dir);
	snprintf(lab->filter, sizeof(lab->filter), "%s/bench.bpf", lab->dir);
	err = write_policy(lab);
	return err ? err : write_file(lab);
}

static int
export_filter(struct bench_lab *lab)
{
	const char *const export[] = { lab->self, "export", "-p", lab->policy, "--format", "bpf", "-o", lab->filter, NULL };
	struct bench_run run;

	if (bench_execute(lab, CFG_NATIVE, export, &run) == 0)
		return 0;
	warn("bench: the policy could not be exported: %s", run.why);
	return -1;
}

/* Which configurations work here */

bool
bench_has(const char *program)
{
	const char *path = getenv("PATH");
	char name[PATH_MAX];

	for (path = path ? path : "/usr/bin:/bin"; *path;) {
		size_t n = strcspn(path, ":");

		snprintf(name, sizeof(name), "%.*s/%s", (int)n, path, program);
		if (access(name, X_OK) == 0)
			return true;
		path += n + (path[n] == ':');
	}
	return false;
}

static void
try_configuration(struct bench_lab *lab, enum bench_config_id c)
{
	const char *const once[] = { lab->self, "bench", "--loop", "getppid", "--times", "1", NULL };
	const struct bench_config *row = &bench_configs[c];
	struct bench_run run;

	if (row->program && !bench_has(row->program)) {
		snprintf(lab->why[c], sizeof(lab->why[c]), "%s is not installed", row->program);
		return;
	}
	lab->words[c] = row->words;
	if (bench_execute(lab, c, once, &run) == 0) {
		lab->start[c].ns = run.tracer_ns;
		lab->start[c].switches = run.tracer_switches;
		return;
	}
	lab->words[c] = NULL;
	memcpy(lab->why[c], run.why, sizeof(run.why));
}

int
bench_lab_open(struct bench_lab *lab, const struct bench_effort *effort, const bool wanted[BENCH_CONFIGS])
{
	int err;

	memset(lab, 0, sizeof(*lab));
	lab->effort = effort;
	bench_signals_begin();
	err = make_folder(lab);
	if (err) {
		warn_err(-err, "cannot make a folder to measure in:");
		return -1;
	}
	lab->words[CFG_NATIVE] = bench_configs[CFG_NATIVE].words;
	if (export_filter(lab))
		return -1;
	for (unsigned c = 0; c < BENCH_CONFIGS && !bench_interrupted(); c++)
		if (wanted[c])
			try_configuration(lab, (enum bench_config_id)c);
	return bench_interrupted() ? -1 : 0;
}

static int
remove_one(const char *name, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	remove(name);
	return 0;
}

void
bench_lab_close(struct bench_lab *lab)
{
	bench_progress_end();
	if (lab->dir[0])
		nftw(lab->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	bench_signals_end();
}

void
bench_progress_end(void)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
}

void
bench_progress(const struct bench_lab *lab, const char *what, enum bench_config_id c)
{
	if (!isatty(STDERR_FILENO))
		return;
	bench_progress_end();
	if (lab->todo)
		fprintf(stderr, "%3u %% ", lab->done * 100 / lab->todo);
	fprintf(stderr, "%s: %s", what, bench_configs[c].name);
	fflush(stderr);
}

void
bench_plain(char *out, size_t size, const char *text)
{
	size_t n = 0;

	for (; *text && n + 1 < size; text++)
		if (*text >= ' ' && *text <= '~' && !strchr("\"\\,", *text))
			out[n++] = *text;
	out[n] = '\0';
}
