/* SPDX-License-Identifier: ISC */
/*
 * Exports against the verdicts they stand for: calls with registers at random,
 * on objects at random, are decided by policy_decide(), by the filter that
 * export makes, and by what others make of the other formats.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(HAVE_LIBSECCOMP)
#include <seccomp.h>
#endif

#include "arch/arch.h"
#include "engine/demux.h"
#include "engine/export.h"
#include "engine/policy.h"
#include "lib/strbuf.h"
#include "tests/unit/run.h"
#include "tracer/host.h"
#include "tracer/profile.h"

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
	{ "default allow\ndeny EAFNOSUPPORT socket inet\ndeny ENOENT syscall mmap if prot has PROT_WRITE|PROT_EXEC\n", NULL, true },
	{ "default kill\nallow syscall read, write if fd < 3\nallow syscall lseek if offset <= -1 and whence == SEEK_END\n"
	  "deny EIO syscall read if count >= 4096\ntrap syscall getpid\n", NULL, true },
	{ "default deny EPERM\nchildren deny EAGAIN\nallow syscall clone, fork\nallow syscall fcntl if cmd in F_GETFD, F_SETFD\n"
	  "deny ENOSYS syscall fcntl if cmd == F_SETFD and arg & 1 == 1\nallow syscall prlimit64 if new_limit == 0\n", NULL, true },
	{ "allow syscall socket if type & SOCK_TYPE_MASK == SOCK_STREAM\nallow socket inet, unix\ndeny EPERM socket packet\n"
	  "allow send unix:/tmp/**\nallow syscall sendmsg if scm_rights == 0\n", NULL, true },
	{ "allow read /etc/**\nallow syscall fstat\nallow syscall ioctl if not cmd in TCGETS, FIONREAD\n"
	  "allow syscall setsockopt if level != 1 or optname == 2\nkill syscall reboot\n", NULL, true },
	{ "unsafe ptrace, namespaces\nallow syscall ptrace if request == PTRACE_TRACEME\nallow trace self\n"
	  "allow syscall unshare if flags in CLONE_NEWUSER, CLONE_NEWNET\nask syscall getuid\n", NULL, true },
	{ "default allow\nallow syscall getpid log\nallow syscall getppid\n", "promise stdio rpath\nunknown kill\n", true },
	{ "phase start until exec {\n allow syscall getpid, openat\n allow read /**\n}\nallow syscall getppid\n", NULL, false },
	{ "allow syscall getpid if caller \"libc.so.6\"\nallow syscall getuid if process.uid == 0\n"
	  "deny EPERM syscall getgid if exe == \"/bin/x\"\nallow syscall getgid\n", NULL, false },
	{ "allow read /usr/**\n", NULL, true },
	{ "allow syscall ioctl if cmd in FS_IOC_GETFLAGS, FIONREAD\ndefault deny EPERM\n", NULL, true },	/* another number on i386 */
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
	struct export_insn *insn;
	size_t ninsns;
	char *text;
	size_t len;
	FILE *f;
};

static void
put_text(void *ctx, const char *text)
{
	fputs(text, ((struct rig *)ctx)->f);
}

static void
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
			call[k] = (struct export_call){ a->calls[k].nr, sysdesc_find(a->calls[k].name), a->calls[k].name };
		r->real[r->in.nabis] = a;
		r->abi[r->in.nabis++] = (struct export_abi){
			.name = a->name, .oci = a->wordsize == 8 ? "SCMP_ARCH_X86_64" : "SCMP_ARCH_X86", .systemd = a->name,
			.audit_arch = a->audit_arch, .nr_limit = a->wordsize == 8 ? 0x40000000 : 0, .wordsize = a->wordsize,
			.pairs_aligned = a->pairs_aligned, .call = call, .ncalls = a->ncalls,
		};
	}
	r->in.abi = r->abi;
}

static void
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

static void
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

static uint32_t
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

/* A value of the argument's vocabulary, several of them, small, or anything; now and then with bits that the kernel cuts. */
static uint64_t
value_for(const struct argdesc *d)
{
	uint64_t v = chance() % 8;

	for (unsigned tries = 0; d->vocab != V_NONE && tries < 4; tries++) {
		size_t i = chance() % nconstants;

		while (constants[i].vocab != d->vocab)
			i = (i + 1) % nconstants;
		v = tries && chance() % 2 && vocabdesc_table[d->vocab].style == VS_BITS ? v | constants[i].value : constants[i].value;
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
	static const char *const paths[] = { "/etc/passwd", "/usr/bin/env", "/tmp/x", "/dev/null", "/home/u/.ssh/id", "pipe:[7]", "/" };

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

static void
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

static const struct answer *
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

static uint32_t
returned_by(const struct answer *a)
{
	if (a->class != ANSWER_REFUSE)
		return a->log ? 0x7ffc0000 : 0x7fff0000;
	return (a->action == ACT_KILL ? 0x80000000 : a->action == ACT_TRAP ? 0x00030000 : 0x00050000) | (uint32_t)a->err;
}

/* All that the call says is in registers. */
static bool
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

static struct verdict
decide(struct rig *r, const struct sysevent *ev)
{
	for (size_t i = 0; i < r->in.nlayers; i++)
		r->layer[i].phases = policy_phases(r->layer[i].policy) & (uint32_t)chance();
	return policy_decide(r->in.floor, r->layer, r->in.nlayers, ev);
}

static void
compare(struct rig *r, unsigned n, const struct export_call *c, const struct answer *answer, struct tried *t)
{
	const struct answer *leaf = leaf_at(answer, &t->data);
	uint32_t got = run_filter(r->insn, r->ninsns, &t->data);
	struct verdict v = decide(r, &t->ev);
	bool lets_in = v.action == ACT_ALLOW;
	char mem[2048];
	struct strbuf b = STRBUF(mem);

	sysevent_print(&t->ev, &b);
	ck_assert_msg(got == returned_by(leaf), "policy %u, %s %s: the filter returns %#x, the answer is %#x", n, c->name, b.s, got,
	    returned_by(leaf));
	ck_assert_msg(!(leaf->class == ANSWER_REFUSE && lets_in), "policy %u, %s %s: refused, and the policy allows", n, c->name, b.s);
	ck_assert_msg(!(leaf->class == ANSWER_PASS && !lets_in), "policy %u, %s %s: passes, and the policy refuses", n, c->name, b.s);
	if (!policies[n].plain || !is_in_registers(c->id))
		return;
	ck_assert_msg(leaf->class != ANSWER_LOOK, "policy %u, %s %s: no need to look (%#x)", n, c->name, b.s, leaf->why);
	if (leaf->class == ANSWER_REFUSE && v.action != ACT_ASK)
		ck_assert_msg(leaf->action == v.action && (v.action == ACT_KILL || leaf->err == v.err),
		    "policy %u, %s %s: %u/%d instead of %u/%d", n, c->name, b.s, leaf->action, leaf->err, v.action, v.err);
}

START_TEST(filter_decides_as_the_policy)
{
	struct tried t;
	struct rig r;

	seed = 88172645463325252u + (unsigned)_i;
	rig_start(&r, (unsigned)_i);
	r.ninsns = export_bpf(r.pool, &r.in, &r.insn);
	ck_assert_uint_gt(r.ninsns, 0);
	for (size_t a = 0; a < r.in.nabis; a++) {
		for (size_t i = 0; i < r.abi[a].ncalls; i++) {
			const struct export_call *c = &r.abi[a].call[i];
			const struct answer *answer = export_answer(r.pool, &r.in, &r.abi[a], c->id);

			for (unsigned k = 0; k < TRIES; k++) {
				try_call(&t, r.real[a], c);
				if (!t.skip)
					compare(&r, (unsigned)_i, c, answer, &t);
			}
		}
	}
	rig_end(&r);
}
END_TEST

/* Numbers of no call, of another ABI on the same machine, and of another machine. */
START_TEST(filter_answers_unknown_numbers)
{
	struct data d = { .nr = 335 + 60, .arch = 0xc000003e };
	struct rig r;

	rig_start(&r, 0);
	r.ninsns = export_bpf(r.pool, &r.in, &r.insn);
	for (d.nr = 4000; d.nr; d.nr <<= 1)
		ck_assert_uint_eq(run_filter(r.insn, r.ninsns, &d), 0x00050000 | ENOSYS);
	d.nr = 0x40000000;
	ck_assert_uint_eq(run_filter(r.insn, r.ninsns, &d), 0x00050000 | ENOSYS);
	d = (struct data){ .nr = 0, .arch = 0xc00000b7 };
	ck_assert_uint_eq(run_filter(r.insn, r.ninsns, &d), 0x00050000 | ENOSYS);
	rig_end(&r);
	rig_start(&r, 3);	/* unknown allow: but not another ABI */
	r.ninsns = export_bpf(r.pool, &r.in, &r.insn);
	d = (struct data){ .nr = 4000, .arch = 0xc000003e };
	ck_assert_uint_eq(run_filter(r.insn, r.ninsns, &d), 0x7fff0000);
	d.nr = 0x40000000;
	ck_assert_uint_eq(run_filter(r.insn, r.ninsns, &d), 0x00050000 | ENOSYS);
	rig_end(&r);
}
END_TEST

/* Who starts the program needs one call. */
START_TEST(starting_needs_execve)
{
	struct rig r;

	rig_start(&r, 0);
	ck_assert(!answer_may_pass(export_answer(r.pool, &r.in, &r.abi[0], SYS_ID_execve), NULL));
	r.in.running = false;
	ck_assert(answer_may_pass(export_answer(r.pool, &r.in, &r.abi[0], SYS_ID_execve), NULL));
	ck_assert(!answer_may_pass(export_answer(r.pool, &r.in, &r.abi[0], SYS_ID_execveat), NULL));
	rig_end(&r);
}
END_TEST

/* How a file is opened is in a register. */
START_TEST(read_only_policies_refuse_to_write)
{
	static const uint64_t writing[] = { 1, 2, 3, 0100, 01000, 020200000 };	/* O_WRONLY, ..., O_CREAT, O_TRUNC, O_TMPFILE */
	struct data d = { .nr = 0 };
	const struct answer *a;
	struct rig r;

	rig_start(&r, 13);
	a = export_answer(r.pool, &r.in, &r.abi[0], SYS_ID_openat);
	ck_assert_int_eq(leaf_at(a, &d)->class, ANSWER_LOOK);
	for (size_t i = 0; i < sizeof(writing) / sizeof(writing[0]); i++) {
		d.args[2] = writing[i];
		ck_assert_msg(leaf_at(a, &d)->class == ANSWER_REFUSE, "flags %#llo", (unsigned long long)writing[i]);
	}
	ck_assert(!answer_may_pass(export_answer(r.pool, &r.in, &r.abi[0], SYS_ID_mkdir), NULL));
	rig_end(&r);
}
END_TEST

static void
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

/* What minijail0(5) says of one test: arg1 in 0x7. */
static bool
minijail_test(char *atom, const struct data *d)
{
	unsigned arg;
	char op[4], value[32];
	uint64_t v;
	int end = 0;

	ck_assert_msg(sscanf(atom, "arg%u %3s %31s%n", &arg, op, value, &end) == 3 && !atom[end], "%s", atom);
	ck_assert_uint_lt(arg, 6);
	v = strtoull(value, NULL, 0);
	if (!strcmp(op, "=="))
		return d->args[arg] == v;
	if (!strcmp(op, "&"))
		return d->args[arg] & v;
	ck_assert_str_eq(op, "in");
	return !(d->args[arg] & ~v);
}

static bool
minijail_product(char *text, const struct data *d)
{
	for (char *next; text; text = next) {
		next = strstr(text, " && ");
		if (next) {
			*next = '\0';
			next += 4;
		}
		if (!minijail_test(text, d))
			return false;
	}
	return true;
}

/* A sum of products, and the error of all else; killing where there is none. */
static uint32_t
minijail_line(const char *line, size_t len, const struct data *d)
{
	char *copy = strndup(line, len), *refusal = strstr(copy, "return "), *save = copy;
	uint32_t other = refusal ? 0x00050000 | (uint32_t)atoi(refusal + 7) : 0x80000000;
	bool holds = !strcmp(copy, "1");

	if (refusal && refusal != copy)
		*strstr(copy, "; return") = '\0';
	for (char *next; !holds && refusal != copy && save; save = next) {
		next = strstr(save, " || ");
		if (next) {
			*next = '\0';
			next += 4;
		}
		holds = minijail_product(save, d);
	}
	free(copy);
	return holds ? 0x7fff0000 : other;
}

/* The call's line, and what it says; "# " before a line is for calls that not every minijail knows. */
static uint32_t
minijail_says(const char *text, const char *name, const struct data *d)
{
	size_t n = strlen(name);

	for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n') {
		const char *line = p + (p[0] == '#' ? 2 : 0);

		if (!strncmp(line, name, n) && line[n] == ':' && strncmp(line + n, ": kill", 6))
			return minijail_line(line + n + 2, strcspn(line + n + 2, "\n"), d);
	}
	return 0x80000000;
}

#define READER	"PARSE_SECCOMP_POLICY"	/* minijail's own, where somebody has it */

static size_t
read_by_minijail(const char *text, struct export_insn *insn, size_t max)
{
	char name[] = "/tmp/check_export.XXXXXX", command[512];
	int fd = mkstemp(name);
	size_t n, len = strlen(text);
	FILE *f;

	ck_assert(fd >= 0 && write(fd, text, len) == (ssize_t)len);
	close(fd);
	snprintf(command, sizeof(command), "'%s' --dump '%s'", getenv(READER), name);
	f = popen(command, "r");
	ck_assert_ptr_nonnull(f);
	n = fread(insn, sizeof(*insn), max, f);
	ck_assert_int_eq(pclose(f), 0);
	unlink(name);
	return n;
}

static bool
is_commented(const char *text, const char *name)
{
	char line[128];

	snprintf(line, sizeof(line), "\n# %s:", name);
	return strstr(text, line) != NULL;
}

static bool
is_let_in(const char *text, const char *name)
{
	char line[128];

	snprintf(line, sizeof(line), "\n%s: 1\n", name);
	return strstr(text, line) != NULL;
}

/* One error is left of several, and what needs more cases than a line should have is let in. */
START_TEST(minijail_takes_what_export_gives)
{
	static struct export_insn insn[1 << 16];
	struct tried t;
	struct rig r;
	size_t n = 0;

	seed = 123456789123456789u + (unsigned)_i;
	rig_start(&r, (unsigned)_i);
	r.in.nabis = 1;
	rig_text(&r, export_minijail);
	if (getenv(READER))
		n = read_by_minijail(r.text, insn, sizeof(insn) / sizeof(insn[0]));
	for (size_t i = 0; i < r.abi[0].ncalls; i++) {
		const struct export_call *c = &r.abi[0].call[i];
		const struct answer *answer = export_answer(r.pool, &r.in, &r.abi[0], c->id);

		for (unsigned k = 0; k < TRIES; k++) {
			const struct answer *leaf;
			uint32_t got;

			try_call(&t, r.real[0], c);
			leaf = leaf_at(answer, &t.data);
			got = minijail_says(r.text, c->name, &t.data);
			if (is_let_in(r.text, c->name)) {
				ck_assert_msg(answer_may_pass(answer, NULL), "policy %d, %s", _i, c->name);
				break;
			}
			ck_assert_msg((got == 0x7fff0000) == (leaf->class != ANSWER_REFUSE), "policy %d, %s: %#x", _i, c->name, got);
			if (leaf->class == ANSWER_REFUSE && !answer->test)
				ck_assert_msg(got == returned_by(leaf) || leaf->action != ACT_DENY, "policy %d, %s: %#x", _i, c->name, got);
			if (n && !is_commented(r.text, c->name))
				ck_assert_msg((run_filter(insn, n, &t.data) & 0x7fffffff) == (got & 0x7fffffff), "policy %d, %s: %#x, but minijail %#x",
				    _i, c->name, got, run_filter(insn, n, &t.data));
		}
	}
	rig_end(&r);
}
END_TEST

#if defined(HAVE_JANSSON)

static const char *const arch_words[] = { "amd64", "x86", NULL };
static const struct opt_list no_caps;

static void
read_back(struct rig *r, struct profile *p)
{
	const struct profile_for want = { arch_words, &no_caps };
	struct profile_error error;

	rig_text(r, export_oci);
	ck_assert_msg(profile_read(p, r->text, r->len, &want, &error) == 0, "%s", error.text);
}

static const char *
no_guard(void *ctx, enum sys_id id)
{
	(void)ctx;
	(void)id;
	return NULL;
}

static struct policy *
import(const struct profile *p)
{
	char *text = NULL;
	struct policy *policy;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	profile_write(p, "x", NULL, no_guard, NULL, f);
	fclose(f);
	policy = load(text);
	free(text);
	return policy;
}

/* Calls without objects: what is imported again says the same, or has the error of unknown calls. */
START_TEST(import_takes_what_export_gives)
{
	struct layer layer = { .phases = 0 };
	struct profile p;
	struct tried t;
	struct rig r;

	seed = 362436069362436069u + (unsigned)_i;
	rig_start(&r, (unsigned)_i);
	r.in.nabis = 1;
	read_back(&r, &p);
	layer.policy = import(&p);
	for (size_t i = 0; i < r.abi[0].ncalls; i++) {
		const struct export_call *c = &r.abi[0].call[i];
		const struct answer *answer = export_answer(r.pool, &r.in, &r.abi[0], c->id);

		for (unsigned k = 0; is_in_registers(c->id) && k < TRIES; k++) {
			const struct answer *leaf;
			struct verdict v;

			try_call(&t, r.real[0], c);
			leaf = leaf_at(answer, &t.data);
			v = policy_decide(NULL, &layer, 1, &t.ev);
			ck_assert_msg((leaf->class == ANSWER_REFUSE) == (v.action != ACT_ALLOW) || t.skip, "policy %d, %s", _i, c->name);
			if (leaf->class == ANSWER_REFUSE && !t.skip)
				ck_assert_msg((leaf->action == v.action && leaf->err == v.err) || v.err == p.fallback.err || v.action == ACT_KILL,
				    "policy %d, %s: %d and %d", _i, c->name, leaf->err, v.err);
		}
	}
	profile_free(&p);
	policy_free(layer.policy);
	rig_end(&r);
}
END_TEST

#if defined(HAVE_LIBSECCOMP)

static uint32_t
scmp_action(const struct profile_action *a)
{
	switch (a->action) {
	case ACT_ALLOW:
		return a->log ? SCMP_ACT_LOG : SCMP_ACT_ALLOW;
	case ACT_TRAP:
		return SCMP_ACT_TRAP;
	case ACT_DENY:
		return SCMP_ACT_ERRNO((uint32_t)a->err);
	default:
		return SCMP_ACT_KILL_PROCESS;
	}
}

static void
add_to_libseccomp(scmp_filter_ctx ctx, const struct profile_rule *rule, const char *name)
{
	static const enum scmp_compare ops[] = {
		[OP_NE] = SCMP_CMP_NE, [OP_LT] = SCMP_CMP_LT, [OP_LE] = SCMP_CMP_LE, [OP_EQ] = SCMP_CMP_EQ,
		[OP_GE] = SCMP_CMP_GE, [OP_GT] = SCMP_CMP_GT, [OP_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
	};
	struct scmp_arg_cmp cmp[PROFILE_ARGS];
	int nr = seccomp_syscall_resolve_name(name), err;

	for (unsigned i = 0; i < rule->nargs; i++)
		cmp[i] = (struct scmp_arg_cmp){ rule->arg[i].index, ops[rule->arg[i].op], rule->arg[i].value, rule->arg[i].two };
	if (nr == __NR_SCMP_ERROR)
		return;
	err = seccomp_rule_add_array(ctx, scmp_action(&rule->action), nr, rule->nargs, cmp);
	ck_assert_msg(err == 0, "%s: %s", name, strerror(-err));
}

/* The filter that container engines would make. */
static size_t
build_with_libseccomp(const struct profile *p, struct export_insn *insn, size_t max)
{
	scmp_filter_ctx ctx = seccomp_init(scmp_action(&p->fallback));
	int fd = memfd_create("filter", 0);
	ssize_t n;

	ck_assert(ctx && fd >= 0);
	for (size_t i = 0; i < p->nrules; i++)
		for (size_t k = 0; k < p->rule[i].nnames; k++)
			add_to_libseccomp(ctx, &p->rule[i], p->rule[i].name[k]);
	ck_assert_int_eq(seccomp_export_bpf(ctx, fd), 0);
	n = pread(fd, insn, max * sizeof(*insn), 0);
	close(fd);
	seccomp_release(ctx);
	ck_assert_int_gt(n, 0);
	return (size_t)n / sizeof(*insn);
}

/* What libseccomp makes of a profile: never less strict than it should be, never refusing what should pass. */
START_TEST(libseccomp_takes_what_export_gives)
{
	static struct export_insn insn[1 << 16];
	struct profile p;
	struct tried t;
	struct rig r;
	size_t n;

	seed = 521288629521288629u + (unsigned)_i;
	rig_start(&r, (unsigned)_i);
	r.in.nabis = 1;
	read_back(&r, &p);
	n = build_with_libseccomp(&p, insn, sizeof(insn) / sizeof(insn[0]));
	ck_assert_uint_le(n, EXPORT_MAX_INSNS);
	for (size_t i = 0; i < r.abi[0].ncalls; i++) {
		const struct export_call *c = &r.abi[0].call[i];
		const struct answer *answer = export_answer(r.pool, &r.in, &r.abi[0], c->id);
		bool known = seccomp_syscall_resolve_name(c->name) != __NR_SCMP_ERROR;

		for (unsigned k = 0; known && k < TRIES; k++) {
			uint32_t got, wanted;

			try_call(&t, r.real[0], c);
			got = run_filter(insn, n, &t.data);
			wanted = returned_by(leaf_at(answer, &t.data));
			if ((wanted & 0xffff0000) == 0x00030000)
				wanted = 0x00030000;		/* libseccomp's SIGSYS carries nothing */
			ck_assert_msg(got == wanted || (got == scmp_action(&p.fallback) && wanted < 0x7ff00000),
			    "policy %d, %s: %#x instead of %#x", _i, c->name, got, wanted);
		}
	}
	profile_free(&p);
	rig_end(&r);
}
END_TEST

#endif
#endif

static TCase *
tests(void)
{
	TCase *t = tcase_create("export");

	tcase_add_loop_test(t, filter_decides_as_the_policy, 0, NPOLICIES);
	tcase_add_test(t, filter_answers_unknown_numbers);
	tcase_add_test(t, starting_needs_execve);
	tcase_add_test(t, read_only_policies_refuse_to_write);
	tcase_add_loop_test(t, minijail_takes_what_export_gives, 0, NPOLICIES);
#if defined(HAVE_JANSSON)
	tcase_add_loop_test(t, import_takes_what_export_gives, 0, NPOLICIES);
#if defined(HAVE_LIBSECCOMP)
	tcase_add_loop_test(t, libseccomp_takes_what_export_gives, 0, NPOLICIES);
#endif
#endif
	tcase_set_timeout(t, 300);
	return t;
}

int
main(void)
{
	static char *const nobody[] = { NULL };
	Suite *s = suite_create("export");

	host_init(&host, nobody);
	suite_add_tcase(s, tests());
	return run_suite(s);
}
