/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/policy.h"
#include "lib/diag.h"
#include "lib/strbuf.h"
#include "lib/xalloc.h"
#include "tracer/command.h"
#include "tracer/opt.h"

static const struct command *const commands[] = {
	&cmd_run,
	&cmd_attach,
	&cmd_check,
	&cmd_explain,
	&cmd_show,
	&cmd_fmt,
	&cmd_list,
	&cmd_probe,
	&cmd_export,
	&cmd_import,
	&cmd_bench,
};

enum { NCOMMANDS = sizeof(commands) / sizeof(commands[0]) };

struct main_options {
	bool version;
	bool debug;
};

static const struct option_row main_rows[] = {
	{ .name = "debug", .kind = OPT_FLAG, .offset = offsetof(struct main_options, debug),
	  .help = "say what tollgate itself is doing" },
	{ .name = "version", .letter = 'V', .kind = OPT_FLAG, .offset = offsetof(struct main_options, version),
	  .help = "show the version" },
	{ .kind = OPT_END },
};

static void open_standard_fds(void);
static int finish_stdout(void);
static const char *whose_option(int argc, char **argv);
static int dispatch(int argc, char **argv);
static int run_command(const struct command *, int argc, char **argv);
static int main_help(FILE *);

int
main(int argc, char **argv)
{
	struct main_options o = { 0 };
	struct opt_error error;
	int i, status;

	open_standard_fds();
	i = options_parse(main_rows, &o, argc, argv, &error);
	if (i == OPT_WRONG)
		die(EXIT_SELF, "%s%s (see tollgate --help)", error.text, whose_option(argc, argv));
	diag_verbose = o.debug;
	if (i == OPT_WANTS_HELP)
		status = main_help(stdout);
	else if (o.version)
		status = printf("tollgate " PACKAGE_VERSION "\n") < 0 ? EXIT_SELF : 0;
	else
		status = dispatch(argc - i, argv + i);
	return finish_stdout() ? EXIT_SELF : status;
}

/* An option of a command that stands before its name: where it belongs. */
static const char *
whose_option(int argc, char **argv)
{
	static char text[128];

	for (int i = 1; i < argc && argv[i][0] == '-'; i++) {
		size_t len = strncmp(argv[i], "--", 2) ? 0 : strcspn(argv[i] + 2, "=");

		for (int k = 0; len > 1 && !option_near(main_rows, argv[i] + 2, len) && k < NCOMMANDS; k++) {
			const char *near = option_near(commands[k]->options, argv[i] + 2, len);

			if (!near)
				continue;
			snprintf(text, sizeof(text), "; did you mean tollgate %s --%s?", commands[k]->name, near);
			return text;
		}
	}
	return text;
}

int
command_misused(const struct command *cmd, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	warn("%s (see tollgate %s --help)", text, cmd->name);
	return cmd->usage_status;
}

/*
 * A descriptor below 3 that is closed is opened, so that no file of ours
 * becomes somebody's standard output; and opened the wrong way round, so that
 * using it fails as it would have.  For the program it stays closed.
 */
static void
open_standard_fds(void)
{
	static const int mode[] = { O_WRONLY, O_RDONLY, O_RDONLY };

	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", mode[fd] | O_CLOEXEC) != fd)
			exit(EXIT_SELF);
}

/* A full disk must not look like a short list. */
static int
finish_stdout(void)
{
	bool failed = ferror(stdout);

	if (fflush(stdout) == 0 && !failed)
		return 0;
	warn_err(errno, "cannot write to standard output:");
	return -1;
}

static const struct command *
command_find(const char *name)
{
	for (int i = 0; i < NCOMMANDS; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static int
unknown_command(const char *name)
{
	const char *words[NCOMMANDS + 2] = { "help" };
	struct strbuf b;
	char mem[128];
	const char *near;

	for (int i = 0; i < NCOMMANDS; i++)
		words[i + 1] = commands[i]->name;
	near = nearest_word(name, words);
	strbuf_init(&b, mem, sizeof(mem));
	strbuf_escape(&b, name, strlen(name), "");
	if (near)
		warn("unknown command \"%s\"; did you mean \"%s\"?", b.s, near);
	else
		warn("unknown command \"%s\" (see tollgate --help)", b.s);
	return EXIT_SELF;
}

/* Help */

static void
print_examples(const char *text, FILE *f)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		fprintf(f, "  %.*s\n", (int)n, text);
		text += n + (text[n] == '\n');
	}
}

static int
command_help(const struct command *cmd, FILE *f)
{
	char text[256];

	fprintf(f, "Usage: tollgate %s %s\n", cmd->name, cmd->usage);
	snprintf(text, sizeof(text), "%c%s.", toupper((unsigned char)cmd->summary[0]), cmd->summary + 1);
	help_line(f, "", 0, text);
	fprintf(f, "\nOptions:\n");
	options_help(cmd->options, f);
	if (cmd->examples) {
		fprintf(f, "\n%s:\n", strchr(cmd->examples, '\n') ? "Examples" : "Example");
		print_examples(cmd->examples, f);
	}
	return 0;
}

static int
main_help(FILE *f)
{
	fprintf(f, "Usage: tollgate [OPTION]... COMMAND [ARGUMENT]...\n"
	    "Run a program under a policy that people can read, with ptrace alone.\n"
	    "\nCommands:\n");
	for (int i = 0; i < NCOMMANDS; i++) {
		char left[32];

		snprintf(left, sizeof(left), "  %s", commands[i]->name);
		help_line(f, left, 12, commands[i]->summary);
	}
	help_line(f, "  help", 12, "show the help of a command: tollgate help COMMAND");
	fprintf(f, "\nOptions:\n");
	options_help(main_rows, f);
	fprintf(f, "\nExample:\n  tollgate run -p mpv -- mpv clip.mkv\n"
	    "\nMan pages: tollgate(1), tollgate.policy(5).\n");
	return 0;
}

static int
help_command(int argc, char **argv)
{
	const struct command *cmd;

	if (argc < 2)
		return main_help(stdout);
	cmd = command_find(argv[1]);
	return cmd ? command_help(cmd, stdout) : unknown_command(argv[1]);
}

/* Commands */

static int
dispatch(int argc, char **argv)
{
	const struct command *cmd;

	if (argc == 0) {
		main_help(stderr);
		return EXIT_SELF;
	}
	if (!strcmp(argv[0], "help"))
		return help_command(argc, argv);
	cmd = command_find(argv[0]);
	return cmd ? run_command(cmd, argc, argv) : unknown_command(argv[0]);
}

static int
run_command(const struct command *cmd, int argc, char **argv)
{
	void *options = xcalloc(1, cmd->options_size);
	struct opt_error error;
	int i, status;

	i = options_parse(cmd->options, options, argc, argv, &error);
	if (i == OPT_WANTS_HELP)
		status = command_help(cmd, stdout);
	else if (i == OPT_WRONG)
		status = command_misused(cmd, "%s", error.text);
	else
		status = cmd->exec(options, argc - i, argv + i);
	options_free(cmd->options, options);
	free(options);
	return status;
}
