/* SPDX-License-Identifier: ISC */
#ifndef TG_EXPORT_RIG_H
#define TG_EXPORT_RIG_H

/*
 * What the tests of exports share: policies, calls with registers at random on
 * objects at random, and the machine that runs filters.
 */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "engine/demux.h"
#include "engine/export.h"
#include "engine/policy.h"
#include "tracer/host.h"

enum { TRIES = 20 };

/* Policies.  plain: no phase, no question of who calls; two layers where there is a second text. */
static const struct {
	const char *text, *second;
	bool plain;
} policies[] = {
	{ "promise stdio\n", NULL, true },
	{ "promise stdio thread prot_exec rpath\nallow exec /usr/**\n", NULL, true },
	{ "promise stdio rpath wpath cpath proc exec unix inet id tty\nallow socket netlink\n", NULL, true },
	{ "default allow\nunknown allow\n", NULL, true },
	{ "default allow\ndeny EAFNOSUPPORT socket inet\n"
	  "deny ENOENT syscall mmap if prot has PROT_WRITE|PROT_EXEC\n", NULL, true },
	{ "default kill\nallow syscall read, write if fd < 3\n"
	  "allow syscall lseek if offset <= -1 and whence == SEEK_END\n"
	  "deny EIO syscall read if count >= 4096\ntrap syscall getpid\n", NULL, true },
	{ "default deny EPERM\nchildren deny EAGAIN\nallow syscall clone, fork\n"
	  "allow syscall fcntl if cmd in F_GETFD, F_SETFD\n"
	  "deny ENOSYS syscall fcntl if cmd == F_SETFD and arg & 1 == 1\n"
	  "allow syscall prlimit64 if new_limit == 0\n", NULL, true },
	{ "allow syscall socket if type & SOCK_TYPE_MASK == SOCK_STREAM\n"
	  "allow socket inet, unix\ndeny EPERM socket packet\n"
	  "allow send unix:/tmp/**\nallow syscall sendmsg if scm_rights == 0\n", NULL, true },
	{ "allow read /etc/**\nallow syscall fstat\nallow syscall ioctl if not cmd in TCGETS, FIONREAD\n"
	  "allow syscall setsockopt if level != 1 or optname == 2\nkill syscall reboot\n", NULL, true },
	{ "unsafe ptrace, namespaces\nallow syscall ptrace if request == PTRACE_TRACEME\nallow trace self\n"
	  "allow syscall unshare if flags in CLONE_NEWUSER, CLONE_NEWNET\nask syscall getuid\n", NULL, true },
	{ "default allow\nallow syscall getpid log\nallow syscall getppid\n",
	  "promise stdio rpath\nunknown kill\n", true },
	{ "phase start until exec {\n allow syscall getpid, openat\n allow read /**\n}\n"
	  "allow syscall getppid\n", NULL, false },
	{ "allow syscall getpid if caller \"libc.so.6\"\nallow syscall getuid if process.uid == 0\n"
	  "deny EPERM syscall getgid if exe == \"/bin/x\"\nallow syscall getgid\n", NULL, false },
	{ "allow read /usr/**\n", NULL, true },
	/* Another number on i386. */
	{ "allow syscall ioctl if cmd in FS_IOC_GETFLAGS, FIONREAD\ndefault deny EPERM\n", NULL, true },
	{ "default allow\ndeny EIO syscall getuid quiet\ndeny ENOSYS syscall fcntl if cmd == F_SETFD quiet\n"
	  "deny EPERM syscall fcntl if arg == 7 and cmd == F_SETFD\n", "default allow\ndeny EIO syscall getgid quiet\n", true },
	{ "default allow\ndeny stat /home/*/mail/**\n", NULL, true },
	{ "default allow\ndeny connect inet\nphase start until mark \"go\" {\n allow connect inet:127.0.0.1\n}\n", NULL, false },
};
enum { NPOLICIES = sizeof(policies) / sizeof(policies[0]) };

static struct host host;
static const char *text_now;

static int
read_text(void *ctx, const char *name, const char *from, const char **text, size_t *len, const char **shown)
{
	if (strcmp(name, "test"))
		return host.iface.read(ctx, name, from, text, len, shown);
	*text = text_now;
	*len = strlen(text_now);
	*shown = name;
	return 0;
}

static struct policy *
load(const char *text)
{
	static char whole[1 << 20];
	static struct policy_errors errors;
	struct policy_host h = host.iface;
	struct policy *p;

	snprintf(whole, sizeof(whole), "%s%s", strncmp(text, "policy 1", 8) ? "policy 1\n" : "", text);
	text_now = whole;
	h.read = read_text;
	p = policy_load(&h, "test", NULL, &errors);
	ck_assert_msg(p, "%s\n%s", whole, errors.text);
	return p;
}

/* One export. */
struct rig {
	struct pool *pool;
	struct export_input in;
	struct export_abi abi[4];
	const struct abi *real[4];
	struct layer layer[2];
	const struct export_insn *insn;
	size_t ninsns;
	char *text;
	size_t len;
	FILE *f;
};

static __attribute__((unused)) void
put_text(void *ctx, const char *text)
{
	fputs(text, ((struct rig *)ctx)->f);
}

static __attribute__((unused)) void
put_loss(void *ctx, const char *why, const char *what, const struct origin *o)
{
	(void)ctx;
	(void)o;
	ck_assert(*why && *what);
}

static void
rig_abis(struct rig *r)
{
	const struct arch *arch = arch_native();

	for (size_t i = 0; i < arch->nabis; i++) {
		const struct abi *a = &arch->abis[i];
		struct export_call *call = pool_alloc(r->pool, a->ncalls, sizeof(*call));

		if (!a->supported)
			continue;
		for (size_t k = 0; k < a->ncalls; k++)
			call[k] = (struct export_call){
				a->calls[k].nr, sysdesc_find(a->calls[k].name), a->calls[k].name
			};
		r->real[r->in.nabis] = a;
		r->abi[r->in.nabis++] = (struct export_abi){
			.name = a->name, .audit_arch = a->audit_arch, .wordsize = a->wordsize,
			.oci = a->wordsize == 8 ? "SCMP_ARCH_X86_64" : "SCMP_ARCH_X86", .systemd = a->name,
			.nr_limit = !strcmp(a->name, "x86_64") ? 0x40000000 : 0,
			.pairs_aligned = a->pairs_aligned, .call = call, .ncalls = a->ncalls,
		};
	}
	r->in.abi = r->abi;
}

static __attribute__((unused)) void
rig_start(struct rig *r, unsigned n)
{
	memset(r, 0, sizeof(*r));
	r->pool = pool_new();
	r->layer[0].policy = load(policies[n].text);
	r->in.nlayers = 1;
	if (policies[n].second)
		r->layer[r->in.nlayers++].policy = load(policies[n].second);
	r->in.layer = r->layer;
	r->in.floor = host_floor(&host);
	r->in.running = true;
	ck_assert_ptr_nonnull(r->in.floor);
	rig_abis(r);
	export_prepare(r->pool, &r->in);
}

static __attribute__((unused)) void
rig_end(struct rig *r)
{
	for (size_t i = 0; i < r->in.nlayers; i++)
		policy_free(r->layer[i].policy);
	pool_free(r->pool);
	free(r->text);
}

/* The kernel's machine for filters, as much of it as filters for calls may use. */
struct data {
	uint32_t nr, arch;
	uint64_t ip, args[6];
};

static __attribute__((unused)) uint32_t
run_filter(const struct export_insn *insn, size_t n, const struct data *d)
{
	uint32_t a = 0, x = 0, mem[16] = { 0 };

	for (size_t i = 0; i < n; i++) {
		const struct export_insn *p = &insn[i];

		switch (p->code) {
		case 0x20:
			ck_assert(p->k + 4 <= sizeof(*d) && p->k % 4 == 0);
			memcpy(&a, (const char *)d + p->k, sizeof(a));
			break;
		case 0x60:
			a = mem[p->k % 16];
			break;
		case 0x02:
			mem[p->k % 16] = a;
			break;
		case 0x54:
			a &= p->k;
			break;
		case 0x05:
			i += p->k;
			break;
		case 0x15:
			i += a == p->k ? p->jt : p->jf;
			break;
		case 0x25:
			i += a > p->k ? p->jt : p->jf;
			break;
		case 0x35:
			i += a >= p->k ? p->jt : p->jf;
			break;
		case 0x45:
			i += a & p->k ? p->jt : p->jf;
			break;
		case 0x06:
			return p->k;
		default:
			ck_abort_msg("instruction %#x (%u)", p->code, x);
		}
	}
	ck_abort_msg("the filter has no end");
	return 0;
}

/* Chance, the same each time. */
static uint64_t seed;

static uint64_t
chance(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * 0x2545f4914f6cdd1d >> 8;
}

/* A value of the argument's vocabulary, several, small, or anything; now and then with bits that the kernel cuts. */
static uint64_t
value_for(const struct argdesc *d)
{
	uint64_t v = chance() % 8;

	for (unsigned tries = 0; d->vocab != V_NONE && tries < 4; tries++) {
		bool add = tries && chance() % 2 && vocabdesc_table[d->vocab].style == VS_BITS;
		size_t i = chance() % nconstants;

		while (constants[i].vocab != d->vocab)
			i = (i + 1) % nconstants;
		v = (add ? v : 0) | constants[i].value;
		if (chance() % 3 == 0)
			break;
	}
	switch (chance() % 12) {
	case 0:
		return v | chance() << 32;
	case 1:
		return ~v;
	case 2:
		return chance() << 16 ^ chance();
	case 3:
		return chance() % 5000;
	}
	return v;
}

/* A call with what it may be about. */
struct tried {
	struct sysevent ev;
	struct access access[8];
	struct caller caller;
	struct process process;
	struct data data;
	bool skip;		/* resolving itself would refuse it */
};

static unsigned
open_rights(uint64_t flags, bool absent)
{
	static const unsigned by_mode[] = { R_READ, R_WRITE, R_READ | R_WRITE, R_READ | R_WRITE };
	unsigned rights = by_mode[flags & 3];

	if (flags & 010000000)
		return R_STAT;
	if (flags & 01000)
		rights |= R_WRITE;
	if ((flags & 020200000) == 020200000)
		return rights | R_CREATE | R_WRITE;
	if (flags & 0100)
		rights |= absent ? R_CREATE : R_WRITE;
	return rights;
}

static uint64_t
by_vocab(const struct tried *t, unsigned vocab)
{
	const struct sysdesc *d = &sysdesc_table[t->ev.id];

	for (unsigned i = 0; i < SYS_MAXARGS; i++)
		if (d->arg[i].kind != A_NONE && d->arg[i].vocab == vocab)
			return t->ev.arg[i].val;
	return 0;
}

static struct access *
add_access(struct tried *t, unsigned kind, unsigned rights)
{
	struct access *a = &t->access[t->ev.naccess++];

	ck_assert_uint_le(t->ev.naccess, 8);
	a->kind = kind;
	a->rights = (uint16_t)rights;
	return a;
}

static void
add_path(struct tried *t, unsigned rights)
{
	static const char *const paths[] = {
		"/etc/passwd", "/usr/bin/env", "/tmp/x", "/dev/null", "/home/u/.ssh/id", "pipe:[7]", "/"
	};

	add_access(t, ACC_PATH, rights)->path = paths[chance() % (sizeof(paths) / sizeof(paths[0]))];
}

static void
add_address(struct tried *t, unsigned rights)
{
	static const uint16_t families[] = { NA_UNIX, NA_INET, NA_INET6, 16 };
	struct access *a = add_access(t, ACC_ADDR, rights);

	a->addr.family = families[chance() % 4];
	a->addr.port = (uint16_t)(chance() % 2 ? 53 : 8080);
	if (a->addr.family == NA_UNIX) {
		strcpy(a->addr.path, chance() % 2 ? "/tmp/sock" : "/run/sock");
		a->addr.pathlen = (uint8_t)strlen(a->addr.path);
	}
}

static void
add_family(struct tried *t, uint64_t domain)
{
	struct access *a = add_access(t, ACC_ADDR, R_SOCKET);

	a->addr.family = (uint16_t)domain;
	if (domain == NA_INET && (by_vocab(t, V_SOCK) & 0xf) == 10)
		a->addr.family = 17;
	t->skip |= domain > UINT16_MAX;
}

/* newfstatat(3, "", ..., AT_EMPTY_PATH): the call on the descriptor. */
static bool
becomes_other(struct tried *t, unsigned i)
{
	const struct argdesc *d = &sysdesc_table[t->ev.id].arg[i];

	if (!d->empty || !(by_vocab(t, V_AT) & 0x1000) || chance() % 2)
		return false;
	if (d->rights != R_STAT)
		add_path(t, d->rights);
	for (unsigned k = i; k + 1 < SYS_MAXARGS; k++)
		t->ev.arg[k] = t->ev.arg[k + 1];
	t->ev.id = d->empty;
	return true;
}

/* False: that was all. */
static bool
add_object(struct tried *t, unsigned i)
{
	const struct argdesc *d = &sysdesc_table[t->ev.id].arg[i];

	switch (d->kind) {
	case A_DOMAIN:
		add_family(t, t->ev.arg[i].val);
		break;
	case A_SOCKADDR:
		if ((t->ev.arg[i].val && t->ev.arg[i + 1].val) || !(d->rights & R_SEND))
			add_address(t, d->rights);
		break;
	case A_MSGHDR:
	case A_MMSGHDR:
		if (chance() % 2)
			add_address(t, d->rights);
		break;
	case A_PID:
	case A_KILLPID:
	case A_PIDFD:
		add_access(t, ACC_PROC, d->rights)->proc = PROC_OUTSIDE + chance() % 3;
		break;
	default:
		if (becomes_other(t, i))
			return false;
		if (d->rights & R_OPEN)
			add_path(t, open_rights(t->ev.id == SYS_ID_creat ? 01101 : by_vocab(t, V_O), chance() % 2));
		else
			add_path(t, d->rights | (d->rights == (R_CREATE | R_WRITE) && chance() % 2 ? R_DELETE : 0));
	}
	return true;
}

static void
deal(struct tried *t, const struct abi *abi, const uint64_t reg[6])
{
	const struct sysdesc *d = &sysdesc_table[t->ev.id];
	unsigned r = 0;

	for (unsigned i = 0; i < SYS_MAXARGS && d->arg[i].kind != A_NONE; i++) {
		enum argwidth w = kinddesc_table[d->arg[i].kind].width;

		if (w == W_NOREG) {
			t->ev.arg[i].val = value_for(&d->arg[i]);
		} else if (w == W_64 && abi->wordsize == 4) {
			t->ev.arg[i].val = r < 5 ? (uint32_t)reg[r] | reg[r + 1] << 32 : 0;
			r += 2;
		} else if (r < 6) {
			t->ev.arg[i].val = argwidth_cut(w, abi->wordsize, reg[r++]);
		}
	}
}

/* The call that this one carries, its arguments partly in memory. */
static void
open_carrier(struct tried *t, uint64_t reg[6])
{
	const struct demux *d = demux_find(t->ev.id, (uint32_t)reg[0]);
	uint64_t in[6] = { 0 };

	t->ev.id = d ? d->meant : SYS_ID_none;
	for (unsigned i = 0; d && i < 6; i++)
		in[i] = d->source[i].kind == DEMUX_REG ? reg[d->source[i].reg] : d->source[i].kind == DEMUX_WORD ?
		    (uint32_t)value_for(&sysdesc_table[t->ev.id].arg[i]) : 0;
	memcpy(reg, in, sizeof(in));
}

static __attribute__((unused)) void
try_call(struct tried *t, const struct abi *abi, const struct export_call *c)
{
	uint64_t reg[6];

	memset(t, 0, sizeof(*t));
	t->ev.id = c->id;
	t->ev.abi = abi->name;
	t->ev.wordsize = abi->wordsize;
	t->data.nr = c->nr;
	t->data.arch = abi->audit_arch;
	for (unsigned i = 0; i < 6; i++) {
		reg[i] = value_for(&sysdesc_table[c->id].arg[i]);
		if (abi->wordsize == 4)
			reg[i] = (uint32_t)reg[i];
		t->data.args[i] = reg[i];
	}
	if (demux_carries(c->id))
		open_carrier(t, reg);
	deal(t, abi, reg);
	t->caller = (struct caller){ chance() % 2 ? "/usr/lib/libc.so.6" : "/tmp/x.so", "f", true };
	t->process = (struct process){ chance() % 2 ? "/bin/x" : "/bin/y", "x", chance() % 2, 0, 0, 0 };
	t->ev.caller = &t->caller;
	t->ev.process = &t->process;
	t->ev.access = t->access;
	for (unsigned i = 0; i < SYS_MAXARGS; i++)
		if (sysdesc_table[t->ev.id].arg[i].rights && !add_object(t, i))
			break;
}

static __attribute__((unused)) const struct answer *
leaf_at(const struct answer *a, const struct data *d)
{
	while (a->test) {
		bool holds = false;

		for (unsigned i = 0; i < a->test->n; i++)
			holds |= (d->args[a->test->reg] & a->test->cube[i].mask) == a->test->cube[i].value;
		a = holds ? a->yes : a->no;
	}
	return a;
}

static __attribute__((unused)) uint32_t
returned_by(const struct answer *a)
{
	static const uint32_t refusals[] = { [ACT_KILL] = 0x80000000, [ACT_TRAP] = 0x00030000, [ACT_DENY] = 0x00050000 };

	if (a->class != ANSWER_REFUSE)
		return a->log ? 0x7ffc0000 : 0x7fff0000;
	return refusals[a->action] | (uint32_t)a->err;
}

/* All that the call says is in registers. */
static __attribute__((unused)) bool
is_in_registers(enum sys_id id)
{
	if (demux_carries(id))
		return false;
	for (unsigned i = 0; i < SYS_MAXARGS; i++) {
		const struct argdesc *d = &sysdesc_table[id].arg[i];

		if ((d->rights && d->kind != A_DOMAIN) || kinddesc_table[d->kind].width == W_64 ||
		    kinddesc_table[d->kind].width == W_NOREG)
			return false;
	}
	return true;
}

static __attribute__((unused)) void
rig_text(struct rig *r, void (*export)(const struct export_input *, const struct export_out *))
{
	const struct export_out out = { r->pool, put_text, put_loss, r };

	free(r->text);
	r->text = NULL;
	r->f = open_memstream(&r->text, &r->len);
	ck_assert_ptr_nonnull(r->f);
	export(&r->in, &out);
	fclose(r->f);
}

#endif
