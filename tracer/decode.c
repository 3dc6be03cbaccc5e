/* SPDX-License-Identifier: ISC */
#include "tracer/decode.h"

#include <errno.h>
#include <limits.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <stddef.h>
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
	struct pins *pins;
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
	return (tracee_addr){ abi_address(j->raw->abi, v) };
}

static void *
copy_in(struct job *j, uint64_t from, size_t len, int *err)
{
	void *p = arena_alloc(j->arena, len ? len : 1);

	*err = p ? remote_read(j->raw->tid, pointer(j, from), p, len) : -ENOMEM;
	return *err ? NULL : p;
}

/* The index of a new pin; -ENOBUFS when there are too many. */
static int
add_pin(struct job *j, struct place pointer, struct place length, const void *bytes, size_t len)
{
	if (j->pins->n == MAX_PINS)
		return -ENOBUFS;
	j->pins->pin[j->pins->n] = (struct pin){ pointer, length, bytes, (uint32_t)len };
	return (int)j->pins->n++;
}

static const struct place nowhere = { NOWHERE, 0 };

static struct place
inside(int pin, size_t at)
{
	return (struct place){ (int8_t)pin, (uint16_t)at };
}

/* The virtual argument of that name takes a value found in memory. */
static void
set_virtual(struct job *j, const char *name, uint64_t value, struct place place)
{
	int i = sysdesc_arg(j->desc, name);

	if (i < 0 || j->desc->arg[i].kind != A_VIRT)
		return;
	j->ev->arg[i].val = value;
	j->pins->arg[i] = place;
}

static int
fetch_text(struct job *j, unsigned i)
{
	struct argval *v = &j->ev->arg[i];
	int err, pin;

	if (!v->val)
		return 0;
	err = remote_str(j->raw->tid, pointer(j, v->val), PATH_MAX, j->arena, &v->str);
	if (err)
		return err;
	pin = add_pin(j, j->pins->arg[i], nowhere, v->str, strlen(v->str) + 1);
	j->pins->of[i] = (int8_t)(pin < 0 ? NOWHERE : pin);
	return pin < 0 ? pin : 0;
}

/* Where an address is, and its length. */
struct extent {
	uint64_t from, len;
	struct place pointer, length;
};

static int
fetch_address(struct job *j, unsigned i, struct extent at)
{
	struct argval *v = &j->ev->arg[i];
	int err, pin;

	if (!at.from || !at.len)
		return 0;
	if ((int)at.len < 0 || at.len > MAX_SOCKADDR)
		return -EINVAL;
	v->mem = copy_in(j, at.from, (size_t)at.len, &err);
	v->len = v->mem ? (uint32_t)at.len : 0;
	if (err)
		return err;
	pin = add_pin(j, at.pointer, at.length, v->mem, v->len);
	j->pins->of[i] = (int8_t)(pin < 0 ? NOWHERE : pin);
	return pin < 0 ? pin : 0;
}

static int
fetch_sockaddr(struct job *j, unsigned i)
{
	return fetch_address(j, i, (struct extent){ j->ev->arg[i].val, (uint32_t)j->ev->arg[i + 1].val,
	    j->pins->arg[i], j->pins->arg[i + 1] });
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
count_rights(struct job *j, const struct message *m, int pin, uint64_t *fds)
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
	if (!err)
		err = add_pin(j, inside(pin, 4 * w), nowhere, p, (size_t)m->controllen);
	return err < 0 ? err : 0;
}

static int
fetch_message(struct job *j, unsigned i, const struct message *m, int pin, uint64_t *fds)
{
	unsigned w = j->raw->abi->wordsize;
	int err = count_rights(j, m, pin, fds);

	/* As the kernel does: a name longer than an address can be is cut. */
	return err ? err : fetch_address(j, i, (struct extent){ m->name, m->namelen > MAX_SOCKADDR ? MAX_SOCKADDR : m->namelen,
	    inside(pin, 0), inside(pin, w) });
}

/* In recvmsg(2) only the room for control data matters; the name is an output, and so are parts of the message. */
static uint64_t
room_for_control(const struct job *j, const unsigned char *bytes)
{
	struct message m = parse_message(j, bytes);

	return m.control ? m.controllen : 0;
}

static int
fetch_msghdr(struct job *j, unsigned i)
{
	uint64_t fds = 0, room = 0;
	struct message m;
	unsigned char *p;
	int err, pin = 0;

	p = copy_in(j, j->ev->arg[i].val, message_size(j), &err);
	if (err)
		return err;
	m = parse_message(j, p);
	if (j->desc->arg[i].rights) {
		pin = add_pin(j, j->pins->arg[i], nowhere, p, message_size(j));
		err = pin < 0 ? pin : fetch_message(j, i, &m, pin, &fds);
	} else {
		room = room_for_control(j, p);
	}
	set_virtual(j, "scm_rights", fds, nowhere);
	set_virtual(j, "controllen", room, nowhere);
	return err;
}

/*
 * Of messages to be sent only the first is: sendmmsg(2) may send fewer than it
 * was asked to, and what is sent must be what was looked at.
 */
static int
fetch_mmsghdr(struct job *j, unsigned i)
{
	uint32_t n = (uint32_t)j->ev->arg[i + 1].val;
	size_t each = message_size(j) + j->raw->abi->wordsize;	/* and msg_len, padded */
	uint64_t room = 0;
	unsigned char *p;
	int err;

	if (!n)
		return 0;
	if (j->desc->arg[i].rights) {
		j->pins->first_only = true;
		return fetch_msghdr(j, i);
	}
	if (n > MAX_MESSAGES)
		return -EINVAL;		/* the kernel receives as many as there are */
	p = copy_in(j, j->ev->arg[i].val, n * each, &err);
	for (uint32_t k = 0; !err && k < n; k++)
		room |= room_for_control(j, p + k * each);	/* zero or not is all that is asked */
	set_virtual(j, "controllen", room, nowhere);
	return err;
}

/* Extensible structs: what is beyond the size we know must be zero, as the kernel itself demands. */
/* The index of the pin, or -errno. */
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
	return err ? err : add_pin(j, j->pins->arg[i], nowhere, *out, (size_t)size);
}

static int
fetch_openhow(struct job *j, unsigned i)
{
	struct open_how how;
	unsigned char *p;
	int pin = fetch_extensible(j, i, sizeof(how), sizeof(how), &p);

	if (pin < 0)
		return pin;
	memcpy(&how, p, sizeof(how));
	set_virtual(j, "flags", how.flags, inside(pin, offsetof(struct open_how, flags)));
	set_virtual(j, "mode", how.mode, inside(pin, offsetof(struct open_how, mode)));
	set_virtual(j, "resolve", how.resolve, inside(pin, offsetof(struct open_how, resolve)));
	return 0;
}

static int
fetch_cloneargs(struct job *j, unsigned i)
{
	unsigned char *p;
	int pin = fetch_extensible(j, i, SMALLEST_CLONE, LARGEST_CLONE, &p);

	if (pin < 0)
		return pin;
	set_virtual(j, "flags", word_at(p, 8), inside(pin, 0));
	set_virtual(j, "exit_signal", word_at(p + 32, 8), inside(pin, 32));
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
deal(struct job *j, const uint64_t reg[SYS_MAXREGS], const struct place place[SYS_MAXREGS])
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
			j->pins->arg[i] = place[r];
			r += 2;
		} else {
			j->pins->arg[i] = place[r];
			j->ev->arg[i].val = argwidth_cut(j->ev->id == SYS_ID_none ? W_WORD : width,
			    j->raw->abi->wordsize, reg[r++]);
		}
	}
}

int
decode(const struct sysmap *map, const struct rawcall *raw, struct arena *arena, struct sysevent *ev,
    struct pins *pins)
{
	struct job j = { raw, NULL, arena, ev, pins };
	uint64_t reg[SYS_MAXREGS];
	struct place place[SYS_MAXREGS];
	int err;

	memset(ev, 0, sizeof(*ev));
	pins->n = 0;
	pins->first_only = false;
	for (unsigned i = 0; i < SYS_MAXARGS; i++) {
		pins->arg[i] = nowhere;
		pins->of[i] = NOWHERE;
	}
	memcpy(reg, raw->args, sizeof(reg));
	for (unsigned i = 0; i < SYS_MAXREGS; i++)
		place[i] = (struct place){ IN_REGISTER, (uint16_t)i };
	ev->abi = raw->abi->name;
	ev->nr = raw->nr;
	ev->wordsize = raw->abi->wordsize;
	ev->id = sysmap_id(map, raw->abi, raw->nr);
	err = unfold(raw, &ev->id, reg, place, pins, arena);
	j.desc = &sysdesc_table[ev->id];
	deal(&j, reg, place);
	for (unsigned i = 0; !err && i < SYS_MAXARGS; i++)
		if (fetchers[j.desc->arg[i].kind])
			err = fetchers[j.desc->arg[i].kind](&j, i);
	return err;
}
