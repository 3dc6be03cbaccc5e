/* SPDX-License-Identifier: ISC */
/* A picture of the ratios, which gnuplot draws. */
#include "tracer/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/diag.h"
#include "lib/strbuf.h"
#include "tracer/bench_lab.h"

static const struct {
	const char *ending, *terminal;
} kinds[] = {
	{ ".svg", "svg size 1100,640 dynamic font 'sans-serif,12' background 'white'" },
	{ ".png", "pngcairo size 1100,640 font 'sans-serif,10'" },
};

static const char *
terminal_for(const char *file)
{
	size_t n = strlen(file);

	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (n > 4 && !strcmp(file + n - 4, kinds[i].ending))
			return kinds[i].terminal;
	return NULL;
}

static int
refuse_file(const char *file, int err)
{
	char mem[256];
	struct strbuf b = STRBUF(mem);

	strbuf_escape(&b, file, strlen(file), "");
	warn_err(err, "cannot write %s:", b.s);
	return -1;
}

/* Leaves none behind that was not there. */
static int
check_writable(const char *file)
{
	cleanup_close int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	if (fd >= 0)
		unlink(file);
	else if (errno != EEXIST || access(file, W_OK) < 0)
		return refuse_file(file, errno);
	return 0;
}

int
bench_plot_check(const char *file)
{
	if (!terminal_for(file)) {
		warn("--plot: the name of the file says what it is to be: it ends in .svg or .png");
		return -1;
	}
	if (!bench_has("gnuplot")) {
		warn("--plot: gnuplot draws it, and is not installed");
		return -1;
	}
	return check_writable(file);
}

/* tollgate stands out. */
static const char *const colours[BENCH_CONFIGS] = {
	[CFG_NULL] = "#404040", [CFG_FREE] = "#909090", [CFG_PTRACE] = "#d00000", [CFG_SECCOMP] = "#f08000",
	[CFG_FILTER] = "#e8d060", [CFG_STRACE] = "#2060c0", [CFG_STRACE_BPF] = "#80b0f0", [CFG_PROOT] = "#40a060",
	[CFG_FIREJAIL] = "#a060c0", [CFG_BWRAP] = "#d0a0e0",
};

static bool
is_drawn(const struct bench_results *r, unsigned c)
{
	for (unsigned w = 0; colours[c] && w < BENCH_WORKLOADS; w++)
		if (r->of[w][c].runs)
			return true;
	return false;
}

static void
put_ratio(const struct bench_result *r, const struct bench_result *native, FILE *f)
{
	if (r->runs)
		fprintf(f, " %.3f", r->ns.median / native->ns.median);
	else
		fprintf(f, " ?");
}

/* A row for each workload, a column for each configuration.  False: there is no row. */
static bool
put_data(const struct bench_results *r, bool calls, const char *name, FILE *f)
{
	bool any = false;

	fprintf(f, "$%s << END\n", name);
	for (unsigned w = 0; w < BENCH_WORKLOADS; w++) {
		if (!r->of[w][CFG_NATIVE].runs || !bench_workloads[w].loop == calls)
			continue;
		any = true;
		fprintf(f, "%s", bench_workloads[w].name);
		for (unsigned c = 0; c < BENCH_CONFIGS; c++)
			if (is_drawn(r, c))
				put_ratio(&r->of[w][c], &r->of[w][CFG_NATIVE], f);
		fprintf(f, "\n");
	}
	fprintf(f, "END\n");
	return any;
}

static void
put_plot(const struct bench_results *r, const char *name, FILE *f)
{
	unsigned column = 2;

	for (unsigned c = 0; c < BENCH_CONFIGS; c++) {
		if (!is_drawn(r, c))
			continue;
		fprintf(f, "%s$%s using %u:xtic(1) title '%s' linecolor rgb '%s'", column == 2 ? "plot " : ", ", name, column,
		    bench_configs[c].name, colours[c]);
		column++;
	}
	fprintf(f, "\n");
}

/* Calls above programs: what makes a call slow is lost in most of them. */
static void
put_script(const char *terminal, const struct bench_results *r, FILE *f)
{
	bool calls = put_data(r, true, "calls", f), programs = put_data(r, false, "programs", f);

	fprintf(f, "set terminal %s\nset multiplot layout %d,1\nset style data histograms\nset style histogram clustered gap 2\n"
	    "set style fill solid noborder\nset grid y\nset key outside right noenhanced\nset datafile missing '?'\n"
	    "set xtics noenhanced scale 0\nset lmargin 7\nset rmargin 18\n", terminal, calls + programs);
	if (calls) {
		fprintf(f, "set title 'calls: time as a multiple of native (logarithmic)'\nset logscale y\nset yrange [0.5:*]\n");
		put_plot(r, "calls", f);
	}
	if (programs) {
		fprintf(f, "set title 'programs: time as a multiple of native'\nunset logscale y\nset yrange [0:*]\n");
		put_plot(r, "programs", f);
	}
}

static pid_t
start_gnuplot(int in, int out)
{
	pid_t pid = fork();

	if (pid == 0) {
		dup2(in, STDIN_FILENO);
		dup2(out, STDOUT_FILENO);
		execlp("gnuplot", "gnuplot", (char *)NULL);
		_exit(EXIT_NOTFOUND);
	}
	return pid;
}

int
bench_plot(const char *file, const struct bench_results *r)
{
	cleanup_close int out = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	cleanup_file FILE *script = tmpfile();
	int status = -1;
	pid_t pid;

	if (out < 0 || !script)
		return refuse_file(file, errno);
	put_script(terminal_for(file), r, script);
	rewind(script);
	pid = start_gnuplot(fileno(script), out);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status) {
		warn("--plot: gnuplot could not draw it");
		unlink(file);
		return -1;
	}
	return 0;
}
