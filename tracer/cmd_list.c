/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "arch/arch.h"
#include "engine/policy.h"
#include "engine/sysdesc.h"
#include "lib/strbuf.h"
#include "policies/builtin.h"
#include "tracer/command.h"
#include "tracer/host.h"
#include "tracer/policyfile.h"

enum { FINE, WRONG, USAGE };

struct list_options {
	bool names;
};

static const struct option_row rows[] = {
	{ .name = "names", .kind = OPT_FLAG, .offset = offsetof(struct list_options, names),
	  .help = "the names alone, one a line" },
	{ .kind = OPT_END },
};

static int exec_list(void *options, int argc, char **argv);

const struct command cmd_list = {
	.name = "list",
	.usage = "[OPTION]... promises|policies|syscalls|arches",
	.summary = "list what this tollgate knows",
	.examples = "tollgate list promises\ntollgate list syscalls | grep '^open'",
	.options = rows,
	.options_size = sizeof(struct list_options),
	.exec = exec_list,
	.usage_status = USAGE,
};

/* The next comment line from *p on, behind its "#"; NULL when the text is over. */
static const char *
next_comment(const char **p, size_t *len)
{
	while (**p) {
		const char *line = *p;
		size_t n = strcspn(line, "\n");

		*p += n + (line[n] == '\n');
		if (*line == '#') {
			size_t skip = strspn(line, "# \t");

			*len = skip < n ? n - skip : 0;
			return line + skip;
		}
	}
	return NULL;
}

/* The first sentence among a policy's comments; licences are none. */
static void
first_sentence(const char *text, struct strbuf *b)
{
	const char *line;
	size_t n;

	while ((line = next_comment(&text, &n))) {
		if (!strncmp(line, "SPDX-", 5))
			continue;
		if (n == 0 && b->len == 0)
			continue;
		if (b->len)
			strbuf_addc(b, ' ');
		for (size_t i = 0; i < n; i++) {
			strbuf_escape(b, line + i, 1, "");
			if (line[i] == '.' && (i + 1 == n || line[i + 1] == ' '))
				return;
		}
		if (n == 0 || *text != '#')
			return;
	}
}

/* Columns on the left, the comment to their right: one line each, for grep(1). */
static void
print_described(const char *left, int column, const char *text)
{
	char mem[512];
	struct strbuf b = STRBUF(mem);

	first_sentence(text, &b);
	printf("%-*s%s%s\n", column, left, strlen(left) < (size_t)column ? "" : "  ", b.s);
}

static int
list_promises(const struct list_options *o)
{
	for (size_t i = 0; i < nbuiltins; i++) {
		const char *name = builtins[i].name + strlen(PROMISE_PREFIX);

		if (strncmp(builtins[i].name, PROMISE_PREFIX, strlen(PROMISE_PREFIX)))
			continue;
		if (o->names) {
			puts(name);
			continue;
		}
		print_described(name, 14, builtins[i].text);
	}
	return FINE;
}

static int
print_policy(void *ctx, const struct policy_file *f)
{
	const struct list_options *o = ctx;
	char mem[256], left[300];
	struct strbuf b = STRBUF(mem);

	strbuf_escape(&b, f->name, strlen(f->name), "");
	snprintf(left, sizeof(left), "%-16s %s", b.s, place_names[f->place]);
	if (o->names)
		puts(b.s);
	else
		print_described(left, 27, f->text);
	return 0;
}

static int
list_policies(const struct list_options *o)
{
	struct host h;
	int r;

	host_init(&h, NULL);
	r = host_each_policy(&h, print_policy, (void *)o);
	host_free(&h);
	return r;
}

static void
print_number(const struct abi *abi, const char *name)
{
	int64_t nr = abi_call_nr(abi, name);

	if (nr < 0)
		printf(" %6s", "-");
	else
		printf(" %6" PRId64, nr);
}

static void
print_arguments(const struct sysdesc *d)
{
	const char *between = "  ";

	for (unsigned i = 0; i < sysdesc_nargs(d); i++) {
		const struct argdesc *a = &d->arg[i];

		printf("%s%s%s", between, a->kind == A_VIRT ? "+" : "", a->name);
		between = ", ";
	}
	putchar('\n');
}

static int
list_syscalls(const struct list_options *o)
{
	const struct arch *arch = arch_native();

	if (!o->names) {
		printf("%-28s", "CALL");
		for (size_t i = 0; i < arch->nabis; i++)
			printf(" %6s", arch->abis[i].name);
		printf("  ARGUMENTS (+: found in memory)\n");
	}
	for (unsigned id = SYS_ID_none + 1; id < SYS_IDS; id++) {
		const struct sysdesc *d = &sysdesc_table[id];

		if (o->names) {
			puts(d->name);
			continue;
		}
		printf("%-28s", d->name);
		for (size_t i = 0; i < arch->nabis; i++)
			print_number(&arch->abis[i], d->name);
		print_arguments(d);
	}
	return FINE;
}

static void
print_arch(const struct arch *a)
{
	printf("%s%s\n", a->name, a == arch_native() ? "  (this one)" : "");
	for (size_t i = 0; i < a->nabis; i++) {
		const struct abi *abi = &a->abis[i];

		printf("  %-10s %2u-bit, %zu calls%s\n", abi->name, abi->wordsize * 8, abi->ncalls,
		    abi->supported ? "" : ", every call is refused");
	}
}

static int
list_arches(const struct list_options *o)
{
	for (size_t i = 0; arch_at(i); i++) {
		if (o->names)
			puts(arch_at(i)->name);
		else
			print_arch(arch_at(i));
	}
	return FINE;
}

static const struct {
	const char *name;
	int (*list)(const struct list_options *);
} lists[] = {
	{ "promises",	list_promises },
	{ "policies",	list_policies },
	{ "syscalls",	list_syscalls },
	{ "arches",	list_arches },
};

enum { NLISTS = sizeof(lists) / sizeof(lists[0]) };

static int
unknown_list(const char *name)
{
	const char *words[NLISTS + 1] = { NULL }, *near;
	char mem[128];
	struct strbuf b = STRBUF(mem);

	for (int i = 0; i < NLISTS; i++)
		words[i] = lists[i].name;
	near = nearest_word(name, words);
	strbuf_quote(&b, name, strlen(name), 100);
	if (near)
		return command_misused(&cmd_list, "there is no list of %s; did you mean \"%s\"?", b.s, near);
	return command_misused(&cmd_list, "there is no list of %s", b.s);
}

static int
exec_list(void *options, int argc, char **argv)
{
	if (argc > 1)
		return command_misused(&cmd_list, "one list at a time, and options come before it");
	if (argc < 1)
		return command_misused(&cmd_list, "say what to list: promises, policies, syscalls or arches");
	for (int i = 0; i < NLISTS; i++)
		if (!strcmp(lists[i].name, argv[0]))
			return lists[i].list(options);
	return unknown_list(argv[0]);
}
