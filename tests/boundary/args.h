/* SPDX-License-Identifier: ISC */
#ifndef TG_ARGS_H
#define TG_ARGS_H

/* Arguments of a call, by what the table says that they are. */

#include "gate.h"
#include "structs.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>

struct attempt {
	enum abi abi;
	enum id id;
	uint64_t nr, arg[6];
};

enum { FDS = 40 };

static int
any_fd(void)
{
	static const int odd[] = { -1, AT_FDCWD, 63, 1000, 0x7fffffff, -2 };

	return once_in(20) ? PICK(odd) : (int)any(FDS);
}

static uint64_t
any_int(void)
{
	static const uint64_t some[] = { 0, 1, 2, 3, 7, 8, 16, 0x7fffffff, 0x80000000, 0xffffffff, ~(uint64_t)0, 0x100000000, 0xffffffff00000000 };

	return once_in(3) ? any64() >> any(64) : once_in(2) ? PICK(some) : any(32);
}

/* Mostly itself and children; those above, all, and tollgate's, now and then. */
static uint64_t
any_pid(void)
{
	switch (any(16)) {
	case 0: return (uint64_t)main_pid;
	case 1: return 1 + any(8);
	case 2: return (uint64_t)(main_pid - 1);
	case 3: return (uint64_t)own_pid + any(5);
	case 4: return (uint64_t)-(int64_t)(1 + any(8));
	case 5: return any_int();
	case 6: return (uint64_t)-(int64_t)own_pid;
	case 7: return 0;
	}
	return (uint64_t)own_pid;
}

static uint64_t
any_signal(void)
{
	static const int some[] = { 0, SIGUSR1, SIGURG, SIGCHLD, SIGWINCH, SIGALRM, SIGCONT, SIGUSR2, SIGSEGV, SIGTRAP };

	return once_in(8) ? any(70) : (uint64_t)PICK(some);
}

/* A word that says where. */
static bool
is_place(const char *name)
{
	return strstr(name, "addr") || !strcmp(name, "start") || !strcmp(name, "brk");
}

static uint64_t
any_word(const struct call *c, unsigned i)
{
	if (is_place(c->arg[i].name))
		return any_page();
	if (strstr(c->name, "map") || strstr(c->arg[i].name, "len") || strstr(c->arg[i].name, "size"))
		return any(3) ? any(4) * PAGE : any_size();
	return any(3) ? any_size() : any_pointer();
}

static uint64_t
any_flags(const struct call *c, unsigned i)
{
	enum vocab v = c->arg[i].vocab;

	if (v == V_O)
		return open_flags();
	if (v == V_CLONE)
		return clone_flags();
	if (v == V_AT)
		return any(2) ? 0 : any_bits(v);
	return any_bits(v);
}

static bool
is_exec(enum id id)
{
	return id == ID_execve || id == ID_execveat;
}

/* Fills argument I and those that go with it; returns how many there were. */
static unsigned
fill_one(struct attempt *t, const struct call *c, unsigned i, uint64_t *to, unsigned room)
{
	unsigned word = gate_word(t->abi), len = 0;
	uint64_t beyond = 0, *next = room > 1 ? to + 1 : &beyond;

	switch (c->arg[i].kind) {
	case K_NONE: case K_VIRT: *to = any(4) ? 0 : any_int(); return 1;
	case K_FD: case K_PIDFD: *to = (uint64_t)any_fd(); return 1;
	case K_DIRFD: *to = any(2) ? (uint64_t)AT_FDCWD : (uint64_t)any_fd(); return 1;
	case K_PATH: case K_LPATH: case K_ENTRY: case K_STR: *to = (uintptr_t)(is_exec(t->id) ? put_program() : put_name()); return 1;
	case K_PTR: *to = is_exec(t->id) && any(4) ? 0 : any(8) ? (uintptr_t)put_small(word) : any_pointer(); return 1;
	case K_ULONG: case K_LONG: *to = any_word(c, i); return 1;
	case K_FLAGS: case K_LFLAGS: *to = any_flags(c, i); return 1;
	case K_ENUM: *to = once_in(16) ? any_int() : any_constant(c->arg[i].vocab); return 1;
	case K_DOMAIN: *to = once_in(8) ? any_int() : any(2) ? any(12) : any(48); return 1;
	case K_SIG: *to = any_signal(); return 1;
	case K_PID: case K_KILLPID: *to = any_pid(); return 1;
	case K_UINT16: *to = any(2) ? 0644 | (any(2) ? S_IFREG : 0) : any64(); return 1;
	case K_ARGV: *to = put_argv(word); return 1;
	case K_SOCKADDR: *to = (uintptr_t)put_address(&len); *next = len; return 2;
	case K_MSGHDR: *to = (uintptr_t)put_message(word); return 1;
	case K_MMSGHDR: *to = (uintptr_t)put_messages(word); *next = any(16) ? any(MESSAGES + 1) : any_int(); return 2;
	case K_OPENHOW: *to = (uintptr_t)put_how(next); return 2;
	case K_CLONEARGS: *to = (uintptr_t)put_clone_args(next); return 2;
	case K_OFF64:
		*to = any(4) ? any(64) : any64();
		if (word == 4 && room > 1)
			*next = once_in(4) ? any_int() : 0;
		return word == 4 ? 2 : 1;
	}
	*to = any_int();
	return 1;
}

static void
fill(struct attempt *t, const struct call *c, uint64_t arg[6])
{
	for (unsigned i = 0, at = 0; at < 6; i++) {
		unsigned n = c->arg[i].kind == K_NONE ? 0 : fill_one(t, c, i, arg + at, 6 - at);

		if (!n)
			break;
		at += n;
		i += n - 1 && c->arg[i].kind != K_OFF64;
	}
}

/* Something that this argument is not. */
static uint64_t
any_at_all(void)
{
	switch (any(6)) {
	case 0: return (uint64_t)any_fd();
	case 1: return any_pointer();
	case 2: return (uintptr_t)put_name();
	case 3: return any_size();
	case 4: return any_page();
	}
	return any_int();
}

/* A call in a block of memory, or in another order. */
static void
fill_carried(struct attempt *t)
{
	const struct carried *c;
	uint64_t arg[6] = { 0 }, block[6] = { 0 };
	char words[48];
	int block_reg = -1;

	do
		c = &carried[any(NCARRIED)];
	while (c->carrier != t->id);
	t->arg[0] = c->call;
	fill(t, &calls[c->meant], arg);
	for (unsigned i = 0; i < 6; i++)
		if (c->from[i].given && c->from[i].in_block) {
			block[c->from[i].index] = arg[i];
			block_reg = c->from[i].reg;
		} else if (c->from[i].given) {
			t->arg[c->from[i].reg] = arg[i];
		}
	for (unsigned i = 0; i < 6; i++)
		put_word(words + 4 * i, 4, block[i]);
	if (block_reg >= 0) {
		char *p = put(words, 24);

		t->arg[block_reg] = (uintptr_t)p;
		if (once_in(3))
			flip_set(p + 4 * any(6), 4, any_fd() & 31, any_pointer());
	}
}

static bool
is_carrier(enum id id)
{
	return id == ID_socketcall || id == ID_ipc || id == ID_old_mmap || id == ID_old_select;
}

static void
fill_call(struct attempt *t)
{
	if (is_carrier(t->id) && any(8))
		fill_carried(t);
	else if (t->id)
		fill(t, &calls[t->id], t->arg);
	if (!t->id || once_in(6))
		for (unsigned i = 0; i < 6; i++)
			if (!t->id || once_in(4))
				t->arg[i] = any_at_all();
	if (once_in(24))	/* what is above 32 bits is cut off, or is not */
		t->arg[any(6)] |= any64() << 32;
}

#endif
