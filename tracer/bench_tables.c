/* SPDX-License-Identifier: ISC */
/* What is measured, in what, and which bars it is held against: a row for each. */
#include "tracer/bench.h"

const char *const bench_section_names[BENCH_SECTIONS] = {
	[SEC_WORKLOADS] = "workloads",
	[SEC_MEMORY]	= "memory",
	[SEC_BARS]	= "bars",
	[SEC_CALLS]	= "calls",
	[SEC_DECIDING]	= "deciding",
};

const struct bench_config bench_configs[BENCH_CONFIGS] = {
	[CFG_NATIVE] = { .name = "native", .what = "nothing looks" },
	[CFG_NULL] = { .name = "null", .what = "a tracer that only waits and resumes, on the same core",
		.words = { "%tollgate", "bench", "--tracer", "null", "--" }, .one_core = true, .tracer = true },
	[CFG_FREE] = { .name = "null-free", .what = "the same on any core",
		.words = { "%tollgate", "bench", "--tracer", "null", "--" }, .tracer = true },
	[CFG_LOOK] = { .name = "null-look", .what = "null, and reads the registers and one string at each entry",
		.words = { "%tollgate", "bench", "--tracer", "look", "--" }, .one_core = true, .tracer = true, .calls_only = true },
	[CFG_PTRACE] = { .name = "ptrace", .what = "tollgate run --engine ptrace",
		.words = { "%tollgate", "run", "--engine", "ptrace", "-p", "%policy", "--" }, .tracer = true, .refuses = true },
	[CFG_UNHELD] = { .name = "unheld", .what = "tollgate run --without hold: decides, and lets what was checked change",
		.words = { "%tollgate", "run", "--engine", "ptrace", "--without", "hold", "-p", "%policy", "--" },
		.tracer = true, .refuses = true, .calls_only = true },
	[CFG_SECCOMP] = { .name = "seccomp", .what = "tollgate run --engine seccomp",
		.words = { "%tollgate", "run", "--engine", "seccomp", "-p", "%policy", "--" }, .tracer = true, .refuses = true },
	[CFG_FILTER] = { .name = "filter", .what = "what tollgate export --format bpf makes of the policy, no tracer",
		.words = { "%tollgate", "bench", "--filter", "%filter", "--" }, .refuses = true },
	[CFG_STRACE] = { .name = "strace", .what = "strace -f -o /dev/null -e trace=none", .program = "strace",
		.words = { "strace", "-f", "-o", "/dev/null", "-e", "trace=none", "--" }, .tracer = true },
	[CFG_STRACE_BPF] = { .name = "strace-bpf", .what = "strace -f --seccomp-bpf -o /dev/null -e trace=%file,%network",
		.program = "strace",
		.words = { "strace", "-f", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=%file,%network", "--" }, .tracer = true },
	[CFG_PROOT] = { .name = "proot", .what = "proot", .program = "proot", .words = { "proot" }, .tracer = true },
	[CFG_FIREJAIL] = { .name = "firejail", .what = "firejail --noprofile --seccomp", .program = "firejail",
		.words = { "firejail", "--quiet", "--noprofile", "--seccomp", "--" } },
	[CFG_BWRAP] = { .name = "bwrap", .what = "bwrap, all of the system read-only", .program = "bwrap",
		.words = { "bwrap", "--die-with-parent", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc",
			"--bind", "%dir", "%dir", "--" } },
};

/* A short film, which is then played four times: starting the player is to be nothing beside it. */
#define FILM	"ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=size=1920x1080:rate=25:duration=$N "

/* N files with a line each, in folders of a hundred. */
#define FILES(folder) \
	"mkdir " folder " && i=0; while [ $i -lt $N ]; do d=" folder "/$((i / 100)); [ $((i % 100)) != 0 ] || mkdir $d; " \
	"echo $i >$d/$i; i=$((i + 1)); done; "

#define SERVER \
	"import http.client, http.server, sys, threading\n" \
	"class Quiet(http.server.SimpleHTTPRequestHandler):\n" \
	"    def log_message(self, *words): pass\n" \
	"server = http.server.ThreadingHTTPServer((\"127.0.0.1\", 0), Quiet)\n" \
	"threading.Thread(target=server.serve_forever, daemon=True).start()\n" \
	"got = 0\n" \
	"for i in range(int(sys.argv[1])):\n" \
	"    c = http.client.HTTPConnection(*server.server_address)\n" \
	"    c.request(\"GET\", \"/page.html\")\n" \
	"    got += len(c.getresponse().read())\n" \
	"    c.close()\n" \
	"print(got)\n"

const struct bench_workload bench_workloads[BENCH_WORKLOADS] = {
	[WL_GETPPID] = { .name = "getppid", .what = "a call that needs no inspection", .loop = "getppid" },
	[WL_REFUSED] = { .name = "refused", .what = "a call that the policy refuses (getsid)", .loop = "refused" },
	[WL_HIT] = { .name = "open-hit", .what = "opening a file whose path is checked", .loop = "open-hit" },
	[WL_MISS] = { .name = "open-miss", .what = "opening a file that is not there", .loop = "open-miss" },
	[WL_CONNECT] = { .name = "connect", .what = "connecting a datagram socket whose address is checked", .loop = "connect" },
	[WL_FUTEX] = { .name = "futex", .what = "four threads that wake each other in pairs; of one wake-up", .loop = "futex" },
	[WL_DECODE] = { .name = "decode", .what = "ffmpeg decodes a film of 1080 lines, in four threads", .needs = { "ffmpeg" }, .size = 10,
		.prepare = "mkdir film && cd film && { " FILM "-c:v libx264 -preset ultrafast film.mkv || "
			FILM "-c:v mpeg4 -q:v 4 film.mkv; }",
		.run = "exec ffmpeg -nostdin -v error -threads 4 -stream_loop 3 -i film/film.mkv -f framecrc -" },
	[WL_MAKE] = { .name = "make", .what = "make -j2 of a small C project", .needs = { "make", "cc" }, .size = 12,
		.prepare = "mkdir src && cd src && i=0 && while [ $i -lt $N ]; do printf '#include <stdio.h>\\n#include <stdlib.h>\\n"
			"#include <string.h>\\nint f%d(int n)\\n{\\n\\tchar text[64];\\n\\n\\tsnprintf(text, sizeof(text), \"%%d\", n);\\n"
			"\\treturn (int)strlen(text) + atoi(text) %% 7;\\n}\\n' $i >f$i.c; echo \"int f$i(int);\" >>all.h; "
			"echo \"sum += f$i($i);\" >>all.inc; objects=\"$objects f$i.o\"; i=$((i + 1)); done; "
			"printf '#include <stdio.h>\\n#include \"all.h\"\\nint main(void)\\n{\\n\\tint sum = 0;\\n\\n#include \"all.inc\"\\n"
			"\\tprintf(\"%%d\\\\n\", sum);\\n\\treturn 0;\\n}\\n' >main.c; "
			"printf 'CC = cc\\nCFLAGS = -O1\\nprog: main.o%s\\n\\t$(CC) -o $@ main.o%s\\n' \"$objects\" \"$objects\" >Makefile",
		.before = "rm -f src/*.o src/prog",
		.run = "make -s -j2 -C src && src/prog" },
	[WL_UNTAR] = { .name = "untar", .what = "tar takes out small files", .needs = { "tar", "find" }, .size = 1500,
		.prepare = FILES("pack") "tar cf pack.tar -C pack .",
		.before = "rm -rf out && mkdir out",
		.run = "tar xof pack.tar -C out && find out -type f | wc -l" },
	[WL_FIND] = { .name = "find", .what = "find looks at each file of a tree", .needs = { "find" }, .size = 3000,
		.prepare = FILES("tree"),
		.run = "find tree -type f -size -9 | wc -l" },
	[WL_SERVE] = { .name = "serve", .what = "python3's web server and a client, in one process", .needs = { "python3" }, .size = 300,
		.prepare = "printf '%s' '" SERVER "' >serve.py && printf '<p>%5000d</p>' 1 >page.html",
		.run = "exec python3 serve.py $N" },
	[WL_FORKS] = { .name = "forks", .what = "sh starts programs one after the other", .needs = { "sh" }, .size = 300,
		.run = "i=0; while [ $i -lt $N ]; do /bin/true || exit 1; i=$((i + 1)); done; echo $i" },
};

/* Memory */

static double
fixed_mib(const struct bench_memory *m)
{
	return m->fixed / (1 << 20);
}

static double
task_kib(const struct bench_memory *m)
{
	return (m->process > m->thread ? m->process : m->thread) / (1 << 10);
}

const struct bench_bar bench_bars[] = {
	{ "ptrace, a call that needs no inspection / null tracer on the same core", 1.15, "ratio", WL_GETPPID, CFG_PTRACE, CFG_NULL, NULL },
	{ "ptrace, path-checked open / null tracer with one register read and one string read", 2.0, "ratio", WL_HIT, CFG_PTRACE, CFG_LOOK, NULL },
	{ "ptrace, a call that needs no inspection / strace", 0.45, "ratio", WL_GETPPID, CFG_PTRACE, CFG_STRACE, NULL },
	{ "ptrace, path-checked open / strace", 0.45, "ratio", WL_HIT, CFG_PTRACE, CFG_STRACE, NULL },
	{ "seccomp, a call that needs no inspection / plain filter", 1.05, "ratio", WL_GETPPID, CFG_SECCOMP, CFG_FILTER, NULL },
	{ "seccomp, path-checked open / ptrace", 0.65, "ratio", WL_HIT, CFG_SECCOMP, CFG_PTRACE, NULL },
	{ "ptrace, threaded media decode / native", 1.05, "ratio", WL_DECODE, CFG_PTRACE, CFG_NATIVE, NULL },
	{ "ptrace, make -j2 / native", 2.0, "ratio", WL_MAKE, CFG_PTRACE, CFG_NATIVE, NULL },
	{ "seccomp, make -j2 / native", 1.35, "ratio", WL_MAKE, CFG_SECCOMP, CFG_NATIVE, NULL },
	{ "ptrace, resident memory for each traced task", 16, "KiB", 0, CFG_PTRACE, CFG_PTRACE, task_kib },
	{ "ptrace, resident memory, fixed", 8, "MiB", 0, CFG_PTRACE, CFG_PTRACE, fixed_mib },
	{ "pinned argument (connect) / the same without pinning", 1.4, "ratio", WL_CONNECT, CFG_PTRACE, CFG_UNHELD, NULL },
	{ "pinned object (open) / the same without pinning", 1.7, "ratio", WL_HIT, CFG_PTRACE, CFG_UNHELD, NULL },
	{ "a call that needs neither / the same without pinning, within 5 %", 1.05, "ratio", WL_GETPPID, CFG_PTRACE, CFG_UNHELD, NULL },
};
const size_t bench_nbars = sizeof(bench_bars) / sizeof(bench_bars[0]);

bool
bench_bar_value(const struct bench_bar *b, const struct bench_results *r, double *value)
{
	const struct bench_result *of = &r->of[b->workload][b->of], *to = &r->of[b->workload][b->to];

	if (b->memory) {
		*value = b->memory(&r->memory[b->of]);
		return r->memory[b->of].fixed > 0;
	}
	if (!of->runs || !to->runs)
		return false;
	*value = of->ns.median / to->ns.median;
	return true;
}
