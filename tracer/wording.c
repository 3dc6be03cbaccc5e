/* SPDX-License-Identifier: ISC */
#include "tracer/wording.h"

#include <stdio.h>
#include <string.h>

void
wording_action(const struct verdict *v, struct strbuf *b)
{
	const char *name = errno_name(v->err);

	if (v->action == ACT_ALLOW)
		strbuf_add(b, "allow");
	else if (v->action == ACT_KILL)
		strbuf_add(b, "kill");
	else if (v->action == ACT_TRAP)
		strbuf_add(b, "trap");
	else if (name)
		strbuf_add(b, name);
	else
		strbuf_addf(b, "errno %d", v->err);
}

/* The one right that was refused, not all that the call wanted. */
static struct access
refused_part(const struct sysevent *ev, const struct verdict *v)
{
	struct access a = ev->access[v->access];

	if (v->rights & a.rights)
		a.rights &= v->rights;
	if (v->reason != WHY_MOVE)
		return a;
	/* A right that the call does not use, and that its object would get. */
	a.rights = v->rights;
	if (a.rights & (R_CONNECT | R_SEND)) {
		a.kind = ACC_ADDR;
		a.addr = (struct netaddr){ .family = NA_UNIX };
	}
	return a;
}

void
wording_object(const struct sysevent *ev, const struct verdict *v, struct strbuf *b)
{
	struct access a;

	if (v->access >= 0 && (unsigned)v->access < ev->naccess) {
		a = refused_part(ev, v);
		access_print(&a, b);
	} else if (ev->id != SYS_ID_none) {
		strbuf_addf(b, "syscall %s", sysdesc_table[ev->id].name);
	} else {
		strbuf_addf(b, "unknown call %u of %s", ev->nr, ev->abi ? ev->abi : "an unknown ABI");
	}
}

void
wording_origin(const struct origin *o, struct strbuf *b)
{
	if (!o || !o->file)
		return;
	strbuf_addc(b, '(');
	strbuf_escape(b, o->file, strlen(o->file), "");
	strbuf_addf(b, ":%u", o->line);
	if (o->via)
		strbuf_addf(b, ", %s", o->via);
	strbuf_addc(b, ')');
}

const char *
reason_name(enum reason why)
{
	static const char *const names[] = {
		[WHY_UNREADABLE] = "unreadable",
		[WHY_CALLER] = "caller",
		[WHY_UNKNOWN] = "unknown",
		[WHY_FLOOR] = "floor",
		[WHY_CHILDREN] = "children",
		[WHY_DEFAULT] = "default",
		[WHY_RULE] = "rule",
		[WHY_MOVE] = "move",
		[WHY_MARK] = "mark",
		[WHY_START] = "start",
	};

	return names[why];
}

void
wording_reason(const struct verdict *v, struct strbuf *b)
{
	static const char *const words[] = {
		[WHY_UNREADABLE] = "an argument cannot be read or found",
		[WHY_CALLER] = "a rule asks who calls, and that is not known",
		[WHY_UNKNOWN] = "unknown",
		[WHY_FLOOR] = "floor",
		[WHY_CHILDREN] = "children",
		[WHY_DEFAULT] = "default",
		[WHY_RULE] = "rule",
		[WHY_MOVE] = "refused of the old name, and the new one would allow it",
		[WHY_MARK] = "a mark of the policy",
		[WHY_START] = "the start of the program, which needs no right",
	};

	strbuf_add(b, words[v->reason]);
	if (v->origin && v->origin->file) {
		strbuf_addc(b, ' ');
		wording_origin(v->origin, b);
	}
}

void
wording_line(const struct sysevent *ev, const struct verdict *v, struct strbuf *b)
{
	char text[1024];
	struct strbuf line = STRBUF(text);

	sysevent_print(ev, b);
	strbuf_add(b, " = ");
	wording_action(v, b);
	strbuf_add(b, ": ");
	wording_object(ev, v, b);
	strbuf_add(b, ", ");
	wording_reason(v, b);
	if (v->action != ACT_ALLOW && wording_suggestion(ev, v, &line)) {
		strbuf_add(b, "; to allow: ");
		strbuf_add(b, text);
	}
}

bool
wording_suggestion(const struct sysevent *ev, const struct verdict *v, struct strbuf *b)
{
	if (!policy_suggest(ev, v, b))
		return false;
	/* The line alone would not do. */
	if (v->unsafe && v->reason != WHY_FLOOR)
		strbuf_addf(b, ", and unsafe %s", v->unsafe);
	return true;
}
