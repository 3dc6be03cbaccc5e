/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/diag.h"
#include "lib/strbuf.h"
#include "tracer/command.h"
#include "tracer/console.h"
#include "tracer/procs.h"
#include "tracer/setup.h"
#include "tracer/status.h"
#include "tracer/watchdog.h"

#define AT(member)	offsetof(struct setup_options, member)

static const struct option_row rows[] = {
	SETUP_OPTIONS(AT),
	{ .kind = OPT_END },
};

static int exec_attach(void *options, int argc, char **argv);

const struct command cmd_attach = {
	.name = "attach",
	.usage = "[OPTION]... PID",
	.summary = "put a policy on a process that runs already",
	.examples =
	    "tollgate attach -p mpv 1234\n"
	    "tollgate attach --dry-run -p ./mine.policy -o would-be-refused.log 1234",
	.options = rows,
	.options_size = sizeof(struct setup_options),
	.exec = exec_attach,
	.usage_status = EXIT_SELF,
};

/* The process of that number, or that has a thread of that number; 0 after a message. */
static pid_t
find_process(const char *number)
{
	char mem[128], *end;
	struct strbuf b = STRBUF(mem);
	long pid = strtol(number, &end, 10);
	pid_t tgid;

	strbuf_quote(&b, number, strlen(number), 60);
	if (*end || end == number || *number < '0' || *number > '9' || pid < 1 || pid > 1 << 22) {
		command_misused(&cmd_attach, "not the number of a process: %s", b.s);
		return 0;
	}
	tgid = procs_tgid((pid_t)pid);
	if (tgid <= 0)
		warn("there is no process %ld", pid);
	else if (tgid == getpid())
		warn("%ld is tollgate itself", pid);
	return tgid > 0 && tgid != getpid() ? tgid : 0;
}

/* "" when the kernel will not say; then no policy names the program. */
static void
read_program(pid_t pid, char *name, size_t size)
{
	char link[48];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/exe", pid);
	n = readlink(link, name, size - 1);
	name[n > 0 ? n : 0] = '\0';
}

static int
supervise(struct setup *s, pid_t pid)
{
	int fd = setup_status_fd(s), err = console_start_attached();

	status_started(fd, pid);
	err = err ? err : trace_attached(&s->session, pid);
	if (!err)
		watchdog_stop();	/* else there may be somebody whom nobody traces any more */
	if (err)
		s->session.outcome = (struct outcome){ .by = BY_TOLLGATE, .code = EXIT_SELF };
	else if (s->session.leaving)
		s->session.outcome = (struct outcome){ .by = BY_DETACHING };
	status_ended(fd, &s->session.outcome, audit_refusals(s->session.audit));
	return status_code(&s->session.outcome);
}

static int
exec_attach(void *options, int argc, char **argv)
{
	char program[4096], *program_argv[] = { program, NULL };
	struct setup s;
	int status = EXIT_SELF;
	pid_t pid;

	if (argc != 1)
		return command_misused(&cmd_attach, argc ? "one process at a time" : "no process to attach to");
	pid = find_process(argv[0]);
	if (!pid)
		return EXIT_SELF;
	read_program(pid, program, sizeof(program));
	setup_begin(&s, options, program_argv);
	host_find_program(&s.host, program);
	if (!setup_policies(&s, program) && !setup_session(&s))
		status = supervise(&s, pid);
	setup_end(&s);
	return status;
}
