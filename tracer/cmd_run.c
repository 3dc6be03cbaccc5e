/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/diag.h"
#include "lib/strbuf.h"
#include "lib/xalloc.h"
#include "tracer/command.h"
#include "tracer/console.h"
#include "tracer/environ.h"
#include "tracer/filter.h"
#include "tracer/launch.h"
#include "tracer/pt.h"
#include "tracer/script.h"
#include "tracer/setup.h"
#include "tracer/status.h"
#include "tracer/watchdog.h"

struct run_options {
	struct setup_options setup;
	struct opt_list env, keep, limits;
	bool clear_env;
	double timeout;
	int engine;
};

/* As --engine has them. */
enum { ENGINE_AUTO, ENGINE_PTRACE, ENGINE_SECCOMP };

#define AT(member)	offsetof(struct run_options, member)

#define AT_SETUP(member)	offsetof(struct run_options, setup.member)

static const struct option_row rows[] = {
	SETUP_OPTIONS(AT_SETUP),
	{ .name = "engine", .kind = OPT_CHOICE, .offset = AT(engine), .arg = "ENGINE", .choices = "auto|ptrace|seccomp",
	  .help = "stop the program at every call (ptrace), or by a filter at those to be looked at" },
	{ .name = "timeout", .kind = OPT_SECONDS, .offset = AT(timeout), .arg = "SECONDS",
	  .help = "kill everything after that time and exit with 124" },
	{ .name = "limit", .kind = OPT_LIST, .offset = AT(limits), .arg = "NAME=VALUE,...",
	  .help = "limit what each process may use: as, cpu, data, fsize, memlock, nofile, nproc, stack" },
	{ .name = "keep-fd", .kind = OPT_LIST, .offset = AT(keep), .arg = "FD",
	  .help = "leave this descriptor open; of those above 2 none is otherwise" },
	{ .name = "env", .letter = 'E', .kind = OPT_LIST, .offset = AT(env), .arg = "VAR[=VALUE]",
	  .help = "set a variable; without a value remove it, or with --clear-env keep it" },
	{ .name = "clear-env", .kind = OPT_FLAG, .offset = AT(clear_env),
	  .help = "start the program with an empty environment" },
	{ .kind = OPT_END },
};

struct run {
	const struct run_options *o;
	char **argv;
	struct setup setup;
	int *keep;
	struct limits limits;
	const struct export_insn *filter;
	size_t nfilter;
	char **env;
};

static int exec_run(void *options, int argc, char **argv);

const struct command cmd_run = {
	.name = "run",
	.usage = "[OPTION]... [--] PROGRAM [ARGUMENT]...",
	.summary = "run a program under a policy",
	.examples =
	    "tollgate run -- mpv clip.mkv\n"
	    "tollgate run -p ffmpeg --rw out -- ffmpeg -i clip.mkv out/clip.mp3\n"
	    "tollgate run -p ./mine.policy -o refusals.json --log=json -- ./program",
	.options = rows,
	.options_size = sizeof(struct run_options),
	.exec = exec_run,
	.usage_status = EXIT_SELF,
};

static int
parse_keep(struct run *r)
{
	r->keep = xcalloc(r->o->keep.n, sizeof(*r->keep));
	for (size_t i = 0; i < r->o->keep.n; i++) {
		char *end;
		long fd = strtol(r->o->keep.v[i], &end, 10);

		if (*end || end == r->o->keep.v[i] || fd < 0 || fd > 1 << 20 || fcntl((int)fd, F_GETFD) < 0) {
			warn("--keep-fd: not an open descriptor: %s", r->o->keep.v[i]);
			return -EBADF;
		}
		r->keep[i] = (int)fd;
	}
	return 0;
}

/* What a program that begins with these bytes runs as; a script is run by a program that nobody has looked at yet. */
static const struct abi *
abi_of_program(const struct arch *arch, const char *path)
{
	enum { CLASS_AT = 4, CLASS_32 = 1 };
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char head[5] = { 0 };
	unsigned wordsize = 8;

	if (fd >= 0 && read(fd, head, sizeof(head)) == sizeof(head) && !memcmp(head, "\177ELF", 4) && head[CLASS_AT] == CLASS_32)
		wordsize = 4;
	for (size_t i = 0; i < arch->nabis; i++)
		if (arch->abis[i].supported && arch->abis[i].wordsize == wordsize)
			return &arch->abis[i];
	return &arch->abis[0];
}

/* Why there can be no filter; NULL: there is one. */
static const char *
make_filter(struct run *r, const struct abi *abi)
{
	struct session *s = &r->setup.session;

	if (s->on_loss == LOSS_DETACHES)
		return "who goes on without tollgate could not with a filter that asks for it";
	filter_probe(r->setup.without);
	if (!pt_has(PT_FILTER))
		return "this kernel, or what tollgate runs in, does not let filters stop a program for its tracer (Linux 4.8 does)";
	r->nfilter = business_filter(&s->business, abi, FILTER_LOOK, &r->filter);
	return r->nfilter ? NULL : "the filter for this policy would be larger than the kernel takes";
}

/* No policy that an exec adds takes off what one of these refuses. */
static bool
may_change_root(const struct layers *l)
{
	bool may = true;

	for (size_t i = 0; i < l->n; i++)
		may = may && policy_lifts(l->layer[i].policy, "mount");
	return may;
}

/* 0, with a filter or without; or -errno after a message where only one would do. */
static int
choose_engine(struct run *r, const char *path)
{
	struct session *s = &r->setup.session;
	const struct abi *abi = abi_of_program(s->map.arch, path);
	const char *wrong;

	if (r->o->engine == ENGINE_PTRACE)
		return 0;
	wrong = make_filter(r, abi);
	pt_use_filters(!wrong);
	s->stubs = !wrong && !may_change_root(&r->setup.layers);
	if (!wrong)
		s->filtered = abi;
	else if (r->o->engine == ENGINE_SECCOMP)
		warn("--engine seccomp: %s", wrong);
	return wrong && r->o->engine == ENGINE_SECCOMP ? -ENOSYS : 0;
}

static int
prepare(struct run *r, const char *path)
{
	int err;

	if ((err = limits_parse(&r->o->limits, &r->limits)) || (err = parse_keep(r)) ||
	    (err = setup_policies(&r->setup, path)))
		return err;
	r->env = environ_build(&r->o->env, r->o->clear_env);
	err = r->env ? setup_session(&r->setup) : -EINVAL;
	return err ? err : choose_engine(r, path);
}

/* What can be run and not read hides its memory from a tracer without privileges. */
static int
check_readable(const char *path)
{
	if (access(path, R_OK) == 0)
		return 0;
	warn_err(errno, "cannot read %s, and so not trace it:", path);
	return EXIT_NOEXEC;
}

/* The program was there a moment ago: what is missing is what it needs to be run by. */
static void
warn_interpreter(const char *path)
{
	cleanup_close int fd = open(path, O_PATH | O_CLOEXEC);
	struct object o = { .fd = fd, .parent = -1 };
	char name[256], shown[600];
	struct strbuf b = STRBUF(shown);

	if (fd < 0 || fstat(fd, &o.st) < 0) {
		warn_err(ENOENT, "cannot execute %s:", path);
	} else if (script_interpreter(&o, name, sizeof(name))) {
		strbuf_quote(&b, name, strlen(name), 200);
		warn_err(ENOENT, "cannot execute %s: its interpreter %s, as its first line has it:", path, b.s);
	} else {
		warn_err(ENOENT, "cannot execute %s: its loader:", path);
	}
}

/* The program never ran: its execve failed after all our checks. */
static void
note_failed_exec(struct run *r, const char *path)
{
	struct outcome *o = &r->setup.session.outcome;
	int err = o->never_ran ? launch_error() : 0;

	if (!o->never_ran || o->by == BY_TIMEOUT)
		return;
	o->by = BY_TOLLGATE;
	o->sig = 0;
	o->code = err == ENOENT ? EXIT_NOTFOUND : err ? EXIT_NOEXEC : EXIT_SELF;
	if (err == ENOENT)
		warn_interpreter(path);
	else if (err)
		warn_err(err, "cannot execute %s:", path);
	else
		warn("%s died before it could be executed", path);
}

static void
explain_loader(const struct outcome *o)
{
	if (o->refusal)
		warn("the program did not start: its loader was refused %s", o->refusal);
}

static int
run_program(struct run *r, const char *path)
{
	struct launch l = { path, r->argv, r->env, r->keep, r->o->keep.n, &r->limits, r->setup.session.on_loss,
	    r->setup.session.filtered ? r->filter : NULL, r->nfilter };
	int fd = setup_status_fd(&r->setup), err;
	pid_t pid = launch(&l);

	if (pid < 0)
		return EXIT_SELF;
	status_started(fd, pid);
	err = console_start(pid, r->o->timeout);
	if (!err)
		err = trace_run(&r->setup.session, pid);
	if (err) {
		warn_err(-err, "tracing failed:");
		r->setup.session.outcome = (struct outcome){ .by = BY_TOLLGATE, .code = EXIT_SELF };
	}
	if (!err)
		watchdog_stop();	/* else it has work to do */
	if (console_expired())
		r->setup.session.outcome.by = BY_TIMEOUT;
	note_failed_exec(r, path);
	explain_loader(&r->setup.session.outcome);
	status_ended(fd, &r->setup.session.outcome, audit_refusals(r->setup.session.audit));
	return status_code(&r->setup.session.outcome);
}

/* env(1)'s two: 127 there is no such program, 126 there is and it cannot be executed. */
static int
refuse_program(const char *name, int err)
{
	char text[512];
	struct strbuf b = STRBUF(text);

	strbuf_escape(&b, name, strlen(name), "");
	warn_err(err, "cannot execute %s:", text);
	return err == ENOENT ? EXIT_NOTFOUND : EXIT_NOEXEC;
}

static int
exec_run(void *options, int argc, char **argv)
{
	struct run r = { .o = options, .argv = argv };
	const char *path;
	int status;

	if (!argc)
		return command_misused(&cmd_run, "no program to run");
	setup_begin(&r.setup, &r.o->setup, argv);
	errno = ENOENT;
	path = host_find_program(&r.setup.host, argv[0]);
	if (!path)
		status = refuse_program(argv[0], errno);
	else if ((status = check_readable(path)) == 0)
		status = prepare(&r, path) ? EXIT_SELF : run_program(&r, path);
	setup_end(&r.setup);
	free(r.keep);
	free(r.env);
	return status;
}
