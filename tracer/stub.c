/* SPDX-License-Identifier: ISC */
#include "tracer/stub.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "lib/cleanup.h"
#include "tracer/enforce.h"
#include "tracer/pt.h"

/* What a task that takes its time until its next stop keeps of tollgate's descriptors, at most; and what others have left then. */
enum { MAX_FDS = 2, SPARE = 4 };

static unsigned in_use;

_Static_assert(STUBS <= 64 * sizeof(((struct window *)0)->stubs) / sizeof(uint64_t), "a bit for each");
_Static_assert(STUBS * STUB_WORDS * sizeof(uint64_t) <= WINDOW_CODE, "words for each");

const struct stub *
stub_of(const struct arch *arch, const struct abi *abi)
{
	const struct regset *set = arch_regset_of(arch, abi->audit_arch);

	return set ? set->stub : NULL;
}

/* Of the stub that is counted from 1. */
static uint64_t
words_offset(unsigned i)
{
	return STUB_WORDS_AT + (uint64_t)(i - 1) * STUB_WORDS * sizeof(uint64_t);
}

static uint64_t
code_offset(unsigned i)
{
	return (uint64_t)(i - 1) * STUB_SIZE;
}

static uint64_t *
words_of(struct window *w, unsigned i)
{
	return (uint64_t *)(void *)(w->mem + words_offset(i));
}

void
stub_mapped(struct window *w, uint64_t code_at)
{
	w->code_at = code_at;
	w->stubs_failed = w->at + WINDOW_SIZE > INT32_MAX;
}

/* Before its first use: most programs never have more than one call that has not ended. */
static void
write_code(struct window *w, unsigned i, const struct stub *stub)
{
	char *code = w->mem + STUB_CODE_AT + code_offset(i);

	memcpy(code, stub->code, STUB_SIZE);
	for (unsigned k = 0; k < stub->nwords; k++) {
		uint32_t address = (uint32_t)(w->at + words_offset(i) + k * sizeof(uint64_t));

		memcpy(code + stub->word[k].at, &address, sizeof(address));
	}
	w->stubs_written = i;
}

/* Not all of tollgate's descriptors may wait for tasks that have no reason to hurry. */
static bool
is_room(const struct hold *h)
{
	static rlim_t most;
	struct rlimit l;

	if (!most)
		most = getrlimit(RLIMIT_NOFILE, &l) == 0 ? l.rlim_cur / (SPARE * MAX_FDS) + 1 : 1;
	return h->nfds <= MAX_FDS && in_use < most;
}

/* A call that is looked at when it ends, or that nothing was changed for. */
static bool
needs_its_end(const struct hold *h)
{
	return !h->nregs || h->redo || h->flags_at || h->count_at;
}

static unsigned
find_free(struct window *w)
{
	for (unsigned i = 0; i < STUBS; i++)
		if (!(w->stubs[i / 64] >> i % 64 & 1))
			return i + 1;
	return 0;
}

static void
mark(struct window *w, unsigned i, bool taken)
{
	uint64_t bit = UINT64_C(1) << (i - 1) % 64;

	if (taken)
		w->stubs[(i - 1) / 64] |= bit;
	else
		w->stubs[(i - 1) / 64] &= ~bit;
	in_use += taken ? 1U : -1U;
}

static bool
suits(const struct stub *stub, const struct abi *abi, const struct registers *r)
{
	return stub && r->set->audit_arch == abi->audit_arch && !(registers_get(r, stub->state) & stub->steps);
}

void
stub_take(struct tracee *t, const struct abi *abi, const struct registers *before, struct registers *now)
{
	const struct stub *stub = now->set->stub;
	struct window *w = t->group->window;
	struct hold *h = &t->hold;
	uint64_t to;

	if (!w || !w->code_at || w->stubs_failed || !suits(stub, abi, before) || needs_its_end(h) || !is_room(h) || !(h->stub = find_free(w)))
		return;
	if (!h->window)
		h->window = window_hold(w);
	mark(w, h->stub, true);
	t->redone = 0;		/* it is not made again */
	if (h->stub > w->stubs_written)
		write_code(w, h->stub, stub);
	for (unsigned k = 0; k < stub->nwords; k++)
		words_of(w, h->stub)[k] = registers_get(before, stub->word[k].reg);
	to = w->code_at + code_offset(h->stub) + stub->entry;
	registers_put(now, now->set->ip, (int64_t)to);
	registers_put(now, stub->link, (int64_t)to);
}

void
stub_give(struct hold *h)
{
	if (!h->stub)
		return;
	memset(words_of(h->window, h->stub), 0, STUB_WORDS * sizeof(uint64_t));
	mark(h->window, h->stub, false);
	h->stub = 0;
}

/* At its beginning the call has not been made yet, for the second time. */
static bool
is_inside(const struct hold *h, uint64_t ip)
{
	uint64_t from = h->window->code_at + code_offset(h->stub);

	return ip >= from && ip < from + STUB_SIZE;
}

static int
put_back(struct tracee *t, struct registers *r)
{
	const struct hold *h = &t->hold;
	const struct stub *stub = r->set->stub;
	bool again = registers_get(r, r->set->ip) == h->window->code_at + code_offset(h->stub);

	for (unsigned k = 0; k < stub->nwords; k++)
		registers_put(r, stub->word[k].reg, (int64_t)words_of(h->window, h->stub)[k]);
	if (again)
		registers_put(r, r->set->ip, (int64_t)(registers_get(r, r->set->ip) - stub->entry));
	return registers_store(t->tid, r);
}

/*
 * The program has taken the code away, or its children do not inherit it: the
 * call is over, and what was to be done in its place is done now.
 */
static void
excuse_fault(struct tracee *t, struct stop *stop)
{
	siginfo_t info;

	if (stop->kind != STOP_SIGNAL || (stop->sig != SIGSEGV && stop->sig != SIGBUS) || pt_get_siginfo(t->tid, &info) ||
	    info.si_code <= 0)
		return;
	stop->sig = 0;
	t->hold.window->stubs_failed = true;
}

/* By far most often: the program makes its next call, and the kernel says where without its registers. */
static bool
is_next_call(const struct tracee *t, struct stop *stop)
{
	if (stop->kind != STOP_FILTER || !pt_has(PT_SYSCALL_INFO) || pt_call(t->tid, &stop->call))
		return false;
	stop->has_call = !is_inside(&t->hold, stop->call.ip);
	return stop->has_call;
}

int
stub_settle(const struct arch *arch, struct tracee *t, struct stop *stop)
{
	struct registers r;
	int err;

	if (!t->hold.stub || stop_is_end(stop) || stop->kind == STOP_EXEC)
		return 0;
	if (is_next_call(t, stop)) {
		enforce_forget(t);
		return 0;
	}
	err = registers_load(arch, t->tid, &r);
	if (!err && r.set->stub && is_inside(&t->hold, registers_get(&r, r.set->ip))) {
		err = put_back(t, &r);
		excuse_fault(t, stop);
	}
	enforce_forget(t);
	return err;
}

/*
 * Where a task that waits was when it went into the kernel, which the kernel
 * says last; of one that runs it says nothing.
 */
static bool
is_elsewhere(const struct tracee *t)
{
	cleanup_file FILE *f = NULL;
	char text[256] = "", *last;
	uint64_t ip;

	snprintf(text, sizeof(text), "/proc/%d/syscall", t->tid);
	f = fopen(text, "re");
	if (!f || !fgets(text, sizeof(text), f))
		return false;
	last = strrchr(text, ' ');
	return last && sscanf(last, " 0x%" SCNx64, &ip) == 1 && !is_inside(&t->hold, ip);
}

static void
look(struct tracee *t, void *ctx)
{
	(void)ctx;
	if (t->hold.stub && is_elsewhere(t))
		enforce_forget(t);
}

static void
note_exec(struct tracee *t, void *ctx)
{
	bool *any = ctx;

	*any |= t->state == TS_IN_CALL && t->exec[0].ino;
}

/*
 * Before Linux 5.7 that file cannot be read while a thread of the process
 * executes something, who may wait for us to hear of the death of others.
 */
void
stub_sweep(struct tracees *all)
{
	bool any_executes = false;

	if (!in_use)
		return;
	tracee_each(all, note_exec, &any_executes);
	if (!any_executes)
		tracee_each(all, look, NULL);
}
