/* SPDX-License-Identifier: ISC */
/*
 * The linux.seccomp object of the OCI runtime specification.  Its entries for
 * one call have no order, and nothing is said of what holds where two of them
 * match and disagree.  So none of ours overlap: each case of an answer becomes
 * entries of its own, each with one masked value for each register.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/export.h"

/*
 * A filter has 4096 instructions at most, and an entry with a condition becomes
 * three or four.  So many entries at most are spent on all cases that are
 * refused, those that take few of them first; the others have the error of
 * unknown calls.
 */
enum { REGISTERS = 6, MOST_VALUES = 192, MOST_ENTRIES = 192, ALL_REFUSING = 600, NAMES = 12 };
static const size_t refusing_rounds[] = { 4, 33, 66 };
enum { ROUNDS = sizeof(refusing_rounds) / sizeof(refusing_rounds[0]) };

void
export_text(const struct export_out *out, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	out->text(out->ctx, text);
}

/* What becomes of one call. */
struct case_entry {
	struct cube of[REGISTERS];	/* mask 0: any value */
	const char *other[REGISTERS];	/* a comparison with the value instead: NE, GT */
	const struct answer *leaf;
	struct case_entry *next;
};

struct call_entry {
	const char *name;
	const struct answer *answer;	/* a leaf, or cases in which it holds */
	struct case_entry *cases;
	bool told;
};

struct making {
	const struct export_input *in;
	const struct export_out *out;
	const struct answer *fallback;
	struct call_entry *call;
	size_t n;
	size_t refusing;		/* entries spent on refusals */
	unsigned round;			/* 0: what is let in; then refusals */
	bool no_room;			/* for the last one */
	bool comma;
};

static const struct answer allow = { .class = ANSWER_LOOK };

static bool
same_effect(const struct answer *a, const struct answer *b)
{
	if (a->class != ANSWER_REFUSE && b->class != ANSWER_REFUSE)
		return a->log == b->log;
	return a->class == b->class && a->action == b->action && a->err == b->err;
}

/* A path down a tree. */
struct steps {
	const struct regtest *test[64];
	bool holds[64];
	unsigned n;
};

/*
 * All but one word, and all but a few low bits, are one comparison each where
 * all bits of a register count: NULL where it is none, else its name and value.
 */
static const char *
as_comparison(const struct steps *s, unsigned reg, struct cube *value)
{
	const struct regtest *only = NULL;
	struct cube c;

	for (unsigned i = 0; i < s->n; i++) {
		if (s->test[i]->reg != reg)
			continue;
		if (only || s->holds[i] || s->test[i]->n != 1)
			return NULL;
		only = s->test[i];
	}
	if (!only)
		return NULL;
	c = only->cube[0];
	*value = (struct cube){ c.mask, c.mask == ~(uint64_t)0 ? c.value : ~c.mask };
	if (c.mask == ~(uint64_t)0)
		return "NE";
	return c.value == 0 && !(~c.mask & (~c.mask + 1)) ? "GT" : NULL;
}

/* The values that a register can have on this path. */
static bool
values_of(const struct steps *s, unsigned reg, struct pool *pool, struct cubeset *out)
{
	cubeset_init(out, pool, MOST_VALUES * 4);
	for (unsigned i = 0; i < s->n; i++)
		if (s->test[i]->reg == reg && s->holds[i] && !cubeset_keep(out, s->test[i]))
			return false;
	for (unsigned i = 0; i < s->n; i++)
		if (s->test[i]->reg == reg && !s->holds[i] && !cubeset_cut(out, s->test[i]))
			return false;
	return true;
}

/* All combinations of the registers' values. */
static bool
add_cases(struct making *m, struct call_entry *c, const struct steps *s, const struct answer *leaf)
{
	size_t total = 1, most = m->round ? refusing_rounds[m->round - 1] : MOST_ENTRIES;
	struct cubeset set[REGISTERS];
	const char *other[REGISTERS];

	for (unsigned r = 0; r < REGISTERS; r++) {
		struct cube value;

		other[r] = as_comparison(s, r, &value);
		if (other[r]) {
			cubeset_init(&set[r], m->out->pool, 1);
			set[r].cube[0] = value;
			continue;
		}
		if (!values_of(s, r, m->out->pool, &set[r]) || set[r].n > MOST_VALUES)
			return false;
		total *= set[r].n;
		if (total > most)
			return false;
	}
	if (m->round > 1 && total <= refusing_rounds[m->round - 2])
		return true;		/* was there before, or there was no room */
	m->no_room = m->round && m->refusing + total > ALL_REFUSING / m->in->nabis;
	if (m->no_room)
		return false;
	m->refusing += m->round ? total : 0;
	for (size_t i = 0; i < total; i++) {
		struct case_entry *e = pool_alloc(m->out->pool, 1, sizeof(*e));
		size_t rest = i;

		for (unsigned r = 0; r < REGISTERS; r++) {
			e->of[r] = set[r].cube[rest % set[r].n];
			e->other[r] = other[r];
			rest /= set[r].n;
		}
		e->leaf = leaf;
		e->next = c->cases;
		c->cases = e;
	}
	return true;
}

static void
lose(struct making *m, const char *why, const char *name)
{
	m->out->lost(m->out->ctx, why, name, NULL);
}

/* False: the call has to be let in whatever its arguments are. */
static bool
find_cases(struct making *m, struct call_entry *c, struct steps *s, const struct answer *a)
{
	static const char other_error[] =
	    "calls that are refused with the error of unknown ones, for some of their arguments";
	static const char let_in[] = "calls that are let in for some of the arguments that the policy refuses";
	bool good;

	m->no_room = false;
	if (!a->test) {
		if ((m->round > 0) != (a->class == ANSWER_REFUSE) || same_effect(a, m->fallback))
			return true;
		if (add_cases(m, c, s, a))
			return true;
		if (!m->round)
			return false;
		if (m->round == ROUNDS || m->no_room)
			lose(m, m->fallback->class == ANSWER_REFUSE ? other_error : let_in, c->name);
		return true;
	}
	if (s->n == sizeof(s->holds))
		return false;
	s->test[s->n] = a->test;
	s->holds[s->n++] = true;
	good = find_cases(m, c, s, a->yes);
	s->holds[s->n - 1] = false;
	good = good && find_cases(m, c, s, a->no);
	s->n--;
	return good;
}

/* Entries. */

static void
print_action(const struct making *m, const struct answer *a)
{
	static const char *const words[] = { [ACT_KILL] = "KILL_PROCESS", [ACT_TRAP] = "TRAP", [ACT_DENY] = "ERRNO" };

	if (a->class != ANSWER_REFUSE)
		export_text(m->out, "\"SCMP_ACT_%s\"", a->log ? "LOG" : "ALLOW");
	else
		export_text(m->out, "\"SCMP_ACT_%s\"", words[a->action]);
	if (a->class == ANSWER_REFUSE && a->action == ACT_DENY)
		export_text(m->out, ", \"%s\": %d", a == m->fallback ? "defaultErrnoRet" : "errnoRet", a->err);
}

static void
begin_entry(struct making *m)
{
	export_text(m->out, "%s\n\t\t{ \"names\": [", m->comma ? "," : "");
	m->comma = true;
}

static void
print_case(struct making *m, const struct call_entry *c, const struct case_entry *e)
{
	const char *comma = "";

	begin_entry(m);
	export_text(m->out, "\"%s\"], \"action\": ", c->name);
	print_action(m, e->leaf);
	export_text(m->out, ", \"args\": [");
	for (unsigned r = 0; r < REGISTERS; r++) {
		unsigned long long mask = e->of[r].mask, value = e->of[r].value;

		if (!mask)
			continue;
		if (mask == ~0ull || e->other[r])
			export_text(m->out, "%s{ \"index\": %u, \"value\": %llu, \"op\": \"SCMP_CMP_%s\" }",
			    comma, r, value, e->other[r] ? e->other[r] : "EQ");
		else
			export_text(m->out, "%s{ \"index\": %u, \"value\": %llu, \"valueTwo\": %llu, "
			    "\"op\": \"SCMP_CMP_MASKED_EQ\" }", comma, r, mask, value);
		comma = ", ";
	}
	export_text(m->out, "] }");
}

/* All calls for which the same holds without a condition. */
static void
print_plain(struct making *m, const struct answer *a, size_t from)
{
	unsigned n = 0;

	begin_entry(m);
	for (size_t i = from; i < m->n; i++) {
		struct call_entry *c = &m->call[i];

		if (c->told || c->answer->test || !same_effect(c->answer, a))
			continue;
		c->told = true;
		export_text(m->out, "%s%s\"%s\"", n ? ", " : "", n % NAMES == NAMES - 1 ? "\n\t\t\t" : "", c->name);
		n++;
	}
	export_text(m->out, "], \"action\": ");
	print_action(m, a);
	export_text(m->out, " }");
}

static void
print_entries(struct making *m)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct call_entry *c = &m->call[i];

		if (!c->answer->test && !c->told && !same_effect(c->answer, m->fallback))
			print_plain(m, c->answer, i);
		for (const struct case_entry *e = c->answer->test ? c->cases : NULL; e; e = e->next)
			print_case(m, c, e);
	}
}

/* Calls of all ABIs, by name. */

static bool
cubes_alike(const struct regtest *a, const struct regtest *b, uint64_t bits)
{
	if (a->reg != b->reg || a->n != b->n)
		return false;
	for (unsigned i = 0; i < a->n; i++)
		if ((a->cube[i].mask ^ b->cube[i].mask) & bits || (a->cube[i].value ^ b->cube[i].value) & bits)
			return false;
	return true;
}

/* The same as far as registers of 32 bits go: who reads a profile for a narrow ABI cuts its values. */
static bool
answers_alike(const struct answer *a, const struct answer *b)
{
	if (!a->test || !b->test)
		return answers_equal(a, b);
	return cubes_alike(a->test, b->test, UINT32_MAX) &&
	    answers_alike(a->yes, b->yes) && answers_alike(a->no, b->no);
}

static struct call_entry *
find_call(struct making *m, const char *name)
{
	for (size_t i = 0; i < m->n; i++)
		if (!strcmp(m->call[i].name, name))
			return &m->call[i];
	return NULL;
}

/* Where unknown calls are let in, a refusal must not depend on whether there is room for its cases. */
static bool
is_logged(const struct answer *a)
{
	return a->test ? is_logged(a->yes) || is_logged(a->no) : a->log;
}

static const struct answer *
simplify(struct making *m, const char *name, const struct answer *a)
{
	if (a->test && answer_always_passes(a) && !is_logged(a))
		return &allow;
	if (!a->test || m->fallback->class == ANSWER_REFUSE || answer_may_pass(a, NULL))
		return a;
	lose(m, "calls with several errors, of which one is left", name);
	while (a->test)
		a = a->no;
	return a;
}

/* An entry is for all ABIs: where they differ it says what any of them may do. */
static void
add_call(struct making *m, const char *name, const struct answer *a)
{
	struct call_entry *c = find_call(m, name);

	if (!c) {
		m->call[m->n++] = (struct call_entry){ .name = name, .answer = a };
		return;
	}
	if (answers_alike(c->answer, a) || !answer_may_pass(a, NULL))
		return;
	if (!c->answer->test && c->answer->class == ANSWER_LOOK)
		return;
	lose(m, "calls that differ from one ABI to another, let in for all", name);
	c->answer = &allow;
}

static void
collect_calls(struct making *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->in->nabis; i++)
		n += m->in->abi[i].ncalls;
	m->call = pool_alloc(m->out->pool, n, sizeof(*m->call));
	for (size_t i = 0; i < m->in->nabis; i++) {
		const struct export_abi *abi = &m->in->abi[i];

		for (size_t k = 0; k < abi->ncalls; k++) {
			const struct answer *a = export_answer(m->out->pool, m->in, abi, abi->call[k].id);

			add_call(m, abi->call[k].name, simplify(m, abi->call[k].name, a));
		}
	}
	for (size_t turn = 0; turn < (1 + ROUNDS) * m->n; turn++) {
		struct call_entry *c = &m->call[turn % m->n];
		struct steps s = { .n = 0 };

		m->round = (unsigned)(turn / m->n);
		if (!c->answer->test || find_cases(m, c, &s, c->answer))
			continue;
		lose(m, "calls with more cases than a profile should have, let in whatever their arguments", c->name);
		c->answer = &allow;
	}
}

void
export_oci(const struct export_input *in, const struct export_out *out)
{
	struct making m = { .in = in, .out = out, .fallback = export_unknown(out->pool, in) };

	collect_calls(&m);
	export_text(out, "{\n\t\"defaultAction\": ");
	print_action(&m, m.fallback);
	export_text(out, ",\n\t\"architectures\": [");
	for (size_t i = 0; i < in->nabis; i++)
		export_text(out, "%s\"%s\"", i ? ", " : "", in->abi[i].oci);
	export_text(out, "],\n\t\"syscalls\": [");
	print_entries(&m);
	export_text(out, "\n\t]\n}\n");
	export_lost_rules(in, out);
}
