/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch/arch.h"
#include "engine/export.h"
#include "lib/cleanup.h"
#include "lib/diag.h"
#include "lib/strbuf.h"
#include "lib/xalloc.h"
#include "tracer/abi_calls.h"
#include "tracer/choice.h"
#include "tracer/command.h"
#include "tracer/host.h"

enum { FINE, INCOMPLETE, WRONG };

struct export_options {
	struct choice choice;
	const char *format;
	const char *output;
	struct opt_list abis;
	bool running, strict;
};

#define AT(member)	offsetof(struct export_options, member)

static const struct option_row rows[] = {
	CHOICE_POLICY_ROW(struct export_options, choice),
	CHOICE_PROGRAM_ROWS(struct export_options, choice),
	CHOICE_GRANT_ROWS(struct export_options, choice),
	{ .name = "format", .kind = OPT_STRING, .offset = AT(format), .arg = "FORMAT",
	  .help = "for whom: oci, systemd, minijail or bpf" },
	{ .name = "output", .letter = 'o', .kind = OPT_STRING, .offset = AT(output), .arg = "FILE",
	  .help = "write to FILE instead of standard output" },
	{ .name = "abi", .kind = OPT_LIST, .offset = AT(abis), .arg = "ABI",
	  .help = "let in calls of this ABI; may be repeated (see tollgate list arches)" },
	{ .name = "running", .kind = OPT_FLAG, .offset = AT(running),
	  .help = "the program puts the filter on itself: no execve is let in to start it" },
	{ .name = "strict", .kind = OPT_FLAG, .offset = AT(strict),
	  .help = "exit with 1 if there is anything that the format cannot say" },
	{ .kind = OPT_END },
};

static int exec_export(void *options, int argc, char **argv);

const struct command cmd_export = {
	.name = "export",
	.usage = "[OPTION]... [-p POLICY]... --format FORMAT",
	.summary = "write what others can enforce of a policy, and list what they cannot",
	.examples =
	    "tollgate export -p mpv --format oci -o seccomp.json\n"
	    "tollgate export -p ./mine.policy --format systemd -o mine.conf\n"
	    "tollgate export -p mpv --format bpf -o mpv.bpf",
	.options = rows,
	.options_size = sizeof(struct export_options),
	.exec = exec_export,
	.usage_status = WRONG,
};

/* How the targets call our ABIs. */
static const struct {
	const char *abi, *oci, *systemd;
} abi_words[] = {
	{ "x86_64", "SCMP_ARCH_X86_64", "x86-64" },
	{ "i386", "SCMP_ARCH_X86", "x86" },
	{ "aarch64", "SCMP_ARCH_AARCH64", "arm64" },
	{ "arm", "SCMP_ARCH_ARM", "arm" },
};

/* What could not be said. */
struct loss {
	const char *why;
	char *what, *place;
};

struct exporting {
	const struct export_options *o;
	const struct format *format;
	struct export_input in;
	struct export_out out;
	struct pool *pool;
	FILE *text;
	struct loss *loss;
	size_t nlosses, cap;
};

/* ABIs */

/* On i386 and arm, calls of the first days have names that tollgate keeps apart from their successors'. */
static const char *
target_name(struct pool *pool, const char *name)
{
	size_t n = strlen(name);

	return n > 2 && !strcmp(name + n - 2, "16") ? pool_text(pool, name, n - 2) : name;
}

static void
fill_abi(struct exporting *e, struct export_abi *out, const struct arch *arch, const struct abi *abi)
{
	struct export_call *call = pool_alloc(e->pool, abi->ncalls, sizeof(*call));

	abi_calls(arch, abi, call, out);
	for (size_t i = 0; i < sizeof(abi_words) / sizeof(abi_words[0]); i++) {
		if (strcmp(abi_words[i].abi, abi->name))
			continue;
		out->oci = abi_words[i].oci;
		out->systemd = abi_words[i].systemd;
	}
	for (size_t i = 0; i < abi->ncalls; i++)
		call[i].name = target_name(e->pool, call[i].name);
}

static bool
wants_abi(const struct exporting *e, const struct abi *abi, bool first)
{
	if (!abi->supported)
		return false;
	for (size_t i = 0; i < e->o->abis.n; i++)
		if (!strcmp(e->o->abis.v[i], abi->name))
			return true;
	return !e->o->abis.n && (first || export_lifts_foreign(&e->in));
}

static int
check_abi_names(const struct opt_list *names)
{
	const struct arch *arch = arch_native();
	char mem[64];
	struct strbuf b = STRBUF(mem);

	for (size_t i = 0; i < names->n; i++) {
		size_t k = 0;

		while (k < arch->nabis && (!arch->abis[k].supported || strcmp(arch->abis[k].name, names->v[i])))
			k++;
		if (k < arch->nabis)
			continue;
		strbuf_quote(&b, names->v[i], strlen(names->v[i]), 40);
		warn("%s has no ABI %s that can be exported (see tollgate list arches)", arch->name, b.s);
		return -EINVAL;
	}
	return 0;
}

static void
choose_abis(struct exporting *e)
{
	const struct arch *arch = arch_native();
	struct export_abi *abi = pool_alloc(e->pool, arch->nabis, sizeof(*abi));

	e->in.abi = abi;
	for (size_t i = 0; i < arch->nabis; i++)
		if (wants_abi(e, &arch->abis[i], i == 0))
			fill_abi(e, &abi[e->in.nabis++], arch, &arch->abis[i]);
}

/* What the formats say */

static void
put_text(void *ctx, const char *text)
{
	struct exporting *e = ctx;

	fputs(text, e->text);
}

static void
put_loss(void *ctx, const char *why, const char *what, const struct origin *o)
{
	struct exporting *e = ctx;
	char mem[512];
	struct strbuf b = STRBUF(mem);

	if (o && o->file) {
		strbuf_escape(&b, o->file, strlen(o->file), "");
		strbuf_addf(&b, ":%u", o->line);
	}
	xgrow(&e->loss, e->nlosses, &e->cap, sizeof(*e->loss));
	e->loss[e->nlosses++] = (struct loss){ why, xstrdup(what), o && o->file ? xstrdup(b.s) : NULL };
}

static void
put_insns(struct exporting *e)
{
	const struct export_insn *insn;
	size_t n = export_bpf(e->pool, &e->in, &insn);

	if (!n)
		die(EXIT_SELF, "the filter has more than the %d instructions that the kernel takes", EXPORT_MAX_INSNS);
	fwrite(insn, sizeof(*insn), n, e->text);
	export_lost_rules(&e->in, &e->out);
}

static void
put_oci(struct exporting *e)
{
	export_oci(&e->in, &e->out);
}

static void
put_systemd(struct exporting *e)
{
	export_systemd(&e->in, &e->out);
}

static void
put_minijail(struct exporting *e)
{
	export_minijail(&e->in, &e->out);
}

static const struct format {
	const char *name;
	void (*put)(struct exporting *);
	bool comments;		/* the format has them, and they begin with '#' */
	bool binary;
	const char *head;
} formats[] = {
	{ "oci", put_oci, false, false, NULL },
	{ "systemd", put_systemd, true, false, "# A drop-in for a service, made by tollgate export." },
	{ "minijail", put_minijail, true, false,
	    "# For minijail0 -S, made by tollgate export.  The compiler in minijail's tools/ takes\n"
	    "# \"; return\" for the opposite of what minijail0 does: this is not for it." },
	{ "bpf", put_insns, false, true, NULL },
};
enum { NFORMATS = sizeof(formats) / sizeof(formats[0]) };

/* NULL after a message. */
static const struct format *
find_format(const char *name)
{
	const char *names[NFORMATS + 1] = { NULL }, *near;
	char mem[64];
	struct strbuf b = STRBUF(mem);

	for (unsigned i = 0; i < NFORMATS; i++) {
		names[i] = formats[i].name;
		if (name && !strcmp(name, formats[i].name))
			return &formats[i];
	}
	near = name ? nearest_word(name, names) : NULL;
	strbuf_quote(&b, name ? name : "", name ? strlen(name) : 0, 40);
	if (near)
		command_misused(&cmd_export, "no format %s; did you mean \"%s\"?", b.s, near);
	else
		command_misused(&cmd_export, "--format says for whom: oci, systemd, minijail or bpf");
	return NULL;
}

/* Losses, by their reason */

static bool
same_loss(const struct loss *a, const struct loss *b)
{
	if (strcmp(a->why, b->why))
		return false;
	return a->place && b->place ? !strcmp(a->place, b->place) : a->place == b->place && !strcmp(a->what, b->what);
}

static bool
was_listed(const struct exporting *e, size_t i)
{
	for (size_t k = i; k-- > 0;)
		if (same_loss(&e->loss[k], &e->loss[i]))
			return true;
	return false;
}

/* Rules one on a line with their place, names of calls many on a line. */
static void
list_group(const struct exporting *e, size_t first, const char *mark, FILE *f)
{
	size_t column = 0;

	fprintf(f, "%s%s:\n", mark, e->loss[first].why);
	for (size_t i = first; i < e->nlosses; i++) {
		const struct loss *l = &e->loss[i];

		if (strcmp(l->why, e->loss[first].why) || was_listed(e, i))
			continue;
		if (l->place) {
			fprintf(f, "%s  %s: %s\n", mark, l->place, l->what);
			continue;
		}
		if (column && column + strlen(l->what) > 90) {
			fputs("\n", f);
			column = 0;
		}
		column += (size_t)fprintf(f, "%s%s%s", column ? "" : mark, column ? ", " : "  ", l->what);
	}
	if (column)
		fputs("\n", f);
}

static void
list_losses(const struct exporting *e, const char *mark, FILE *f)
{
	for (size_t i = 0; i < e->nlosses; i++) {
		size_t k = 0;

		while (strcmp(e->loss[k].why, e->loss[i].why))
			k++;
		if (k == i)
			list_group(e, i, mark, f);
	}
}

static void
free_losses(struct exporting *e)
{
	for (size_t i = 0; i < e->nlosses; i++) {
		free(e->loss[i].what);
		free(e->loss[i].place);
	}
	free(e->loss);
}

/* All together */

static int
finish_output(FILE *f, const char *name)
{
	bool failed = ferror(f);
	char mem[512];
	struct strbuf b = STRBUF(mem);

	if (fclose(f) == 0 && !failed)
		return FINE;
	strbuf_escape(&b, name, strlen(name), "");
	warn_err(errno, "cannot write %s:", b.s);
	return WRONG;
}

static int
write_out(const struct exporting *e, const char *text, size_t len)
{
	bool comments = e->format->comments;
	FILE *f = e->o->output ? fopen(e->o->output, "we") : stdout;
	char mem[512];
	struct strbuf b = STRBUF(mem);

	if (!f) {
		strbuf_escape(&b, e->o->output, strlen(e->o->output), "");
		warn_err(errno, "cannot write %s:", b.s);
		return WRONG;
	}
	if (e->format->head)
		fprintf(f, "%s\n", e->format->head);
	if (comments && e->nlosses)
		fputs("# What it cannot say of the policy:\n", f);
	list_losses(e, comments ? "# " : "", comments ? f : stderr);
	fwrite(text, 1, len, f);
	return f == stdout ? FINE : finish_output(f, e->o->output);
}

static int
export(struct exporting *e)
{
	cleanup_free char *text = NULL;
	size_t len = 0;
	int status = WRONG;

	e->text = open_memstream(&text, &len);
	if (!e->text)
		die(EXIT_SELF, "out of memory");
	export_prepare(e->pool, &e->in);
	choose_abis(e);
	e->format->put(e);
	if (fclose(e->text) == 0)
		status = write_out(e, text, len);
	return status == FINE && e->o->strict && e->nlosses ? INCOMPLETE : status;
}

static int
export_policies(struct export_options *o, const struct format *format, struct host *h)
{
	struct exporting e = { .o = o, .format = format };
	const char *extra = choice_grants(&o->choice, h);
	struct layers l;
	int status;

	if (!extra || choice_complete(&o->choice, h) || host_load_layers(h, &o->choice.policies, extra, &l))
		return WRONG;
	e.pool = pool_new();
	e.out = (struct export_out){ .pool = e.pool, .text = put_text, .lost = put_loss, .ctx = &e };
	e.in = (struct export_input){
		.floor = l.floor, .layer = l.layer, .nlayers = l.n, .running = o->running, .program = h->program,
	};
	status = export(&e);
	free_losses(&e);
	pool_free(e.pool);
	layers_free(&l);
	return status;
}

static int
exec_export(void *options, int argc, char **argv)
{
	struct export_options *o = options;
	const struct format *format;
	struct host host;
	int status;

	(void)argv;
	if (argc > 0)
		return command_misused(&cmd_export, "policies are named with -p");
	format = find_format(o->format);
	if (!format || check_abi_names(&o->abis))
		return WRONG;
	if (format->binary && !o->output && isatty(STDOUT_FILENO))
		return command_misused(&cmd_export, "a filter is no text for a terminal: name a file with -o");
	choice_host(&o->choice, &host);
	status = export_policies(o, format, &host);
	host_free(&host);
	choice_free(&o->choice);
	return status;
}
