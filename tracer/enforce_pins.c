/* SPDX-License-Identifier: ISC */
/*
 * Holds still what a verdict was about.  All copies of a call go into the
 * program's window, pointers between them are set to where they are
 * there, and so are the registers.  The kernel then reads what was checked,
 * whatever other threads do to the originals.  At the exit-stop, which comes
 * before any signal is delivered, the registers get their values back: signal
 * handlers, restarted calls and core files see what the program had put there.
 */
#include "tracer/enforce_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "tracer/registers.h"
#include "tracer/remote.h"
#include "tracer/stub.h"
#include "tracer/window.h"

enum { ALIGN = 16, MAX_REDONE = 8 };

int
draft_change(struct draft *d, struct place at, uint64_t value, unsigned width)
{
	if (d->nchanges == MAX_CHANGES || at.in == NOWHERE)
		return -ENOBUFS;
	d->change[d->nchanges++] = (struct change){ at, value, width };
	return 0;
}

int
draft_text(struct draft *d, unsigned i, const void *bytes, size_t len)
{
	int k = d->in->pins->of[i];

	if (!bytes)
		return -ENOMEM;
	if (k < 0) {
		if (d->n == MAX_PINS)
			return -ENOBUFS;
		k = (int)d->n++;
		d->pin[k] = (struct pin){ d->in->pins->arg[i], { NOWHERE, 0 }, NULL, 0 };
	}
	d->pin[k].bytes = bytes;
	d->pin[k].len = (uint32_t)len;
	return 0;
}

/* Where the copies go. */
struct slot {
	char *mem;			/* ours */
	uint64_t at;			/* the program's address of the same */
	size_t used;
	uint64_t address[MAX_PINS];	/* of each pin, for the program */
	size_t offset[MAX_PINS];	/* the same in our memory */
};

static bool
is_empty_text(const struct pin *p)
{
	return p->len == 1 && !*(const char *)p->bytes;
}

/* Empty strings, which name a descriptor's object, are in the window anyway. */
static int
lay_out(const struct draft *d, struct slot *s)
{
	for (unsigned k = 0; k < d->n; k++) {
		if (is_empty_text(&d->pin[k]))
			continue;
		s->offset[k] = (s->used + ALIGN - 1) & ~(size_t)(ALIGN - 1);
		s->used = s->offset[k] + d->pin[k].len;
		if (s->used > WINDOW_MOST * WINDOW_PAGE)
			return -ENOBUFS;
	}
	return 0;
}

static int
take_pages(struct tracee *t, struct slot *s)
{
	struct window *w = t->group->window;
	struct hold *h = &t->hold;

	if (!w)
		return -EPERM;
	if (!s->used)
		return 0;
	h->pages = (unsigned)((s->used + WINDOW_PAGE - 1) / WINDOW_PAGE);
	h->page = window_take(w, h->pages);
	if (h->page < 0)
		return -ENOMEM;		/* as when the kernel has none left for a copy */
	h->window = window_hold(w);
	s->mem = w->mem + (size_t)h->page * WINDOW_PAGE;
	s->at = w->at + (uint64_t)h->page * WINDOW_PAGE;
	return 0;
}

static void
fill(const struct tracee *t, const struct draft *d, struct slot *s)
{
	for (unsigned k = 0; k < d->n; k++) {
		if (is_empty_text(&d->pin[k])) {
			s->address[k] = t->group->window->at;
			continue;
		}
		memcpy(s->mem + s->offset[k], d->pin[k].bytes, d->pin[k].len);
		s->address[k] = s->at + s->offset[k];
	}
}

/* Registers that are to be changed, and how they were. */
struct setting {
	struct registers r;
	const size_t *arg;
	struct hold *hold;
};

static int
set_register(struct setting *set, size_t offset, uint64_t value)
{
	struct hold *h = set->hold;

	if (h->nregs == MAX_HELD)
		return -ENOBUFS;
	h->reg[h->nregs].offset = offset;
	h->reg[h->nregs++].value = registers_get(&set->r, offset);
	registers_put(&set->r, offset, (int64_t)value);
	return 0;
}

static int
put(const struct draft *d, struct slot *s, struct setting *set, struct place at, uint64_t value, unsigned width)
{
	if (at.in == IN_REGISTER)
		return at.at < 6 ? set_register(set, set->arg[at.at], value) : -EINVAL;
	if (at.in < 0 || at.in >= (int)d->n || at.at + width > d->pin[at.in].len || is_empty_text(&d->pin[at.in]))
		return -EINVAL;
	memcpy(s->mem + s->offset[at.in] + at.at, &value, width);	/* little-endian, as decode reads it */
	return 0;
}

static int
point(const struct draft *d, struct slot *s, struct setting *set)
{
	unsigned wordsize = d->in->raw->abi->wordsize;
	int err = 0;

	for (unsigned k = 0; !err && k < d->n; k++) {
		uint64_t address = s->address[k];

		err = wordsize == 4 && address > UINT32_MAX ? -EPERM :
		    put(d, s, set, d->pin[k].pointer, address, wordsize);
		if (!err && d->pin[k].length.in != NOWHERE)
			err = put(d, s, set, d->pin[k].length, d->pin[k].len, sizeof(uint32_t));
	}
	for (unsigned k = 0; !err && k < d->nchanges; k++)
		err = put(d, s, set, d->change[k].at, d->change[k].value, d->change[k].width);
	if (!err && d->nr >= 0 && !set->r.set->nr_set)
		err = set_register(set, set->r.set->nr, (uint64_t)d->nr | d->in->raw->abi->nr_flag);
	return err;
}

static int
carry_out(struct tracee *t, const struct draft *d)
{
	struct setting set = { .hold = &t->hold };
	struct registers before;
	struct slot s = { 0 };
	int err = registers_load(d->in->arch, t->tid, &set.r);

	if (!err && d->n) {
		err = lay_out(d, &s);
		err = err ? err : take_pages(t, &s);
	}
	if (err)
		return err;
	set.arg = registers_args(&set.r, d->in->raw->abi->audit_arch);
	t->hold.gate_size = registers_gate(&set.r, d->in->raw->abi->gate_size);
	fill(t, d, &s);
	before = set.r;
	err = point(d, &s, &set);
	if (err)
		return err;
	if (d->in->may_use_stub && d->nr < 0 && !d->in->found->made)
		stub_take(t, d->in->raw->abi, &before, &set.r);
	return d->nr < 0 ? registers_store(t->tid, &set.r) :
	    registers_call(t->tid, &set.r, (uint64_t)d->nr | d->in->raw->abi->nr_flag);
}

int
enforce_hold(struct tracee *t, const struct let_in *in)
{
	struct draft d = { .in = in, .n = in->pins->n, .nr = -1 };
	int err;

	memcpy(d.pin, in->pins->pin, in->pins->n * sizeof(d.pin[0]));
	for (unsigned k = 0; k < d.n; k++)
		if (d.pin[k].length.in != NOWHERE)
			d.pin[k].length.in = NOWHERE;	/* it stays, unless the text becomes another */
	err = draft_objects(&d, &t->hold);
	if (!err && (d.n || d.nchanges || d.nr >= 0))
		err = carry_out(t, &d);
	if (err)
		enforce_forget(t);
	return err;
}

void
enforce_forget(struct tracee *t)
{
	struct hold *h = &t->hold;

	stub_give(h);
	if (h->window) {
		window_give(h->window, h->page, h->pages);
		window_release(h->window);
	}
	for (unsigned i = 0; i < h->nfds; i++)
		close(h->fd[i]);
	free(h->moved[0]);
	free(h->moved[1]);
	memset(h, 0, sizeof(*h));
}

/* One message was sent, and its length belongs beside it. */
static int
count_one(const struct tracee *t, struct registers *r, int64_t returned)
{
	uint32_t length = (uint32_t)returned;

	if (returned < 0)
		return 0;
	registers_put(r, r->set->ret, 1);
	return remote_write(t->tid, (tracee_addr){ t->hold.count_at }, &length, sizeof(length)) ? -EFAULT : 0;
}

/* There was no room for anything that the flags could tell of. */
static int
clear_flags(const struct tracee *t, int64_t returned)
{
	const uint32_t none = 0;

	return returned < 0 ? 0 : remote_write(t->tid, (tracee_addr){ t->hold.flags_at }, &none, sizeof(none));
}

/* The program makes the call once more, with its own arguments, and it is looked at anew. */
static void
make_again(struct tracee *t, struct registers *r)
{
	uint64_t nr = registers_get(r, r->set->nr);

	t->redone++;
	registers_put(r, r->set->ip, (int64_t)(registers_get(r, r->set->ip) - t->hold.gate_size));
	registers_put(r, r->set->nr, -1);	/* nothing is to be restarted; with some processors the next is the same register */
	registers_put(r, r->set->call, (int64_t)nr);
}

int
enforce_let_go(const struct arch *arch, struct tracee *t, int64_t returned)
{
	struct hold *h = &t->hold;
	bool again = h->redo && returned == -h->redo && t->redone < MAX_REDONE;
	struct registers r;
	int err = 0;

	if (!again)
		t->redone = 0;
	if (h->nregs) {
		err = registers_load(arch, t->tid, &r);
		/* Where the result comes in an argument's register it stays; restarting, the kernel knows the argument. */
		for (unsigned i = h->nregs; i-- > 0 && !err; )
			if (again || h->reg[i].offset != r.set->ret)
				registers_put(&r, h->reg[i].offset, (int64_t)h->reg[i].value);
		if (!err && ((h->flags_at && clear_flags(t, returned)) || (h->count_at && count_one(t, &r, returned))))
			registers_put(&r, r.set->ret, -EFAULT);
		if (!err && again)
			make_again(t, &r);
		err = err ? err : registers_store(t->tid, &r);
	}
	enforce_forget(t);
	return err;
}
