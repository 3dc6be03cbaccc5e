/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/exposure_int.h"
#include "engine/lint_int.h"
#include "lib/strbuf.h"
#include "lib/xalloc.h"

enum { TEXT = 1024, OBJECT = 5 * PATTERN_MAX };

void
lint_find(struct lint *l, const char *kind, const struct origin *o, const char *fmt, ...)
{
	char text[TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	l->put(l->ctx, kind, o, text);
}

const char *
lint_place(const struct rule *r, char *mem, size_t size)
{
	struct strbuf b;

	strbuf_init(&b, mem, size);
	strbuf_escape(&b, r->origin.file, strlen(r->origin.file), "");
	strbuf_addf(&b, ":%u", r->origin.line);
	if (r->origin.via) {
		strbuf_add(&b, " (");
		strbuf_escape(&b, r->origin.via, strlen(r->origin.via), "");
		strbuf_add(&b, ")");
	}
	return mem;
}

/* Objects are escaped already, but can be long. */
const char *
lint_object(const struct rule *r, char *mem, size_t size)
{
	snprintf(mem, size, strlen(r->object) < size ? "%s" : "%.200s...", r->object);
	return mem;
}

static int
compare_objects(const void *va, const void *vb)
{
	const struct rule *a = *(const struct rule *const *)va, *b = *(const struct rule *const *)vb;
	int r = (int)a->kind - (int)b->kind;

	r = r ? r : strcmp(a->object, b->object);
	return r ? r : (a->seq > b->seq) - (a->seq < b->seq);
}

static bool
same_object(const struct rule *a, const struct rule *b)
{
	return a->kind == b->kind && strcmp(a->object, b->object) == 0;
}

static bool
same_line(const struct rule *a, const struct rule *b)
{
	return a->origin.line == b->origin.line && strcmp(a->origin.file, b->origin.file) == 0;
}

static bool
same_condition(const struct rule *a, const struct rule *b)
{
	return a->when && b->when ? strcmp(a->when, b->when) == 0 : a->when == b->when;
}

static unsigned
written(const struct rule *r)
{
	return r->rights & ~(unsigned)r->implied;
}

/* Their conditions say when they meet; rules for calls have no rights. */
static bool
both_decide(const struct rule *a, const struct rule *b)
{
	return same_condition(a, b) && (a->kind == OBJ_CALL || written(a) & written(b));
}

/* Does a hold whenever b does, and say all that it says?  A phase ends, and a transition is part of what is said. */
static bool
stands_for(const struct rule *a, const struct rule *b)
{
	/* Links of this machine are no reason to change a policy. */
	if (a->elsewhere || b->elsewhere)
		return false;
	return (!a->phase || a->phase == b->phase) && (!a->when || same_condition(a, b)) && a->target == b->target &&
	    !(written(b) & ~(unsigned)a->rights);
}

/* `deny socket any, unix`: who refuses all of a family means what promises and includes give of it. */
static bool
refuses_family(const struct rule *r)
{
	return r->kind == OBJ_ADDR && r->addr.shape <= ADDR_FAMILY && r->action != ACT_ALLOW && !r->cond.n;
}

static void
check_pair(struct lint *l, const struct rule *a, const struct rule *b)
{
	char at[256], what[256];

	if (!both_decide(a, b) || same_line(a, b) || (!is_own(a) && !is_own(b)))
		return;
	if (!is_own(b)) {
		const struct rule *swap = a;

		a = b;
		b = swap;
	}
	if (refuses_family(b) && !is_own(a) && a->action == ACT_ALLOW)
		return;
	if (a->action != b->action)
		lint_find(l, "tie", &b->origin,
		    "%s is both allowed and refused, the other line is %s: the stricter one wins",
		    lint_object(b, what, sizeof(what)), lint_place(a, at, sizeof(at)));
	else if (a->err != b->err)
		lint_find(l, "tie", &b->origin, "%s is refused with another error by %s: the error with the smaller number is returned",
		    lint_object(b, what, sizeof(what)), lint_place(a, at, sizeof(at)));
	else if (stands_for(a, b))
		lint_find(l, "duplicate", &b->origin, "%s stands in %s already", lint_object(b, what, sizeof(what)), lint_place(a, at, sizeof(at)));
}

static bool
is_allowed_right(const struct rule *r, unsigned rights)
{
	return r->kind == OBJ_PATH && r->action == ACT_ALLOW && r->rights & rights;
}

static void
say_write_exec(struct lint *l, const struct rule *exec, const struct rule *write)
{
	char at[256], what[256];

	lint_find(l, "write-exec", &exec->origin,
	    "%s can be executed and, by %s, written: the program can make its own programs",
	    lint_object(exec, what, sizeof(what)), lint_place(write, at, sizeof(at)));
}

/* First of the rules for one object; objects with very many are a list of calls' conditions. */
static void
check_same_object(struct lint *l, size_t from, size_t to)
{
	const struct rule *exec = NULL, *write = NULL;

	for (size_t i = from; i < to; i++) {
		const struct rule *r = l->by_object[i];

		if (is_allowed_right(r, R_EXEC))
			exec = r;
		if (is_allowed_right(r, R_WRITE | R_CREATE))
			write = r;
		for (size_t k = i + 1; k < to && k < i + 64; k++)
			check_pair(l, r, l->by_object[k]);
	}
	if (exec && write)
		say_write_exec(l, exec, write);
}

/* A rule for a directory and all below it that gives one of these rights; and that stands for `narrow`, unless NULL. */
static const struct rule *
tree_above(const struct lint *l, const char *dir, size_t len, unsigned rights, const struct rule *narrow)
{
	char text[OBJECT];
	struct rule key = { .kind = OBJ_PATH, .object = text };
	size_t lo = 0, hi = l->n;

	if (len + sizeof("/**") > sizeof(text))
		return NULL;
	memcpy(text, dir, len);
	memcpy(text + len, "/**", sizeof("/**"));
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct rule *k = &key;

		if (compare_objects(&l->by_object[mid], &k) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < l->n && same_object(l->by_object[lo], &key); lo++)
		if (is_allowed_right(l->by_object[lo], rights) && (!narrow || stands_for(l->by_object[lo], narrow)))
			return l->by_object[lo];
	return NULL;
}

static void
check_write_above(struct lint *l, const struct rule *r)
{
	if (!is_allowed_right(r, R_EXEC))
		return;
	for (const char *p = strrchr(r->object, '/'); p && p >= r->object; p--) {
		const struct rule *w;

		if (*p != '/' || !strcmp(p, "/**"))
			continue;
		w = tree_above(l, r->object, (size_t)(p - r->object), R_WRITE | R_CREATE, NULL);
		if (w) {
			say_write_exec(l, r, w);
			return;
		}
	}
}

bool
lint_disjoint(const struct pattern *a, const struct pattern *b)
{
	return memcmp(a->prefix, b->prefix, a->prefix_len < b->prefix_len ? a->prefix_len : b->prefix_len) != 0;
}

/* Does anything refuse some of what r is about, and wins against the wider rule? */
static bool
refused_between(const struct lint *l, const struct rule *wide, const struct rule *r)
{
	for (size_t i = 0; i < l->nrefusing && l->refusing[i]->rank >= wide->rank; i++)
		if (l->refusing[i]->rights & r->rights && !lint_disjoint(&l->refusing[i]->path, &r->path))
			return true;
	return false;
}

/* An allowing line that a wider one makes superfluous. */
static void
check_covered(struct lint *l, const struct rule *r)
{
	char at[256], what[256];

	if (r->kind != OBJ_PATH || r->action != ACT_ALLOW || !is_own(r) || r->log)
		return;
	for (const char *p = strrchr(r->object, '/'); p && p >= r->object; p--) {
		const struct rule *wide;

		if (*p != '/' || !strcmp(p, "/**"))
			continue;
		wide = tree_above(l, r->object, (size_t)(p - r->object), written(r), r);
		if (!wide || same_line(wide, r) || refused_between(l, wide, r))
			continue;
		lint_find(l, "shadowed", &r->origin, "%s is covered by %s already", lint_object(r, what, sizeof(what)),
		    lint_place(wide, at, sizeof(at)));
		return;
	}
}

static void
check_objects(struct lint *l)
{
	for (size_t i = 0, end; i < l->n; i = end) {
		for (end = i + 1; end < l->n && same_object(l->by_object[i], l->by_object[end]); end++)
			;
		check_same_object(l, i, end);
	}
	for (size_t i = 0; i < l->n; i++) {
		check_write_above(l, l->by_object[i]);
		check_covered(l, l->by_object[i]);
	}
}

/* Settings. */

/* Lines, as they are written: one can be many rules, of several objects, alternatives, ends of links. */
static size_t
count_refusals(const struct policy *p)
{
	const struct rule *last = NULL;
	size_t n = 0;

	for (size_t i = 0; i < p->nrules; i++) {
		const struct rule *r = p->rule[i];

		if (r->action == ACT_ALLOW || (last && same_line(last, r)))
			continue;
		last = r;
		n++;
	}
	return n;
}

static bool
said_before(const struct policy *p, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (is_ours(&p->loose[k].origin) && !strcmp(p->loose[k].link, p->loose[i].link))
			return true;
	return false;
}

static void
say_loose(const struct loose *link, policy_finding *put, void *ctx)
{
	char name[256], text[TEXT];
	struct strbuf n = STRBUF(name), b = STRBUF(text);

	pattern_print_literal(link->link, strlen(link->link), &n);
	strbuf_addf(&b, "%s is a symbolic link, and the policy lets the program make it anew: where it leads, ", n.s);
	strbuf_addf(&b, strlen(link->object) > 200 ? "%.200s..." : "%s", link->object);
	strbuf_addf(&b, ", is not allowed by this line; \"deny create,delete %s\" holds the link fast", n.s);
	put(ctx, "loose-link", &link->origin, b.s);
}

/* Each link once, by the first line that leads over it. */
void
policy_loose_links(const struct policy *p, policy_finding *put, void *ctx)
{
	for (size_t i = 0; i < p->nloose && p->fallback.action != ACT_ALLOW; i++)
		if (is_ours(&p->loose[i].origin) && !said_before(p, i))
			say_loose(&p->loose[i], put, ctx);
}

static void
check_settings(struct lint *l)
{
	const struct policy *p = l->p;
	size_t n = count_refusals(p);

	if (p->fallback.action == ACT_ALLOW)
		lint_find(l, "default-allow", &p->fallback.origin,
		    "\"default allow\": every file, address, process and system call that no line "
		    "refuses is open (there %s %zu such line%s); good as a second policy, no sandbox by itself",
		    n == 1 ? "is" : "are", n, n == 1 ? "" : "s");
	if (p->unknown.action == ACT_ALLOW)
		lint_find(l, "unknown-allow", &p->unknown.origin,
		    "\"unknown allow\": system calls that tollgate knows nothing about are let through");
	for (size_t i = 0; i < p->nunsafe; i++)
		lint_find(l, "unsafe", &p->unsafe[i].origin,
		    "\"unsafe %s\" lifts a guard that holds for everyone else", p->unsafe[i].word);
}

/* Calls that do the same: a rule for the older one says nothing about the newer. */
static const struct {
	unsigned old, new;
} twins[] = {
	{ SYS_ID_execve,	SYS_ID_execveat },
	{ SYS_ID_faccessat,	SYS_ID_faccessat2 },
	{ SYS_ID_fchmodat,	SYS_ID_fchmodat2 },
	{ SYS_ID_open,		SYS_ID_openat },
	{ SYS_ID_openat,	SYS_ID_openat2 },
};

/* The first own rule for a call; NULL when there is none.  `any` counts those of others. */
static const struct rule *
rule_naming(const struct policy *p, unsigned id, bool any)
{
	for (uint32_t i = p->call_at[id]; i < p->call_at[id + 1]; i++)
		if (any || is_own(p->sorted[OBJ_CALL][i]))
			return p->sorted[OBJ_CALL][i];
	return NULL;
}

static void
check_twins(struct lint *l)
{
	for (size_t i = 0; i < sizeof(twins) / sizeof(twins[0]); i++) {
		const struct rule *r = rule_naming(l->p, twins[i].old, false);
		const char *old = sysdesc_table[twins[i].old].name, *new = sysdesc_table[twins[i].new].name;

		if (!r || rule_naming(l->p, twins[i].new, true))
			continue;
		if (r->action == ACT_ALLOW)
			lint_find(l, "twin", &r->origin, "%s is allowed by name and %s is not: newer programs call that", old, new);
		else
			lint_find(l, "twin", &r->origin, "%s is refused and %s is not: it does the same", old, new);
	}
}

/* Who answers there acts for the program, beyond what this policy can see. */
static const struct deputy {
	const char *name;
	bool abstract;
	const char *what;
} deputies[] = {
	{ "/tmp/.X11-unix/X0", false, "the X server: it reads every key and every window, and types into them" },
	{ "/tmp/.X11-unix/X0", true, "the X server: it reads every key and every window, and types into them" },
	{ "/run/dbus/system_bus_socket", false, "the system bus: its services act for the program" },
	{ "/run/systemd/private", false, "systemd: it starts programs" },
	{ "/var/run/docker.sock", false, "Docker: it starts programs as root" },
	{ "/run/docker.sock", false, "Docker: it starts programs as root" },
};
static const char session_bus[] = "the session bus: its services start programs and open files for it";

/* The line that lets the program connect there; NULL when none does. */
static const struct origin *
allowed_to_connect(const struct policy *p, const char *name, bool abstract)
{
	struct access a = { .kind = ACC_ADDR, .rights = R_CONNECT };
	struct sysevent ev = {
		.id = SYS_ID_connect, .wordsize = 8, .access = &a, .naccess = 1, .caller = &somebody, .process = &nobody,
	};
	struct verdict v;

	a.addr.family = NA_UNIX;
	a.addr.abstract = abstract;
	a.addr.pathlen = (uint8_t)(strlen(name) < sizeof(a.addr.path) ? strlen(name) : sizeof(a.addr.path) - 1);
	memcpy(a.addr.path, name, a.addr.pathlen);
	v = policy_decide(NULL, &(struct layer){ .policy = p }, 1, &ev);
	return v.action == ACT_ALLOW && v.reason == WHY_RULE ? v.origin : NULL;
}

/* The bus of the user whose runtime folder a rule speaks of: /run/user/1000/bus. */
static void
check_session_bus(struct lint *l)
{
	for (size_t i = 0; i < l->p->nsorted[OBJ_ADDR]; i++) {
		const struct rule *r = l->p->sorted[OBJ_ADDR][i];
		const char *dir = "/run/user/";
		const struct pattern *name = &r->addr.name;
		const struct origin *o = NULL;
		char bus[64] = "/run/user/1000/bus";

		if (r->action != ACT_ALLOW || r->hidden || !(r->rights & R_CONNECT))
			continue;
		if (r->addr.shape == ADDR_UNIX && name->prefix_len > strlen(dir) && !strncmp(name->prefix, dir, strlen(dir)))
			snprintf(bus, sizeof(bus), "%s%.*s/bus", dir, (int)strcspn(name->prefix + strlen(dir), "/"),
			    name->prefix + strlen(dir));
		o = allowed_to_connect(l->p, bus, false);
		if (o && o == &r->origin) {
			lint_find(l, "deputy", o, "connects to %s", session_bus);
			return;
		}
	}
}

static void
check_deputies(struct lint *l)
{
	const struct origin *said = NULL;

	for (size_t i = 0; i < sizeof(deputies) / sizeof(deputies[0]); i++) {
		const struct origin *o = allowed_to_connect(l->p, deputies[i].name, deputies[i].abstract);

		if (o && (o != said || strcmp(deputies[i].what, deputies[i - 1].what) != 0))
			lint_find(l, "deputy", o, "connects to %s", deputies[i].what);
		said = o;
	}
	check_session_bus(l);
}

static void
collect(struct lint *l)
{
	const struct policy *p = l->p;

	l->by_object = xcalloc(p->nrules, sizeof(*l->by_object));
	for (size_t i = 0; i < p->nrules; i++)
		if (!p->rule[i]->hidden)
			l->by_object[l->n++] = p->rule[i];
	qsort(l->by_object, l->n, sizeof(*l->by_object), compare_objects);
	l->refusing = xcalloc(p->nsorted[OBJ_PATH], sizeof(*l->refusing));
	for (size_t i = 0; i < p->nsorted[OBJ_PATH]; i++)
		if (p->sorted[OBJ_PATH][i]->action != ACT_ALLOW)
			l->refusing[l->nrefusing++] = p->sorted[OBJ_PATH][i];
}

void
policy_lint(const struct policy *p, const struct lint_host *host, policy_finding *put, void *ctx)
{
	static const struct lint_host nobody;
	struct lint l = { .p = p, .host = host ? host : &nobody, .put = put, .ctx = ctx };

	collect(&l);
	check_settings(&l);
	policy_loose_links(p, put, ctx);
	check_objects(&l);
	check_twins(&l);
	check_deputies(&l);
	lint_lines(&l);
	lint_phases(&l);
	free(l.by_object);
	free(l.refusing);
}
