/* SPDX-License-Identifier: ISC */
#include "tracer/audit_json.h"

#ifdef HAVE_JANSSON

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tracer/wording.h"

bool
audit_json_possible(void)
{
	return true;
}

/* Text made by one of the printers. */
static json_t *
printed(void (*print)(const struct sysevent *, const struct verdict *, struct strbuf *),
    const struct sysevent *ev, const struct verdict *v)
{
	char text[2048];
	struct strbuf b = STRBUF(text);

	print(ev, v, &b);
	return json_string(text);
}

static void
print_call(const struct sysevent *ev, const struct verdict *v, struct strbuf *b)
{
	(void)v;
	sysevent_print(ev, b);
}

static void
print_action(const struct sysevent *ev, const struct verdict *v, struct strbuf *b)
{
	(void)ev;
	wording_action(v, b);
}

static json_t *
rule(const struct verdict *v)
{
	const struct origin *o = v->origin;

	if (!o || !o->file)
		return json_null();
	return json_pack("{s:s*, s:i, s:s*}", "file", o->file, "line", (int)o->line, "via", o->via);
}

static json_t *
suggestion(const struct sysevent *ev, const struct verdict *v)
{
	char text[1024];
	struct strbuf b = STRBUF(text);

	return v->action != ACT_ALLOW && policy_suggest(ev, v, &b) ? json_string(text) : json_null();
}

static json_t *
timestamp(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return json_real((double)now.tv_sec + (double)(now.tv_nsec / 1000) / 1e6);
}

static json_t *
escaped(const char *s)
{
	char text[256];
	struct strbuf b = STRBUF(text);

	strbuf_escape(&b, s, strlen(s), "\\");
	return json_string(text);
}

static void
put_object(struct strbuf *out, json_t *o)
{
	char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;

	strbuf_add(out, text ? text : "{\"error\":\"line not representable\"}");
	free(text);
	json_decref(o);
}

void
audit_json_phase(struct strbuf *out, pid_t tid, const char *comm, const char *policy, const char *phase, const char *why)
{
	json_t *o = json_pack("{s:o, s:i, s:o, s:s, s:o, s:s}", "time", timestamp(), "tid", (int)tid, "comm", escaped(comm),
	    "phase", phase, "policy", escaped(policy), "ended", why);

	put_object(out, o);
}

void
audit_json(struct strbuf *out, pid_t tid, const char *comm, const struct sysevent *ev, const struct verdict *v,
    bool spared)
{
	json_t *o = json_pack("{s:o, s:i, s:o, s:s, s:s, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:b}",
	    "time", timestamp(), "tid", (int)tid, "comm", escaped(comm),
	    "abi", ev->abi ? ev->abi : "unknown",
	    "syscall", ev->id ? sysdesc_table[ev->id].name : "unknown",
	    "call", printed(print_call, ev, v),
	    "object", printed(wording_object, ev, v),
	    "verdict", printed(print_action, ev, v),
	    "reason", reason_name(v->reason),
	    "rule", rule(v),
	    "allow", suggestion(ev, v),
	    "guard", v->unsafe && v->action != ACT_ALLOW ? json_string(v->unsafe) : json_null(),
	    "dry_run", (int)spared);

	put_object(out, o);
}

void
audit_json_note(struct strbuf *out, pid_t tid, const char *comm, const char *words)
{
	put_object(out, json_pack("{s:o, s:i, s:o, s:s}", "time", timestamp(), "tid", (int)tid, "comm", escaped(comm),
	    "note", words));
}

#else

bool
audit_json_possible(void)
{
	return false;
}

void
audit_json(struct strbuf *out, pid_t tid, const char *comm, const struct sysevent *ev, const struct verdict *v,
    bool spared)
{
	(void)out, (void)tid, (void)comm, (void)ev, (void)v, (void)spared;
}

void
audit_json_phase(struct strbuf *out, pid_t tid, const char *comm, const char *policy, const char *phase, const char *why)
{
	(void)out, (void)tid, (void)comm, (void)policy, (void)phase, (void)why;
}

void
audit_json_note(struct strbuf *out, pid_t tid, const char *comm, const char *words)
{
	(void)out, (void)tid, (void)comm, (void)words;
}

#endif
