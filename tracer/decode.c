/* SPDX-License-Identifier: ISC */
#include "tracer/decode.h"

#include <errno.h>
#include <limits.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "tracer/remote.h"
#include "tracer/unfold.h"

enum {
	MAX_SOCKADDR	= 128,		/* sizeof(struct sockaddr_storage): the kernel refuses more */
	MAX_MESSAGES	= 1024,		/* UIO_MAXIOV */
	MAX_CONTROL	= 16384,	/* above what the kernel takes of control data by default */
	SMALLEST_CLONE	= 64,		/* CLONE_ARGS_SIZE_VER0 */
	LARGEST_CLONE	= 88,		/* CLONE_ARGS_SIZE_VER2, the newest known */
};

/* One call being decoded. */
struct job {
	const struct rawcall *raw;
	const struct sysdesc *desc;
	struct arena *arena;
	struct sysevent *ev;
};

/* Copies what argument i points to. */
typedef int fetcher(struct job *, unsigned i);

/* Little-endian here as every ABI in the tables is. */
static uint64_t
word_at(const unsigned char *p, unsigned size)
{
	uint64_t v = 0;

	memcpy(&v, p, size);
	return v;
}

static tracee_addr
pointer(const struct job *j, uint64_t v)
{
	return (tracee_addr){ j->raw->abi->wordsize == 4 ? (uint32_t)v : v };
}

static void *
copy_in(struct job *j, uint64_t from, size_t len, int *err)
{
	void *p = arena_alloc(j->arena, len ? len : 1);

	*err = p ? remote_read(j->raw->tid, pointer(j, from), p, len) : -ENOMEM;
	return *err ? NULL : p;
}

/* The virtual argument of that name takes a value found in memory. */
static void
set_virtual(struct job *j, const char *name, uint64_t value)
{
	int i = sysdesc_arg(j->desc, name);

	if (i >= 0 && j->desc->arg[i].kind == A_VIRT)
		j->ev->arg[i].val = value;
}

static int
fetch_text(struct job *j, unsigned i)
{
	struct argval *v = &j->ev->arg[i];

	if (!v->val)
		return 0;
	return remote_str(j->raw->tid, pointer(j, v->val), PATH_MAX, j->arena, &v->str);
}

static int
fetch_address(struct job *j, struct argval *v, uint64_t from, uint64_t len)
{
	int err;

	if (!from || !len)
		return 0;
	if ((int)len < 0 || len > MAX_SOCKADDR)
		return -EINVAL;
	v->mem = copy_in(j, from, (size_t)len, &err);
	v->len = v->mem ? (uint32_t)len : 0;
	return err;
}

static int
fetch_sockaddr(struct job *j, unsigned i)
{
	return fetch_address(j, &j->ev->arg[i], j->ev->arg[i].val, (uint32_t)j->ev->arg[i + 1].val);
}

/* struct msghdr: seven words in memory, the second and the last of them ints. */
struct message {
	uint64_t name, namelen, control, controllen;
};

static size_t
message_size(const struct job *j)
{
	return 7 * j->raw->abi->wordsize;
}

static struct message
parse_message(const struct job *j, const unsigned char *p)
{
	unsigned w = j->raw->abi->wordsize;

	return (struct message){
		.name = word_at(p, w), .namelen = word_at(p + w, 4),
		.control = word_at(p + 4 * w, w), .controllen = word_at(p + 5 * w, w),
	};
}

/* Control data that sends a packet elsewhere than to its address: IP_RETOPTS, IPV6_RTHDR and its older form. */
static bool
diverts(uint32_t level, uint32_t type)
{
	return (level == IPPROTO_IP && type == 7) || (level == IPPROTO_IPV6 && (type == 57 || type == 5));
}

/* How many descriptors the control data passes; each header says its own length. */
static int
count_rights(struct job *j, const struct message *m, uint64_t *fds)
{
	unsigned w = j->raw->abi->wordsize, header = w + 8;
	unsigned char *p;
	int err;

	if (!m->control || m->controllen < header)
		return 0;
	if (m->controllen > MAX_CONTROL)
		return -ENOBUFS;
	p = copy_in(j, m->control, (size_t)m->controllen, &err);
	for (uint64_t at = 0; p && m->controllen - at >= header; ) {
		uint64_t len = word_at(p + at, w), step = (len + w - 1) & ~(uint64_t)(w - 1);

		if (len < header || len > m->controllen - at)
			break;		/* the kernel stops here with EINVAL */
		if (diverts((uint32_t)word_at(p + at + w, 4), (uint32_t)word_at(p + at + w + 4, 4)))
			return -EPERM;
		if (word_at(p + at + w, 4) == SOL_SOCKET && word_at(p + at + w + 4, 4) == SCM_RIGHTS)
			*fds += (len - header) / 4 + (len == header);
		if (step > m->controllen - at)
			break;
		at += step;
	}
	return err;
}

static int
fetch_message(struct job *j, struct argval *v, const unsigned char *bytes, uint64_t *fds)
{
	struct message m = parse_message(j, bytes);
	int err = count_rights(j, &m, fds);

	/* As the kernel does: a name longer than an address can be is cut. */
	return err ? err : fetch_address(j, v, m.name, m.namelen > MAX_SOCKADDR ? MAX_SOCKADDR : m.namelen);
}

/* In recvmsg(2) only the room for control data matters; the name is an output. */
static int
fetch_received(struct job *j, const unsigned char *bytes, uint64_t *room)
{
	struct message m = parse_message(j, bytes);

	*room |= m.control ? m.controllen : 0;	/* zero or not is all that is asked */
	return 0;
}

static int
fetch_msghdr(struct job *j, unsigned i)
{
	uint64_t fds = 0, room = 0;
	unsigned char *p;
	int err;

	p = copy_in(j, j->ev->arg[i].val, message_size(j), &err);
	if (!err)
		err = j->desc->arg[i].rights ? fetch_message(j, &j->ev->arg[i], p, &fds) : fetch_received(j, p, &room);
	set_virtual(j, "scm_rights", fds);
	set_virtual(j, "controllen", room);
	return err;
}

static int
fetch_mmsghdr(struct job *j, unsigned i)
{
	uint32_t n = (uint32_t)j->ev->arg[i + 1].val;
	size_t each = message_size(j) + j->raw->abi->wordsize;	/* and msg_len, padded */
	uint64_t fds = 0, room = 0;
	struct argval *more;
	unsigned char *p;
	int err = 0;

	if (n > MAX_MESSAGES && !j->desc->arg[i].rights)
		return -EINVAL;		/* the kernel receives as many as there are */
	if (n > MAX_MESSAGES)
		n = MAX_MESSAGES;	/* and sends no more at once */
	if (!n)
		return 0;
	p = copy_in(j, j->ev->arg[i].val, n * each, &err);
	more = arena_alloc(j->arena, n * sizeof(*more));
	if (!err && !more)
		err = -ENOMEM;
	for (uint32_t k = 0; !err && k < n; k++)
		err = j->desc->arg[i].rights ?
		    fetch_message(j, k ? &more[k - 1] : &j->ev->arg[i], p + k * each, &fds) :
		    fetch_received(j, p + k * each, &room);
	j->ev->more = more;
	j->ev->nmore = err ? 0 : n - 1;
	set_virtual(j, "scm_rights", fds);
	set_virtual(j, "controllen", room);
	return err;
}

/* Extensible structs: what is beyond the size we know must be zero, as the kernel itself demands. */
static int
fetch_extensible(struct job *j, unsigned i, size_t least, size_t known, unsigned char **out)
{
	uint64_t size = j->ev->arg[i + 1].val;
	int err;

	if (size < least)
		return -EINVAL;
	if (size > 4096)
		return -E2BIG;
	*out = copy_in(j, j->ev->arg[i].val, (size_t)size, &err);
	for (uint64_t k = known; !err && k < size; k++)
		if ((*out)[k])
			err = -E2BIG;
	return err;
}

static int
fetch_openhow(struct job *j, unsigned i)
{
	struct open_how how;
	unsigned char *p;
	int err = fetch_extensible(j, i, sizeof(how), sizeof(how), &p);

	if (err)
		return err;
	memcpy(&how, p, sizeof(how));
	set_virtual(j, "flags", how.flags);
	set_virtual(j, "mode", how.mode);
	set_virtual(j, "resolve", how.resolve);
	return 0;
}

static int
fetch_cloneargs(struct job *j, unsigned i)
{
	unsigned char *p;
	int err = fetch_extensible(j, i, SMALLEST_CLONE, LARGEST_CLONE, &p);

	if (err)
		return err;
	set_virtual(j, "flags", word_at(p, 8));
	set_virtual(j, "exit_signal", word_at(p + 32, 8));
	return 0;
}

static fetcher *const fetchers[ARGKINDS] = {
	[A_STR]		= fetch_text,
	[A_PATH]	= fetch_text,
	[A_LPATH]	= fetch_text,
	[A_ENTRY]	= fetch_text,
	[A_SOCKADDR]	= fetch_sockaddr,
	[A_MSGHDR]	= fetch_msghdr,
	[A_MMSGHDR]	= fetch_mmsghdr,
	[A_OPENHOW]	= fetch_openhow,
	[A_CLONEARGS]	= fetch_cloneargs,
};

/* Deals the registers out to the arguments; a 64-bit value takes two of them on a 32-bit ABI. */
static void
deal(struct job *j, const uint64_t reg[SYS_MAXREGS])
{
	bool narrow = j->raw->abi->wordsize == 4;
	unsigned r = 0;

	for (unsigned i = 0; i < SYS_MAXARGS && r < SYS_MAXREGS; i++) {
		enum argwidth width = kinddesc_table[j->desc->arg[i].kind].width;

		if (j->desc->arg[i].kind == A_NONE && j->ev->id != SYS_ID_none)
			break;
		if (width == W_NOREG)
			continue;
		if (width == W_64 && narrow) {
			r += j->raw->abi->pairs_aligned && r % 2;
			if (r + 1 >= SYS_MAXREGS)
				break;
			j->ev->arg[i].val = (uint32_t)reg[r] | (uint64_t)(uint32_t)reg[r + 1] << 32;
			r += 2;
		} else {
			j->ev->arg[i].val = argwidth_cut(j->ev->id == SYS_ID_none ? W_WORD : width,
			    j->raw->abi->wordsize, reg[r++]);
		}
	}
}

int
decode(const struct sysmap *map, const struct rawcall *raw, struct arena *arena, struct sysevent *ev)
{
	struct job j = { raw, NULL, arena, ev };
	uint64_t reg[SYS_MAXREGS];
	int err;

	memset(ev, 0, sizeof(*ev));
	memcpy(reg, raw->args, sizeof(reg));
	ev->abi = raw->abi->name;
	ev->nr = raw->nr;
	ev->wordsize = raw->abi->wordsize;
	ev->id = sysmap_id(map, raw->abi, raw->nr);
	err = unfold(raw, &ev->id, reg);
	j.desc = &sysdesc_table[ev->id];
	deal(&j, reg);
	for (unsigned i = 0; !err && i < SYS_MAXARGS; i++)
		if (fetchers[j.desc->arg[i].kind])
			err = fetchers[j.desc->arg[i].kind](&j, i);
	return err;
}
