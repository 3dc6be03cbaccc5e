/* SPDX-License-Identifier: ISC */
/*
 * A filter as the kernel takes it.  Jumps only lead forward, so the program is
 * built from its end: what an instruction leads to is there before it is.
 */
#include <string.h>

#include "engine/export.h"

/* Of linux/filter.h and linux/seccomp.h. */
enum {
	LOAD = 0x20, AND = 0x54, JUMP = 0x05, IF_EQUAL = 0x15, IF_ABOVE_OR_EQUAL = 0x35, RETURN = 0x06,
	AT_NR = 0, AT_ARCH = 4, AT_ARGS = 16,
};
enum { MAX_JUMP = 255, ERR_NOSYS = 38 };
static const uint32_t returns[] = {
	[ACT_KILL] = 0x80000000, [ACT_TRAP] = 0x00030000, [ACT_DENY] = 0x00050000, [ACT_ALLOW] = 0x7fff0000
};
static const uint32_t returns_log = 0x7ffc0000;	/* and lets in */

/* Places are counted from the end: the last instruction is at 0. */
struct building {
	struct pool *pool;
	const struct bpf_input *in;
	struct export_insn *insn;	/* the last one first */
	size_t n;
	bool full;
};

static size_t
put(struct building *b, uint16_t code, uint8_t jt, uint8_t jf, uint32_t k)
{
	if (b->n == EXPORT_MAX_INSNS) {
		b->full = true;
		return 0;
	}
	b->insn[b->n] = (struct export_insn){ code, jt, jf, k };
	return b->n++;
}

static size_t
distance(const struct building *b, size_t to)
{
	return b->n - 1 - to;
}

/* A place that leads to `to` and that a conditional jump still reaches when `more` instructions come between. */
static size_t
near(struct building *b, size_t to, size_t more)
{
	if (b->full || b->n - to <= MAX_JUMP - more)
		return to;
	return put(b, JUMP, 0, 0, (uint32_t)distance(b, to));
}

static size_t
put_if(struct building *b, uint16_t code, uint32_t k, size_t yes, size_t no)
{
	yes = near(b, yes, 2);
	no = near(b, no, 1);
	if (b->full)
		return 0;
	return put(b, code, (uint8_t)distance(b, yes), (uint8_t)distance(b, no), k);
}

static size_t
put_return(struct building *b, const struct answer *a)
{
	uint32_t k = a->log ? returns_log : returns[ACT_ALLOW];

	if (a->class == ANSWER_LOOK)
		k = b->in->look;
	if (a->class == ANSWER_REFUSE)
		k = returns[a->action] | (uint32_t)a->err;
	for (size_t i = b->n; i-- > 0 && b->n - i < MAX_JUMP / 2;)
		if (b->insn[i].code == RETURN && b->insn[i].k == k)
			return i;
	return put(b, RETURN, 0, 0, k);
}

/* Half a register against half a cube. */
static size_t
put_half(struct building *b, uint32_t offset, uint32_t mask, uint32_t value, size_t yes, size_t no)
{
	if (!mask)
		return yes;
	put_if(b, IF_EQUAL, value, yes, no);
	if (mask != UINT32_MAX)
		put(b, AND, 0, 0, mask);
	return put(b, LOAD, 0, 0, offset);
}

static size_t
put_cube(struct building *b, unsigned reg, struct cube c, size_t yes, size_t no)
{
	uint32_t low = AT_ARGS + 8 * reg;

	yes = put_half(b, low, (uint32_t)c.mask, (uint32_t)c.value, yes, no);
	return put_half(b, low + 4, (uint32_t)(c.mask >> 32), (uint32_t)(c.value >> 32), yes, no);
}

static size_t
put_answer(struct building *b, const struct answer *a)
{
	size_t yes, no;

	if (!a->test)
		return put_return(b, a);
	no = put_answer(b, a->no);
	yes = put_answer(b, a->yes);
	for (unsigned i = a->test->n; i-- > 0;)
		no = put_cube(b, a->test->reg, a->test->cube[i], yes, no);
	return no;
}

/* From this number on, until the next one: the answer. */
struct span {
	uint32_t from;
	const struct answer *answer;
	size_t at;
};

/* Finds the span that the number in the accumulator is in. */
static size_t
put_search(struct building *b, const struct span *s, size_t n)
{
	size_t low, high;

	if (n == 1)
		return s->at;
	high = put_search(b, s + n / 2, n - n / 2);
	low = put_search(b, s, n / 2);
	return put_if(b, IF_ABOVE_OR_EQUAL, s[n / 2].from, high, low);
}

static void
add_span(struct span *s, size_t *n, uint32_t from, const struct answer *a)
{
	if (*n && answers_equal(s[*n - 1].answer, a))
		return;
	s[(*n)++] = (struct span){ from, a, 0 };
}

/* Numbers between those of the table, and beyond, are unknown ones; beyond the limit begins another ABI. */
static size_t
find_spans(const struct bpf_abi *of, const struct answer *foreign, struct span *s)
{
	const struct export_abi *abi = of->abi;
	uint32_t next = 0;
	size_t n = 0;

	for (size_t i = 0; i < abi->ncalls; i++) {
		if (abi->call[i].nr > next)
			add_span(s, &n, next, of->unknown);
		add_span(s, &n, abi->call[i].nr, of->call[i]);
		next = abi->call[i].nr + 1;
	}
	add_span(s, &n, next, of->unknown);
	if (abi->nr_limit)
		add_span(s, &n, abi->nr_limit, foreign);
	return n;
}

static size_t
put_abi(struct building *b, const struct bpf_abi *of)
{
	struct span *s = pool_alloc(b->pool, 2 * of->abi->ncalls + 3, sizeof(*s));
	size_t n = find_spans(of, b->in->foreign, s), entry;

	for (size_t i = n; i-- > 0;)
		s[i].at = put_answer(b, s[i].answer);
	entry = put_search(b, s, n);
	if (entry + 1 != b->n)
		put(b, JUMP, 0, 0, (uint32_t)distance(b, entry));
	return put(b, LOAD, 0, 0, AT_NR);
}

static void
turn_round(struct export_insn *insn, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		struct export_insn t = insn[i];

		insn[i] = insn[n - 1 - i];
		insn[n - 1 - i] = t;
	}
}

size_t
bpf_build(struct pool *pool, const struct bpf_input *in, const struct export_insn **out)
{
	struct building b = { .pool = pool, .in = in, .insn = pool_alloc(pool, EXPORT_MAX_INSNS, sizeof(*b.insn)) };
	size_t at = put_return(&b, in->foreign);

	for (size_t i = in->nabis; i-- > 0;)
		at = put_if(&b, IF_EQUAL, in->abi[i].abi->audit_arch, put_abi(&b, &in->abi[i]), at);
	put(&b, LOAD, 0, 0, AT_ARCH);
	turn_round(b.insn, b.n);
	*out = b.insn;
	return b.full ? 0 : b.n;
}

static const struct answer **
all_answers(struct pool *pool, const struct export_input *in, const struct export_abi *abi)
{
	const struct answer **a = pool_alloc(pool, abi->ncalls, sizeof(const struct answer *));

	for (size_t i = 0; i < abi->ncalls; i++)
		a[i] = export_answer(pool, in, abi, abi->call[i].id);
	return a;
}

size_t
export_bpf(struct pool *pool, const struct export_input *in, const struct export_insn **out)
{
	static const struct answer foreign = { .class = ANSWER_REFUSE, .action = ACT_DENY, .err = ERR_NOSYS };
	struct bpf_abi *abi = pool_alloc(pool, in->nabis, sizeof(*abi));
	const struct bpf_input all = { abi, in->nabis, &foreign, returns[ACT_ALLOW] };

	for (size_t i = 0; i < in->nabis; i++)
		abi[i] = (struct bpf_abi){ &in->abi[i], all_answers(pool, in, &in->abi[i]), export_unknown(pool, in) };
	return bpf_build(pool, &all, out);
}
