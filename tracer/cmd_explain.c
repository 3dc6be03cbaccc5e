/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch/arch.h"
#include "engine/policy.h"
#include "lib/arena.h"
#include "lib/cleanup.h"
#include "lib/diag.h"
#include "lib/strbuf.h"
#include "lib/xalloc.h"
#include "tracer/advance.h"
#include "tracer/calltext.h"
#include "tracer/choice.h"
#include "tracer/halves.h"
#include "tracer/command.h"
#include "tracer/host.h"
#include "tracer/resolve.h"
#include "tracer/wording.h"

/* In this order: the worst of several calls is the exit status. */
enum { ALLOWED, REFUSED, USAGE };

enum { ARENA = 1 << 20, TEXT = 8192 };

struct explain_options {
	struct choice choice;
	const char *abi;
	const char *file;
	struct opt_list phases;
	bool full;
	const char *caller, *exe, *argv0;
	int uid, gid;
};

#define AT(member)	offsetof(struct explain_options, member)

static const struct option_row rows[] = {
	CHOICE_POLICY_ROW(struct explain_options, choice),
	CHOICE_PROGRAM_ROWS(struct explain_options, choice),
	CHOICE_GRANT_ROWS(struct explain_options, choice),
	{ .name = "abi", .kind = OPT_STRING, .offset = AT(abi), .arg = "ABI",
	  .help = "the calling convention of the program (see tollgate list arches)" },
	{ .name = "file", .letter = 'f', .kind = OPT_STRING, .offset = AT(file), .arg = "FILE",
	  .help = "read calls from FILE, one a line, as strace -o writes them; without CALL and FILE, from standard input" },
	{ .name = "full", .kind = OPT_FLAG, .offset = AT(full),
	  .help = "say of each of many calls all that there is to say, not one line" },
	{ .name = "phase", .kind = OPT_LIST, .offset = AT(phases), .arg = "NAME",
	  .help = "as if this phase of the policies were still open; without it all have ended" },
	{ .name = "caller", .kind = OPT_STRING, .offset = AT(caller), .arg = "FILE[:FUNCTION]",
	  .help = "as if the code of that library or program made the call; \"memory\": code that is in no file" },
	{ .name = "exe", .kind = OPT_STRING, .offset = AT(exe), .arg = "FILE",
	  .help = "as if the process executed that program" },
	{ .name = "argv0", .kind = OPT_STRING, .offset = AT(argv0), .arg = "NAME",
	  .help = "as if it was called by that name" },
	{ .name = "uid", .kind = OPT_INT, .offset = AT(uid), .arg = "UID", .min = 0, .max = INT32_MAX,
	  .help = "as if it ran as that user, and not as you" },
	{ .name = "gid", .kind = OPT_INT, .offset = AT(gid), .arg = "GID", .min = 0, .max = INT32_MAX,
	  .help = "as if it ran as that group" },
	{ .kind = OPT_END },
};

static int exec_explain(void *options, int argc, char **argv);

const struct command cmd_explain = {
	.name = "explain",
	.usage = "[OPTION]... [-p POLICY]... [CALL]",
	.summary = "say what a policy answers to a call, and by which rule",
	.examples =
	    "tollgate explain -p mpv 'openat(AT_FDCWD, \"/etc/shadow\", O_RDONLY)'\n"
	    "tollgate explain -p mpv 'fchmod(3</tmp/x>, 0600)'\n"
	    "strace -fyX raw -s 4096 -o log mpv a.mkv; tollgate explain -p mpv -f log",
	.options = rows,
	.options_size = sizeof(struct explain_options),
	.exec = exec_explain,
	.usage_status = USAGE,
};

/* Everything that deciding one call needs. */
struct explaining {
	const struct abi *abi;
	struct layers layers;
	struct arena arena;
	bool full;		/* all there is to say of many calls, too */
	const char *program;	/* whose start is still to come; NULL: no exec is one */
	const struct opt_list *names;	/* of the layers */
	unsigned unmet;		/* enum need: what a policy asked about the caller and nobody said */
	unsigned said;		/* enum need: what the options say of him */
	struct caller caller;
	struct process process;
};

static void describe_caller(struct explaining *, const struct explain_options *);
static int open_phases(struct explaining *, const struct opt_list *);
static int open_input(const struct explain_options *, FILE **);
static const struct abi *find_abi(const char *name);
static int explain_lines(struct explaining *, FILE *, const char *name);
static int explain_words(struct explaining *, int argc, char **argv);

static int
explain_input(struct explaining *e, const struct explain_options *o, int argc, char **argv)
{
	FILE *f = NULL;
	int status;

	if (argc > 0)
		return explain_words(e, argc, argv);
	if (open_input(o, &f) < 0)
		return USAGE;
	status = explain_lines(e, f, o->file ? o->file : "standard input");
	if (f != stdin)
		fclose(f);
	return status;
}

static int
explain_with(struct explain_options *o, struct host *h, int argc, char **argv)
{
	struct explaining e = { .abi = find_abi(o->abi), .full = o->full };
	const char *extra = choice_grants(&o->choice, h);
	int status;

	if (!e.abi || !extra || choice_complete(&o->choice, h) ||
	    host_load_layers(h, &o->choice.policies, extra, &e.layers))
		return USAGE;
	arena_init(&e.arena, ARENA);
	e.program = o->choice.program ? h->program : NULL;
	e.names = &o->choice.policies;
	describe_caller(&e, o);
	status = open_phases(&e, &o->phases) ? USAGE : explain_input(&e, o, argc, argv);
	free((char *)(uintptr_t)e.caller.module);
	arena_free(&e.arena);
	layers_free(&e.layers);
	return status;
}

static int
exec_explain(void *options, int argc, char **argv)
{
	struct explain_options *o = options;
	struct host host;
	int status;

	if (o->file && argc > 0)
		return command_misused(&cmd_explain, "a call and --file: one of the two");
	choice_host(&o->choice, &host);
	status = explain_with(o, &host, argc, argv);
	host_free(&host);
	choice_free(&o->choice);
	opt_list_free(&o->phases);
	return status;
}

static const struct abi *
find_abi(const char *name)
{
	const struct arch *arch = arch_native();
	const char *words[8] = { NULL }, *near;
	char mem[64];
	struct strbuf b = STRBUF(mem);

	if (!name)
		return &arch->abis[0];
	for (size_t i = 0; i < arch->nabis; i++) {
		if (!strcmp(arch->abis[i].name, name))
			return &arch->abis[i];
		words[i] = arch->abis[i].name;
	}
	near = nearest_word(name, words);
	strbuf_quote(&b, name, strlen(name), 40);
	warn("%s has no ABI %s%s%s%s", arch->name, b.s, near ? "; did you mean \"" : "", near ? near : "",
	    near ? "\"?" : " (see tollgate list arches)");
	return NULL;
}

/* Who is said to make the calls: as far as the options go. */
static void
describe_caller(struct explaining *e, const struct explain_options *o)
{
	const char *colon = o->caller ? strrchr(o->caller, ':') : NULL;
	size_t len = o->caller ? (colon ? (size_t)(colon - o->caller) : strlen(o->caller)) : 0;
	bool memory = o->caller && !strcmp(o->caller, "memory");

	e->said = NEED_IDS | (o->caller ? NEED_CALLER | NEED_FUNCTION : 0) | (o->exe || o->argv0 ? NEED_IMAGE : 0);
	if (o->caller && !memory)
		e->caller = (struct caller){
			.module = xstrndup(o->caller, len), .function = colon ? colon + 1 : NULL, .file = true,
		};
	e->process.uid = e->process.euid = o->uid ? (uint32_t)o->uid : getuid();
	e->process.gid = e->process.egid = o->gid ? (uint32_t)o->gid : getgid();
	e->process.exe = o->exe ? o->exe : "";
	e->process.argv0 = o->argv0 ? o->argv0 : e->process.exe;
}

/* Opens it in every policy that has it; false when none has. */
static bool
open_phase(struct explaining *e, const char *name)
{
	bool found = false;

	for (size_t i = 0; i < e->layers.n; i++) {
		struct layer *l = &e->layers.layer[i];
		const char *phase;

		for (unsigned n = 0; (phase = policy_phase_name(l->policy, n, NULL)); n++) {
			if (strcmp(phase, name) != 0)
				continue;
			l->phases |= (uint32_t)1 << n;
			found = true;
		}
	}
	return found;
}

static const char *
near_phase(const struct explaining *e, const char *name)
{
	const char *words[2 * MAX_PHASES + 1] = { NULL };
	size_t n = 0;

	for (size_t i = 0; i < e->layers.n; i++)
		for (unsigned k = 0; n < 2 * MAX_PHASES && policy_phase_name(e->layers.layer[i].policy, k, NULL); k++)
			words[n++] = policy_phase_name(e->layers.layer[i].policy, k, NULL);
	return nearest_word(name, words);
}

static int
open_phases(struct explaining *e, const struct opt_list *names)
{
	for (size_t i = 0; i < names->n; i++) {
		char mem[128];
		struct strbuf b = STRBUF(mem);
		const char *near;

		if (open_phase(e, names->v[i]))
			continue;
		near = near_phase(e, names->v[i]);
		strbuf_quote(&b, names->v[i], strlen(names->v[i]), 60);
		warn("no policy here has a phase %s%s%s%s", b.s, near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
		return -1;
	}
	return 0;
}

static int
open_input(const struct explain_options *o, FILE **f)
{
	char mem[512];
	struct strbuf b = STRBUF(mem);

	*f = o->file ? fopen(o->file, "re") : stdin;
	if (*f)
		return 0;
	strbuf_quote(&b, o->file, strlen(o->file), 400);
	warn_err(errno, "cannot read %s:", b.s);
	return -1;
}

/* Deciding */

/*
 * A descriptor of the program is none of ours.  Where the text has its name,
 * "3</etc>", we open that, and the call is resolved with our number instead.
 */
struct lent {
	unsigned n;
	struct {
		int fd;
		uint64_t meant;
	} of[SYS_MAXARGS];
};

static void
lend_descriptors(struct sysevent *ev, const struct calltext_notes *notes, struct lent *l)
{
	l->n = 0;
	for (unsigned i = 0; i < SYS_MAXARGS; i++) {
		unsigned kind = sysdesc_table[ev->id].arg[i].kind;
		int fd;

		if (!notes->fd[i] || notes->fd[i][0] != '/' || (kind != A_FD && kind != A_DIRFD))
			continue;
		fd = open(notes->fd[i], O_PATH | O_CLOEXEC);
		if (fd < 0)
			continue;
		l->of[l->n].fd = fd;
		l->of[l->n++].meant = ev->arg[i].val;
		ev->arg[i].val = (uint64_t)fd;
	}
}

/* Resolving may have moved an argument: it is found by what stands in it. */
static void
take_back_descriptors(struct sysevent *ev, struct lent *l)
{
	for (unsigned k = 0; k < l->n; k++) {
		for (unsigned i = 0; i < SYS_MAXARGS; i++) {
			unsigned kind = sysdesc_table[ev->id].arg[i].kind;

			if ((kind == A_FD || kind == A_DIRFD) && ev->arg[i].val == (uint64_t)l->of[k].fd)
				ev->arg[i].val = l->of[k].meant;
		}
		close(l->of[k].fd);
	}
}

/* Where a policy asks what the options do not say, the call stays without an answer to it, and is refused. */
static void
say_who_calls(struct explaining *e, struct sysevent *ev)
{
	unsigned needs = 0;

	for (size_t i = 0; i < e->layers.n; i++)
		needs |= policy_needs(e->layers.layer[i].policy, ev);
	e->unmet = needs & ~e->said;
	ev->caller = e->said & NEED_CALLER ? &e->caller : NULL;
	ev->process = e->unmet & NEED_IMAGE ? NULL : &e->process;
}

static struct verdict
decide(struct explaining *e, struct sysevent *ev, const struct calltext_notes *notes, struct resolved *r)
{
	struct task_view view = task_view_self();
	struct lent lent;
	int err;

	lend_descriptors(ev, notes, &lent);
	err = resolve(&view, ev, &e->arena, r);
	take_back_descriptors(ev, &lent);
	say_who_calls(e, ev);
	if (advance_mark(e->layers.layer, e->layers.n, ev))
		return (struct verdict){ .action = ACT_ALLOW, .reason = WHY_MARK, .access = -1 };
	if (err)
		return (struct verdict){ .action = ACT_DENY, .err = -err, .reason = WHY_UNREADABLE, .access = -1 };
	return policy_decide(e->layers.floor, e->layers.layer, e->layers.n, ev);
}

/* The first call of a log, and a single one, may be what starts the program: that was decided on the command line. */
static bool
is_start(struct explaining *e, const struct sysevent *ev)
{
	const char *program = e->program;

	e->program = NULL;
	return program && sys_executes(ev->id) && ev->naccess && ev->access[0].path &&
	    !strcmp(ev->access[0].path, program);
}

/* Printing */

typedef void printer(const struct explaining *, const struct sysevent *, const struct verdict *);

static void
print_part(const char *what, void (*wording)(const struct verdict *, struct strbuf *), const struct verdict *v)
{
	char mem[TEXT];
	struct strbuf b = STRBUF(mem);

	wording(v, &b);
	printf("  %-9s %s\n", what, b.s);
}

/* The rule that nearly let it in, and what kept it from doing so. */
static void
print_nearest(const struct explaining *e, const struct sysevent *ev, const struct verdict *v)
{
	char rule_text[TEXT], why_text[1024], place_text[512];
	struct strbuf rule = STRBUF(rule_text), why = STRBUF(why_text), place = STRBUF(place_text);
	const struct origin *o;

	if (v->layer >= e->layers.n || !policy_nearest(&e->layers.layer[v->layer], ev, v, &rule, &why, &o))
		return;
	wording_origin(o, &place);
	printf("  %-9s %s %s\n  %-9s %s\n", "nearest", rule.s, place.s, "", why.s);
}

/* What is put on beside the policies of who executes it. */
static void
print_transitions(const struct explaining *e, const struct sysevent *ev, const struct verdict *v)
{
	enum { MOST = 16 };

	for (size_t i = 0; v->action == ACT_ALLOW && v->reason != WHY_START && i < e->layers.n; i++) {
		const struct policy *to[MOST];
		size_t n = policy_transitions(&e->layers.layer[i], ev, to, MOST);

		for (size_t k = 0; k < n && k < MOST; k++) {
			char mem[512];
			struct strbuf b = STRBUF(mem);

			strbuf_escape(&b, policy_name(to[k]), strlen(policy_name(to[k])), "");
			printf("  %-9s under %s, too: it must allow what the next program does\n", "then", b.s);
		}
	}
}

/* The file that a line for this layer belongs into. */
static void
print_suggestion(const struct explaining *e, const struct sysevent *ev, const struct verdict *v, size_t layer)
{
	char mem[TEXT], name[512];
	struct strbuf b = STRBUF(mem), n = STRBUF(name);

	if (v->action == ACT_ALLOW)
		return;
	if (e->layers.n == 1) {
		if (wording_suggestion(ev, v, &b))
			printf("  %-9s %s\n", "to allow", b.s);
		return;
	}
	strbuf_escape(&n, e->names->v[layer], strlen(e->names->v[layer]), "");
	if (wording_suggestion(ev, v, &b)) {
		printf("  %-9s in %s: %s\n", "to allow", n.s, b.s);
		return;
	}
	wording_reason(v, &b);
	printf("  %-9s %s, too: %s\n", "refused by", n.s, b.s);
}

/* Every layer has to allow. */
static void
print_suggestions(const struct explaining *e, const struct sysevent *ev, const struct verdict *v)
{
	if (e->layers.n == 1 || v->reason == WHY_UNREADABLE) {
		print_suggestion(e, ev, v, 0);
		return;
	}
	for (size_t i = 0; v->action != ACT_ALLOW && i < e->layers.n; i++) {
		struct verdict one = policy_decide(e->layers.floor, &e->layers.layer[i], 1, ev);

		print_suggestion(e, ev, &one, i);
	}
}

/* One call on the command line: all there is to say, in lines. */
static void
print_long(const struct explaining *e, const struct sysevent *ev, const struct verdict *v)
{
	char mem[TEXT];
	struct strbuf b = STRBUF(mem);

	sysevent_print(ev, &b);
	printf("%s\n", b.s);
	print_part("verdict", wording_action, v);
	strbuf_init(&b, mem, sizeof(mem));
	wording_object(ev, v, &b);
	printf("  %-9s %s\n", "object", b.s);
	print_part("because", wording_reason, v);
	print_nearest(e, ev, v);
	print_transitions(e, ev, v);
	print_suggestions(e, ev, v);
	if (v->reason == WHY_CALLER)
		printf("  %-9s the policy asks who calls; say it with %s\n", "note",
		    e->unmet & NEED_IMAGE ? "--exe and --argv0" : "--caller");
	else if (v->reason == WHY_UNREADABLE && v->err == EBADF)
		printf("  %-9s write a descriptor with its name, of a file that is here: 3</etc>, as strace -y does\n", "note");
}

/* One of many: the line that `run` logs. */
static void
print_short(const struct explaining *e, const struct sysevent *ev, const struct verdict *v)
{
	char mem[TEXT];
	struct strbuf b = STRBUF(mem);

	(void)e;
	wording_line(ev, v, &b);
	printf("%s\n", b.s);
}

/* Where the text cannot be understood: file, line and column, the text, a caret. */
static void
print_error(const char *name, unsigned line, const char *text, const struct calltext_error *error)
{
	size_t len = strlen(text), at = error->column > len ? len : error->column - 1;
	char mem[TEXT];
	struct strbuf b = STRBUF(mem);
	int indent;

	fflush(stdout);
	strbuf_escape(&b, name, strlen(name), "");
	fprintf(stderr, "%s:%u:%u: %s\n", b.s, line, error->column, error->text);
	strbuf_init(&b, mem, sizeof(mem));
	strbuf_escape(&b, text, at, "");
	indent = (int)b.len;
	strbuf_escape(&b, text + at, len - at, "");
	fprintf(stderr, "  %s\n  %*s^\n", b.s, indent, "");
}

static int
explain_call(struct explaining *e, const char *name, unsigned line, const char *text, printer *print)
{
	struct calltext_error error;
	struct calltext_notes notes;
	struct resolved found = { 0 };
	struct sysevent ev;
	struct verdict v;
	int r;

	arena_reset(&e->arena);
	r = calltext_parse(text, e->abi, &e->arena, &ev, &notes, &error);
	if (r == -ENOMSG)
		return ALLOWED;
	if (r) {
		print_error(name, line, text, &error);
		return USAGE;
	}
	v = decide(e, &ev, &notes, &found);
	if (is_start(e, &ev))
		v = (struct verdict){ .action = ACT_ALLOW, .reason = WHY_START, .access = 0 };
	print(e, &ev, &v);
	resolved_release(&found);
	return v.action == ACT_ALLOW ? ALLOWED : REFUSED;
}

/* Input */

/* The shell may have cut the call into words: one call, joined by blanks. */
static int
explain_words(struct explaining *e, int argc, char **argv)
{
	cleanup_free char *text = xstrdup(argv[0]);

	for (int i = 1; i < argc; i++) {
		char *longer = xasprintf("%s %s", text, argv[i]);

		free(text);
		text = longer;
	}
	return explain_call(e, "call", 1, text, print_long);
}

/* A call that was still going on when the log ended, as far as it is told. */
static int
explain_unfinished(struct explaining *e, const struct halves *h, const char *name)
{
	int worst = ALLOWED;

	for (size_t i = 0; i < h->n; i++) {
		cleanup_free char *text = xasprintf("%s<unfinished ...>", h->v[i].text);
		int status = explain_call(e, name, h->v[i].line, text, e->full ? print_long : print_short);

		if (status > worst)
			worst = status;
	}
	return worst;
}

static int
explain_lines(struct explaining *e, FILE *f, const char *name)
{
	cleanup_free char *text = NULL;
	struct halves halves = { 0 };
	size_t size = 0;
	int worst = ALLOWED, status;

	for (unsigned line = 1; getline(&text, &size, f) >= 0; line++) {
		cleanup_free char *whole = NULL;

		text[strcspn(text, "\n")] = '\0';
		whole = halves_join(&halves, text, line);
		status = whole ? explain_call(e, name, line, whole, e->full ? print_long : print_short) : ALLOWED;
		if (status > worst)
			worst = status;
	}
	status = explain_unfinished(e, &halves, name);
	halves_free(&halves);
	if (!ferror(f))
		return status > worst ? status : worst;
	warn_err(errno, "reading calls:");
	return USAGE;
}
