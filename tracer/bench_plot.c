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
	{ ".svg", "svg size 1000,420 dynamic font 'sans-serif,12' background 'white'" },
	{ ".png", "pngcairo size 1000,420 font 'sans-serif,10'" },
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

static bool
is_drawn(const struct bench_results *r, unsigned c)
{
	for (unsigned w = 0; c != CFG_NATIVE && !bench_configs[c].calls_only && w < BENCH_WORKLOADS; w++)
		if (r->of[w][c].runs)
			return true;
	return false;
}

/* A row for each workload, a column for each configuration: its ratio to native, or "?". */
static void
put_data(const struct bench_results *r, FILE *f)
{
	fprintf(f, "$data << END\nworkload");
	for (unsigned c = 0; c < BENCH_CONFIGS; c++)
		if (is_drawn(r, c))
			fprintf(f, " %s", bench_configs[c].name);
	for (unsigned w = 0; w < BENCH_WORKLOADS; w++) {
		if (!r->of[w][CFG_NATIVE].runs)
			continue;
		fprintf(f, "\n%s", bench_workloads[w].name);
		for (unsigned c = 0; c < BENCH_CONFIGS; c++) {
			if (!is_drawn(r, c))
				continue;
			if (r->of[w][c].runs)
				fprintf(f, " %.3f", r->of[w][c].ns.median / r->of[w][CFG_NATIVE].ns.median);
			else
				fprintf(f, " ?");
		}
	}
	fprintf(f, "\nEND\n");
}

static void
put_script(const char *terminal, const struct bench_results *r, FILE *f)
{
	unsigned n = 0;

	for (unsigned c = 0; c < BENCH_CONFIGS; c++)
		n += is_drawn(r, c);
	put_data(r, f);
	fprintf(f, "set terminal %s\n"
	    "set title 'time, as a multiple of what it takes alone (the scale is logarithmic)'\n"
	    "set style data histograms\nset style histogram clustered gap 1\nset style fill solid 0.8 noborder\n"
	    "set logscale y\nset grid y\nset key outside right noenhanced\nset datafile missing '?'\nset xtics noenhanced\n"
	    "set yrange [0.8:*]\n", terminal);
	fprintf(f, "plot for [i=2:%u] $data using i:xtic(1) title columnheader(i)\n", n + 1);
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
