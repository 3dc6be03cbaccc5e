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
#include "tracer/audit_json.h"
#include "tracer/command.h"
#include "tracer/console.h"
#include "tracer/environ.h"
#include "tracer/features.h"
#include "tracer/host.h"
#include "tracer/launch.h"
#include "tracer/pt.h"
#include "tracer/script.h"
#include "tracer/status.h"
#include "tracer/trace.h"
#include "tracer/watchdog.h"

struct run_options {
	struct opt_list policies, ro, rw, connect, env, keep, limits, without;
	const char *log;
	int format;
	bool dry_run, clear_env;
	double timeout;
	int status_fd;		/* 0: none; it cannot be standard input */
};

#define AT(member)	offsetof(struct run_options, member)

static const struct option_row rows[] = {
	{ .name = "policy", .letter = 'p', .kind = OPT_LIST, .offset = AT(policies), .arg = "POLICY",
	  .help = "a policy by name or path; all of several must allow" },
	{ .name = "ro", .kind = OPT_LIST, .offset = AT(ro), .arg = "PATH",
	  .help = "also allow reading PATH and all below it" },
	{ .name = "rw", .kind = OPT_LIST, .offset = AT(rw), .arg = "PATH",
	  .help = "also allow reading, writing, creating and deleting there" },
	{ .name = "connect", .kind = OPT_LIST, .offset = AT(connect), .arg = "ADDRESS",
	  .help = "also allow connecting to ADDRESS (inet:127.0.0.1:80, unix:/run/x)" },
	{ .name = "output", .letter = 'o', .kind = OPT_STRING, .offset = AT(log), .arg = "FILE",
	  .help = "write the log of refusals to FILE, not to standard error" },
	{ .name = "log", .kind = OPT_CHOICE, .offset = AT(format), .arg = "FORMAT", .choices = "text|json",
	  .help = "how the log is written" },
	{ .name = "dry-run", .kind = OPT_FLAG, .offset = AT(dry_run),
	  .help = "decide and log, but refuse nothing that a policy could allow" },
	{ .name = "timeout", .kind = OPT_SECONDS, .offset = AT(timeout), .arg = "SECONDS",
	  .help = "kill everything after that time and exit with 124" },
	{ .name = "limit", .kind = OPT_LIST, .offset = AT(limits), .arg = "NAME=VALUE,...",
	  .help = "limit what each process may use: as, cpu, data, fsize, memlock, nofile, nproc, stack" },
	{ .name = "status-fd", .kind = OPT_INT, .offset = AT(status_fd), .arg = "FD", .min = 1, .max = 1 << 20,
	  .help = "write JSON lines there that say how the program ended" },
	{ .name = "keep-fd", .kind = OPT_LIST, .offset = AT(keep), .arg = "FD",
	  .help = "leave this descriptor open; of those above 2 none is otherwise" },
	{ .name = "env", .letter = 'E', .kind = OPT_LIST, .offset = AT(env), .arg = "VAR[=VALUE]",
	  .help = "set a variable; without a value remove it, or with --clear-env keep it" },
	{ .name = "without", .kind = OPT_LIST, .offset = AT(without), .arg = "FEATURE",
	  .help = "as if the kernel had not this feature; see tollgate probe" },
	{ .name = "clear-env", .kind = OPT_FLAG, .offset = AT(clear_env),
	  .help = "start the program with an empty environment" },
	{ .kind = OPT_END },
};

/* Everything one run needs, in the order it is made ready. */
struct run {
	const struct run_options *o;
	char **argv;
	struct host host;
	struct layers layers;
	struct session session;
	int *keep;
	struct limits limits;
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

/* Those in folders are parts that policies are made of. */
static int
name_it(void *ctx, const struct policy_file *f)
{
	struct strbuf *b = ctx;

	if (strchr(f->name, '/'))
		return 0;
	strbuf_add(b, b->len ? ", " : "");
	strbuf_escape(b, f->name, strlen(f->name), "");
	return 0;
}

/* The policies of the run: -p, or the one that names the program. */
static int
choose_policies(struct run *r, const char *path, struct opt_list *names)
{
	const char *name;
	char text[2048];
	struct strbuf b = STRBUF(text);

	for (size_t i = 0; i < r->o->policies.n; i++)
		opt_list_add(names, r->o->policies.v[i]);
	if (names->n)
		return 0;
	name = host_find_by_program(&r->host, path);
	if (name) {
		opt_list_add(names, name);
		return 0;
	}
	host_each_policy(&r->host, name_it, &b);
	warn("no policy names this program; choose one with -p (there are: %s) or a file of your own", text);
	return -ENOENT;
}

static int
load_policies(struct run *r, const char *path)
{
	struct opt_list names = { 0 };
	const char *extra = host_grants(&r->host, &r->o->ro, &r->o->rw, &r->o->connect);
	int err = extra ? choose_policies(r, path, &names) : -EINVAL;

	if (!err)
		err = host_load_layers(&r->host, &names, extra, &r->layers);
	opt_list_free(&names);
	return err;
}

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

/* What the log says goes nowhere but where it was asked for, and must be possible. */
static int
open_log(struct run *r)
{
	if (r->o->format == AUDIT_JSON && !audit_json_possible()) {
		warn("this tollgate was built without jansson and cannot log JSON");
		return -ENOSYS;
	}
	r->session.audit = audit_open(r->o->log, (enum audit_format)r->o->format);
	if (r->session.audit)
		return 0;
	warn_err(errno, "cannot write the log %s:", r->o->log);
	return -errno;
}

static int
check_status_fd(const struct run *r)
{
	if (!r->o->status_fd || fcntl(r->o->status_fd, F_GETFD) >= 0)
		return 0;
	warn("--status-fd: not an open descriptor: %d", r->o->status_fd);
	return -EBADF;
}

static int
check_kernel(const struct run_options *o)
{
	const char *wrong;
	unsigned without;

	if (features_named(&o->without, &without))
		return -EINVAL;
	wrong = pt_probe(without);
	if (wrong)
		warn("cannot trace: %s", wrong);
	return wrong ? -ENOSYS : 0;
}

static int
prepare(struct run *r, const char *path)
{
	int err;

	if ((err = limits_parse(&r->o->limits, &r->limits)) || (err = parse_keep(r)) || (err = check_status_fd(r)) ||
	    (err = load_policies(r, path)))
		return err;
	r->env = environ_build(&r->o->env, r->o->clear_env);
	if (!r->env)
		return -EINVAL;
	if ((err = check_kernel(r->o)) || (err = open_log(r)))
		return err;
	r->session.floor = r->layers.floor;
	r->session.layers = r->layers.layer;
	r->session.nlayers = r->layers.n;
	r->session.dry_run = r->o->dry_run;
	return 0;
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
	struct object o = { .fd = fd };
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
	struct outcome *o = &r->session.outcome;
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
	struct launch l = { path, r->argv, r->env, r->keep, r->o->keep.n, &r->limits };
	int fd = r->o->status_fd ? r->o->status_fd : -1, err;
	pid_t pid = launch(&l);

	if (pid < 0)
		return EXIT_SELF;
	status_started(fd, pid);
	err = console_start(pid, r->o->timeout);
	if (!err)
		err = trace_run(&r->session, pid);
	if (err) {
		kill(pid, SIGKILL);
		warn_err(-err, "tracing failed:");
		r->session.outcome = (struct outcome){ .by = BY_TOLLGATE, .code = EXIT_SELF };
	}
	watchdog_stop();
	if (console_expired())
		r->session.outcome.by = BY_TIMEOUT;
	note_failed_exec(r, path);
	explain_loader(&r->session.outcome);
	status_ended(fd, &r->session.outcome, audit_refusals(r->session.audit));
	return status_code(&r->session.outcome);
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
	console_block();
	session_init(&r.session);
	host_init(&r.host, argv);
	errno = ENOENT;
	path = host_find_program(&r.host, argv[0]);
	if (!path)
		status = refuse_program(argv[0], errno);
	else if ((status = check_readable(path)) == 0)
		status = prepare(&r, path) ? EXIT_SELF : run_program(&r, path);
	audit_close(r.session.audit);
	session_free(&r.session);
	layers_free(&r.layers);
	host_free(&r.host);
	free(r.keep);
	free(r.env);
	return status;
}
