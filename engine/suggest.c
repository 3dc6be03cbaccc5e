/* SPDX-License-Identifier: ISC */
#include <stddef.h>
#include <string.h>

#include "engine/policy_int.h"
#include "lib/strbuf.h"

/* The rule whose origin a verdict carries: WHY_RULE says there is one around it. */
static const struct rule *
rule_of(const struct verdict *v)
{
	const char *p = (const char *)v->origin;

	return (const void *)(p - offsetof(struct rule, origin));
}

/* Read, write and exec bring stat along. */
static unsigned
rights_to_say(unsigned rights)
{
	return rights & (R_READ | R_WRITE | R_EXEC) ? rights & ~(unsigned)R_STAT : rights;
}

static void
line_for_access(const struct access *a, struct strbuf *b)
{
	unsigned rights = a->any ? a->rights & -(unsigned)a->rights : a->rights;	/* of several, the one that tollgate names */

	strbuf_add(b, "allow ");
	rights_print(rights_to_say(rights), b);
	strbuf_addc(b, ' ');
	object_print(a, b);
}

static bool
is_unnamed(const struct access *a)
{
	return a->addr.family == NA_UNIX && a->addr.abstract && !a->addr.pathlen;
}

/* A family is all there is to say of a socket, of netlink, of an unnamed address. */
static bool
says_family_only(const struct access *a)
{
	bool detailed = a->addr.family == NA_UNIX || a->addr.family == NA_INET || a->addr.family == NA_INET6;

	return a->rights & R_SOCKET || !detailed || is_unnamed(a);
}

static bool
addr_would_tie(const struct addrpat *p, const struct access *a)
{
	switch (p->shape) {
	case ADDR_ANY:
		return false;
	case ADDR_FAMILY:
		return says_family_only(a);
	case ADDR_IP:
		return p->bits == (p->family == NA_INET ? 32 : 128) && p->port_lo == p->port_hi;
	}
	return p->name.shape == PAT_EXACT || is_unnamed(a);
}

/*
 * A line loses against a refusing one that is as specific: the tie goes to the
 * stricter.  What the line would be is exact, so only an exact one ties.
 */
static bool
would_tie(const struct rule *r, const struct access *a)
{
	switch (r->kind) {
	case OBJ_PATH:
		return r->path.shape == PAT_EXACT;
	case OBJ_ADDR:
		return addr_would_tie(&r->addr, a);
	case OBJ_PROC:
		return r->proc == a->proc;
	}
	return true;
}

static bool
suggest_access(const struct access *a, const struct verdict *v, struct strbuf *b)
{
	if (!a->rights || (a->kind == ACC_PATH && !a->path) || (a->kind == ACC_PROC && a->proc == PROC_SUPERVISOR))
		return false;
	if (v->reason == WHY_RULE && (a->tree || would_tie(rule_of(v), a)))
		return false;
	line_for_access(a, b);
	return true;
}

/*
 * Calls that are many calls, told apart by one argument.  A plain line would
 * grant them all: every ioctl, memory that is written and run.
 */
static int
selector_of(const struct sysdesc *d)
{
	static const uint8_t vocabs[] = {
		V_ARCH, V_BPF, V_F, V_IOCTL, V_IPC, V_KEYCTL, V_MADV, V_PR, V_PROT, V_PTRACE, V_SCHED, V_SECCOMP,
	};

	for (int i = 0; i < SYS_MAXREGS; i++)
		for (unsigned k = 0; k < sizeof(vocabs) / sizeof(*vocabs); k++)
			if (d->arg[i].vocab == vocabs[k])
				return i;
	return -1;
}

static void
line_for_call(const struct sysevent *ev, struct strbuf *b)
{
	const struct sysdesc *d = &sysdesc_table[ev->id];
	int i = selector_of(d);

	strbuf_addf(b, "allow syscall %s", d->name);
	if (i < 0)
		return;
	strbuf_addf(b, " if %s == ", d->arg[i].name);
	value_print(&d->arg[i], ev->arg[i].val, ev->abi, b);
}

/* A refusal with a condition, or of this very name, wins against a plain line. */
static bool
suggest_call(const struct sysevent *ev, const struct verdict *v, struct strbuf *b)
{
	if (v->reason == WHY_RULE && rule_of(v)->rank > 0)
		return false;
	line_for_call(ev, b);
	return true;
}

bool
policy_suggest(const struct sysevent *ev, const struct verdict *v, struct strbuf *b)
{
	if (v->action == ACT_ALLOW)
		return false;
	if (v->reason == WHY_FLOOR) {
		if (v->unsafe)
			strbuf_addf(b, "unsafe %s", v->unsafe);
		return v->unsafe;
	}
	if ((v->reason != WHY_RULE && v->reason != WHY_DEFAULT) || ev->id == SYS_ID_none)
		return false;
	if (v->access >= 0)
		return (unsigned)v->access < ev->naccess && suggest_access(&ev->access[v->access], v, b);
	return suggest_call(ev, v, b);
}
