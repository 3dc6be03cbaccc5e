/* SPDX-License-Identifier: ISC */
/*
 * Calls for several messages, or into messages, become others that act on what
 * was looked at.  i386 has these others by numbers of their own since Linux 4.3;
 * before, and after, inside of socketcall(2).
 */
#include "tracer/enforce_int.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tracer/abi_calls.h"
#include "tracer/remote.h"

/* How many arguments of the call that this row carries come in a block. */
static unsigned
words(const struct demux *m)
{
	unsigned n = 0;

	while (n < SYS_MAXREGS && m->source[n].kind == DEMUX_WORD)
		n++;
	return n;
}

/* The row for a call that this ABI has inside another one, with all of its arguments in a block; NULL. */
static const struct demux *
carrier_of(const struct abi *abi, enum sys_id meant)
{
	const struct demux *best = NULL;

	for (const struct demux *m = NULL; (m = abi_next_carrier(abi, meant, m)); )
		if (words(m) > (best ? words(best) : 0))
			best = m;
	return best;
}

/* By a block of arguments; the index of its pin, or -errno. */
static int
draft_block(struct draft *d, const struct demux *m, const uint64_t arg[SYS_MAXREGS])
{
	unsigned w = d->in->raw->abi->wordsize, n = words(m);
	unsigned char *block = arena_alloc(d->in->arena, (size_t)n * w);
	int err;

	if (!block || d->n == MAX_PINS)
		return block ? -ENOBUFS : -ENOMEM;
	for (unsigned i = 0; i < n; i++)
		memcpy(block + i * w, &arg[i], w);	/* little-endian, as decode reads it */
	err = draft_change(d, (struct place){ IN_REGISTER, 0 }, m->call, w);
	d->nr = abi_call_nr(d->in->raw->abi, sysdesc_table[m->carrier].name);
	d->pin[d->n] = (struct pin){ { IN_REGISTER, m->source[0].reg }, { NOWHERE, 0 }, block, n * w };
	return err ? err : (int)d->n++;
}

/* Before 3.0 sendmmsg(2) is not there, and to send by another call would be more than it does. */
static bool
sends_many(void)
{
#ifdef SYS_sendmmsg
	return syscall(SYS_sendmmsg, -1, NULL, 0, 0) == 0 || errno != ENOSYS;
#else
	return false;
#endif
}

/* The message is what the block's second word points to. */
static int
send_in_block(struct draft *d, const struct demux *m)
{
	const struct sysevent *ev = d->in->ev;
	const uint64_t arg[SYS_MAXREGS] = { ev->arg[0].val, 0, ev->arg[3].val };
	unsigned message = 0;
	int block;

	while (message < d->n && (d->pin[message].pointer.in != IN_REGISTER || d->pin[message].pointer.at != 1))
		message++;
	if (message == d->n)
		return -EPERM;
	block = draft_block(d, m, arg);
	if (block >= 0)
		d->pin[message].pointer = (struct place){ (int8_t)block, (uint16_t)d->in->raw->abi->wordsize };
	return block < 0 ? block : 0;
}

/* The program's own block, with its own call. */
static int
send_from_block(struct draft *d, const struct demux *m)
{
	unsigned w = d->in->raw->abi->wordsize;
	int err = draft_change(d, d->in->pins->arg[2], d->in->ev->arg[3].val, w);

	return err ? err : draft_change(d, (struct place){ IN_REGISTER, 0 }, m->call, w);
}

/* sendmmsg(2) of one message is sendmsg(2); its flags stand elsewhere. */
int
draft_message(struct draft *d, struct hold *h)
{
	const struct pins *p = d->in->pins;
	const struct abi *abi = d->in->raw->abi;
	const struct demux *m = carrier_of(abi, SYS_ID_sendmsg);

	if (!sends_many())
		return 0;
	if (!p->n)
		return -EPERM;
	h->count_at = d->in->ev->arg[1].val + 7 * abi->wordsize;
	if (m)
		return p->arg[2].in == IN_REGISTER ? send_in_block(d, m) : send_from_block(d, m);
	d->nr = abi_call_nr(abi, "sendmsg");
	return d->nr < 0 ? -ENOSYS : draft_change(d, p->arg[2], d->in->ev->arg[3].val, abi->wordsize);
}

/* What is received into: one buffer, or several without anything else. */
struct receiver {
	enum sys_id call;
	uint64_t arg[SYS_MAXREGS];
};

static uint64_t
word(const unsigned char *bytes, unsigned i, unsigned size)
{
	uint64_t v = 0;

	memcpy(&v, bytes + i * size, size);
	return v;
}

static int
read_receiver(const struct draft *d, uint64_t flags, struct receiver *r)
{
	unsigned w = d->in->raw->abi->wordsize;
	uint64_t at = d->in->ev->arg[1].val;
	unsigned char m[7 * 8], iov[2 * 8] = { 0 };
	int err = remote_read(d->in->raw->tid, (tracee_addr){ at }, m, 7 * w);

	*r = (struct receiver){ SYS_ID_recvfrom, { d->in->ev->arg[0].val, 0, 0, flags, word(m, 0, w), word(m, 0, w) ? at + w : 0 } };
	if (!err && word(m, 3, w) == 1)
		err = remote_read(d->in->raw->tid, (tracee_addr){ word(m, 2, w) }, iov, 2 * w);
	r->arg[1] = word(iov, 0, w);
	r->arg[2] = word(iov, 1, w);
	if (err || word(m, 3, w) <= 1)
		return err;
	if (flags || word(m, 0, w))
		return -EPERM;
	*r = (struct receiver){ SYS_ID_readv, { r->arg[0], word(m, 2, w), word(m, 3, w) } };
	return 0;
}

static int
receive_by_block(struct draft *d, const struct demux *m, const struct receiver *r)
{
	int block = draft_block(d, m, r->arg);

	return block < 0 ? block : 0;
}

static int
receive_by_registers(struct draft *d, const struct receiver *r)
{
	int err = 0;

	d->nr = abi_call_nr(d->in->raw->abi, sysdesc_table[r->call].name);
	for (unsigned i = 0; !err && i < SYS_MAXREGS; i++)
		err = draft_change(d, (struct place){ IN_REGISTER, (uint16_t)i }, r->arg[i], d->in->raw->abi->wordsize);
	return !err && d->nr < 0 ? -ENOSYS : err;
}

/*
 * The kernel writes into a message that it receives into, so that cannot be
 * held; but one without room for control data, and so for descriptors, can be
 * received by a call that has no place for them at all.
 */
int
draft_receiver(struct draft *d, struct hold *h)
{
	bool many = d->in->id != SYS_ID_recvmsg;
	unsigned w = d->in->raw->abi->wordsize;
	uint64_t at = d->in->ev->arg[1].val;
	const struct demux *m;
	struct receiver r;
	int err;

	if (many && !d->in->ev->arg[2].val)
		return 0;
	err = read_receiver(d, d->in->ev->arg[many ? 3 : 2].val, &r);
	if (err)
		return err;
	h->flags_at = at + 6 * w;
	h->count_at = many ? at + 7 * w : 0;
	d->n = 0;		/* the arguments are where the other call has them, also where they came in a block */
	m = carrier_of(d->in->raw->abi, r.call);
	return m ? receive_by_block(d, m, &r) : receive_by_registers(d, &r);
}
