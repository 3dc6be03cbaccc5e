/* SPDX-License-Identifier: ISC */
/* A profile as a policy: each call's entries, said so that our "most specific first" comes to the same. */
#include "tracer/profile.h"

#include <stdlib.h>
#include <string.h>

#include "engine/policy_int.h"
#include "lib/cleanup.h"
#include "lib/strbuf.h"
#include "lib/xalloc.h"

enum { WIDTH = 100, LINE = 4096, MOST_WORDS = 10 };

/* A line of the policy without its calls: "deny EPERM" and "cmd == 5". */
struct sentence {
	char *action, *when;		/* when: "" for always */
	bool log;
};

/* What the profile comes to for one call: conditions, and what holds where none does. */
struct answer {
	struct sentence *line;
	size_t n, cap;
	bool settled;			/* an entry without conditions: libseccomp takes no other for the call then */
};

struct writing {
	const struct profile *p;
	FILE *f;
	unsigned lost;
	struct answer answer[SYS_IDS];
};

static void
say_lost(struct writing *w, const char *text)
{
	w->lost++;
	fprintf(w->f, "# %s\n", text);
}

static char *
action_text(const struct profile_action *a)
{
	static const char *const words[] = {
		[ACT_KILL] = "kill", [ACT_TRAP] = "trap", [ACT_ASK] = "ask", [ACT_ALLOW] = "allow"
	};

	return a->action == ACT_DENY ? xasprintf("deny %s", errno_name(a->err)) : xstrdup(words[a->action]);
}

static bool
same_action(const struct profile_action *a, const struct profile_action *b)
{
	return a->action == b->action && (a->action != ACT_DENY || a->err == b->err) && a->log == b->log;
}

/* Conditions. */

static unsigned
bits_of(const struct argdesc *d)
{
	enum argwidth w = kinddesc_table[d->kind].width;

	return w == W_UINT16 ? 16 : w == W_INT || w == W_UINT ? 32 : 64;
}

static uint64_t
all_bits(const struct argdesc *d)
{
	return bits_of(d) == 64 ? ~(uint64_t)0 : ((uint64_t)1 << bits_of(d)) - 1;
}

/* Has it this value on every ABI? */
static bool
is_one_value(const struct constant *c)
{
	for (size_t i = 0; i < nconstants_abi; i++)
		if (!strcmp(constants_abi[i].name, c->name) && constants_abi[i].value != c->value)
			return false;
	return true;
}

/* Words for people are not all words of the language: do these come to the value? */
static bool
reads_as(const char *text, uint64_t v)
{
	cleanup_free char *copy = xstrdup(text);
	char *save = NULL;
	uint64_t sum = 0;

	for (char *w = strtok_r(copy, "|", &save); w; w = strtok_r(NULL, "|", &save)) {
		const struct constant *c = constant_find(w);

		if (c ? !is_one_value(c) : *w < '0' || *w > '9')
			return false;
		sum |= c ? c->value : strtoull(w, NULL, 0);
	}
	return sum == v;
}

static void
print_value(struct strbuf *b, const struct argdesc *d, uint64_t v)
{
	bool many = vocabdesc_table[d->vocab].style == VS_BITS && __builtin_popcountll(v) > MOST_WORDS;
	char mem[512];
	struct strbuf words = STRBUF(mem);

	if (d->vocab != V_NONE && !many && value_print(d, v, NULL, &words) && reads_as(words.s, v)) {
		strbuf_add(b, words.s);
		return;
	}
	strbuf_addf(b, v < 10 ? "%llu" : "0x%llx", (unsigned long long)v);
}

/* The argument under its own name. */
static void
print_arg(struct strbuf *b, const struct argdesc *d, const char *op, uint64_t v)
{
	strbuf_addf(b, "%s %s ", d->name, op);
	print_value(b, d, v);
}

/* (arg & mask) == left: by the shortest way to say it; "" where it always holds. */
static const char *
print_masked(struct strbuf *b, const struct argdesc *d, uint64_t mask, uint64_t left)
{
	mask &= all_bits(d);
	if (left & ~mask)
		return "can never hold";
	if (mask == all_bits(d)) {
		print_arg(b, d, "==", left);
	} else if (mask && mask == left) {
		print_arg(b, d, "has", mask);
	} else if (mask) {
		print_arg(b, d, "&", mask);
		strbuf_add(b, " == ");
		print_value(b, d, left);
	}
	return NULL;
}

/* One condition; NULL, or why it cannot be said. */
static const char *
print_condition(struct strbuf *b, const struct sysdesc *call, const struct profile_arg *a)
{
	static const char *const words[] = {
		[OP_NE] = "!=", [OP_LT] = "<", [OP_LE] = "<=", [OP_EQ] = "==", [OP_GE] = ">=", [OP_GT] = ">"
	};
	const struct argdesc *d = &call->arg[a->index];

	if (d->kind == A_NONE || kinddesc_table[d->kind].width == W_NOREG)
		return "the call has no such argument";
	if (a->op == OP_MASKED_EQ)
		return print_masked(b, d, a->value, a->two);
	if (a->value & ~all_bits(d) && (bits_of(d) != 32 || a->value < (uint64_t)INT32_MIN))
		return "the kernel looks at fewer bits of it";
	print_arg(b, d, words[a->op], a->value & all_bits(d));
	return NULL;
}

static const char *
print_conditions(struct strbuf *b, const struct sysdesc *call, const struct profile_rule *r)
{
	for (unsigned i = 0; i < r->nargs; i++) {
		char mem[LINE];
		struct strbuf one = STRBUF(mem);
		const char *why = print_condition(&one, call, &r->arg[i]);

		if (why)
			return why;
		if (one.len)
			strbuf_addf(b, "%s%s", b->len ? " and " : "", one.s);
	}
	return b->truncated ? "it is too long" : NULL;
}

/* Collecting. */

static bool
same_sentence(const struct sentence *a, const struct sentence *b)
{
	return !strcmp(a->action, b->action) && !strcmp(a->when, b->when) && a->log == b->log;
}

static bool
has_line(const struct answer *a, const struct sentence *s)
{
	for (size_t i = 0; i < a->n; i++)
		if (same_sentence(&a->line[i], s))
			return true;
	return false;
}

/* The action is the answer's from here on. */
static void
add_line(struct answer *a, char *action, const char *when, bool log)
{
	struct sentence s = { action, (char *)when, log };

	if (has_line(a, &s)) {
		free(action);
		return;
	}
	s.when = xstrdup(when);
	xgrow(&a->line, a->n, &a->cap, sizeof(*a->line));
	a->line[a->n++] = s;
}

static void
forget_lines(struct answer *a)
{
	for (size_t i = 0; i < a->n; i++) {
		free(a->line[i].action);
		free(a->line[i].when);
	}
	a->n = 0;
}

static void
apply(struct writing *w, enum sys_id id, const struct profile_rule *r)
{
	struct answer *a = &w->answer[id];
	char mem[LINE];
	struct strbuf when = STRBUF(mem);
	const char *why;

	if (a->settled || same_action(&r->action, &w->p->fallback))
		return;
	why = print_conditions(&when, &sysdesc_table[id], r);
	if (why) {
		w->lost++;
		fprintf(w->f, "# An entry for %s is left out; of one of its conditions: %s.\n",
		    sysdesc_table[id].name, why);
		return;
	}
	if (!when.len) {
		forget_lines(a);
		a->settled = true;
	}
	add_line(a, action_text(&r->action), when.s, r->action.log);
}

/* What tollgate calls setuid16 has the name setuid on i386, too. */
static void
apply_to_first_form(struct writing *w, enum sys_id id, const struct profile_rule *r)
{
	cleanup_free char *name = xasprintf("%s16", sysdesc_table[id].name);
	enum sys_id first = sysdesc_find(name);

	if (first != SYS_ID_none)
		apply(w, first, r);
}

static void
collect(struct writing *w, const struct profile_rule *r)
{
	for (size_t i = 0; i < r->nnames; i++) {
		enum sys_id id = sysdesc_find(r->name[i]);
		char mem[256];
		struct strbuf b = STRBUF(mem);

		if (id != SYS_ID_none) {
			apply(w, id, r);
			apply_to_first_form(w, id, r);
			continue;
		}
		strbuf_add(&b, "No call that tollgate knows, left out: ");
		strbuf_escape(&b, r->name[i], strnlen(r->name[i], 100), "");
		say_lost(w, b.s);
	}
}

/* Calls on objects go on to the rules for these, and these let all in: what the profile keeps out has to be said. */
static bool
is_let_in_without_a_rule(enum sys_id id)
{
	if (call_always_possible(id))
		return true;
	for (unsigned i = 0; i < SYS_MAXARGS; i++)
		if (sysdesc_table[id].arg[i].rights)
			return true;
	return false;
}

static bool
same_answer(const struct answer *a, const struct answer *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!has_line(b, &a->line[i]))
			return false;
	return true;
}

/* What holds where no condition does. */
static const char *
rest_of(const struct answer *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (!a->line[i].when[0])
			return a->line[i].action;
	return NULL;
}

static void
settle_rest(struct writing *w, enum sys_id id)
{
	if (!rest_of(&w->answer[id]) && w->p->fallback.action != ACT_ALLOW && is_let_in_without_a_rule(id))
		add_line(&w->answer[id], action_text(&w->p->fallback), "", false);
}

/* A condition that a form has no argument for is none of its. */
static bool
form_has_arguments(const char *when, enum sys_id of, enum sys_id id)
{
	for (unsigned i = 0; i < SYS_MAXARGS && sysdesc_table[of].arg[i].kind != A_NONE; i++) {
		const char *name = sysdesc_table[of].arg[i].name;
		size_t n = strlen(name);

		for (const char *p = when; (p = strstr(p, name)); p += n)
			if ((p == when || p[-1] == ' ') && p[n] == ' ' && sysdesc_arg(&sysdesc_table[id], name) < 0)
				return false;
	}
	return true;
}

/*
 * A line for fcntl is one for fcntl64 as well.  Where the profile tells them
 * apart, the second has to answer for itself each time the first would.
 */
static void
part_from_family(struct writing *w, enum sys_id id)
{
	struct answer *a = &w->answer[id], *head = &w->answer[sysdesc_table[id].family];
	const char *rest = rest_of(a);
	cleanup_free char *fallback = action_text(&w->p->fallback);

	if (a == head || same_answer(a, head))
		return;
	if (a->n > (rest != NULL) && head->n > (rest_of(head) != NULL))
		say_lost(w, "not told apart where their conditions overlap: forms of one call, below");
	if (!rest)
		rest = fallback;
	for (size_t i = 0; i < head->n; i++)
		if (!has_line(a, &head->line[i]) &&
		    form_has_arguments(head->line[i].when, sysdesc_table[id].family, id))
			add_line(a, xstrdup(rest), head->line[i].when, false);
}

/* Writing. */

static bool
covered_by_family(const struct writing *w, enum sys_id id)
{
	const struct answer *a = &w->answer[id], *head = &w->answer[sysdesc_table[id].family];

	return a != head && same_answer(a, head);
}

static void
wrap(FILE *f, const char *word, size_t *column)
{
	if (*column + strlen(word) + 2 > WIDTH) {
		fputs(",\n\t", f);
		*column = 8;
	} else if (*column) {
		fputs(", ", f);
		*column += 2;
	}
	fputs(word, f);
	*column += strlen(word);
}

/* Every call that this is said of, in one statement. */
static void
write_sentence(struct writing *w, const struct sentence *s, enum sys_id first)
{
	size_t column = 0;

	fprintf(w->f, "%s syscall ", s->action);
	for (unsigned id = first; id < SYS_IDS; id++) {
		const struct answer *a = &w->answer[id];

		for (size_t i = 0; !covered_by_family(w, id) && i < a->n; i++)
			if (same_sentence(&a->line[i], s))
				wrap(w->f, sysdesc_table[id].name, &column);
	}
	fprintf(w->f, "%s%s%s\n", *s->when ? " if " : "", s->when, s->log ? " log" : "");
}

static bool
said_before(const struct writing *w, const struct sentence *s, enum sys_id before)
{
	for (unsigned id = SYS_ID_none + 1; id < before; id++)
		if (!covered_by_family(w, id) && has_line(&w->answer[id], s))
			return true;
	return false;
}

static void
write_calls(struct writing *w)
{
	for (unsigned id = SYS_ID_none + 1; id < SYS_IDS; id++) {
		const struct answer *a = &w->answer[id];

		for (size_t i = 0; !covered_by_family(w, id) && i < a->n; i++)
			if (!said_before(w, &a->line[i], id))
				write_sentence(w, &a->line[i], id);
	}
}

static void
write_notes(struct writing *w)
{
	for (size_t i = 0; i < w->p->nnotes; i++)
		say_lost(w, w->p->note[i]);
	for (size_t i = 0; i < w->p->nrules; i++) {
		const char *note = w->p->rule[i].action.note;
		bool before = false;

		for (size_t k = 0; k < i; k++)
			before |= w->p->rule[k].action.note == note;
		if (note && !before)
			say_lost(w, note);
	}
	if (w->p->fallback.note)
		say_lost(w, w->p->fallback.note);
	if (w->p->fallback.log)
		say_lost(w, "calls that no entry names are let in without the log that the profile keeps of them");
}

/* What the profile lets in and the floor does not. */
static void
write_guards(struct writing *w, profile_guard *guard, void *ctx)
{
	const char *said[64];
	size_t n = 0;

	for (unsigned id = SYS_ID_none + 1; id < SYS_IDS; id++) {
		const char *rest = rest_of(&w->answer[id]);
		bool open = rest ? !strcmp(rest, "allow") : w->p->fallback.action == ACT_ALLOW;
		const char *name = open ? guard(ctx, (enum sys_id)id) : NULL;
		size_t i = 0;

		while (name && i < n && strcmp(said[i], name))
			i++;
		if (!name || i < n || n == sizeof(said) / sizeof(said[0]))
			continue;
		said[n++] = name;
		w->lost++;
		fprintf(w->f, "# The profile lets %s in; the floor does not, unless: unsafe %s\n",
		    sysdesc_table[id].name, name);
	}
}

static const char objects[] =
    "\n# A profile looks at no object: what it lets in is let in on all of them.\n"
    "allow read,write,create,delete,exec,stat,attr /**, pipe:*, socket:*, anon_inode:*, memfd:*\n"
    "allow socket,connect,bind,send any\n"
    "allow signal,trace any\n\n";

static void
write_settings(struct writing *w, const char *from, const char *program)
{
	cleanup_free char *fallback = action_text(&w->p->fallback);
	char mem[512];
	struct strbuf b = STRBUF(mem);

	strbuf_escape(&b, from, strnlen(from, 400), "");
	fprintf(w->f, "policy 1\n# The seccomp profile %s.\n", b.s);
	if (program) {
		strbuf_init(&b, mem, sizeof(mem));
		strbuf_quote(&b, program, strlen(program), 400);
		fprintf(w->f, "program %s\n", b.s);
	}
	fprintf(w->f, "default %s\nunknown %s\n", fallback, fallback);
	if (w->p->fallback.action != ACT_ALLOW)
		fputs(objects, w->f);
}

unsigned
profile_write(const struct profile *p, const char *from, const char *program, profile_guard *guard, void *ctx, FILE *f)
{
	struct writing *w = xcalloc(1, sizeof(*w));
	unsigned lost;

	w->p = p;
	w->f = f;
	write_settings(w, from, program);
	write_notes(w);
	for (size_t i = 0; i < p->nrules; i++)
		collect(w, &p->rule[i]);
	for (unsigned id = SYS_ID_none + 1; id < SYS_IDS; id++)
		settle_rest(w, (enum sys_id)id);
	for (unsigned id = SYS_ID_none + 1; id < SYS_IDS; id++)
		part_from_family(w, (enum sys_id)id);
	write_guards(w, guard, ctx);
	write_calls(w);
	lost = w->lost;
	for (unsigned id = 0; id < SYS_IDS; id++) {
		forget_lines(&w->answer[id]);
		free(w->answer[id].line);
	}
	free(w);
	return lost;
}
