/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "engine/exposure_int.h"
#include "lib/strbuf.h"
#include "lib/xalloc.h"

/* The objects that rules name: those to which the same may be done, in the same part of the system, in one sentence. */

enum { SHOWN = 6, ALL_FILES = R_READ | R_WRITE | R_CREATE | R_DELETE | R_EXEC | R_ATTR };

/* Parts of the system, the ones people mind most first. */
static const struct area {
	const char *prefix, *name;
} areas[] = {
	{ "~",		"in your home" },
	{ "/tmp",	"temporary files" },
	{ "/var/tmp",	"temporary files" },
	{ "/run",	"runtime directories" },
	{ "/dev",	"devices" },
	{ "/proc",	"the kernel's files" },
	{ "/sys",	"the kernel's files" },
	{ "/etc",	"the system" },
	{ "/usr",	"the system" },
	{ "/lib",	"the system" },
	{ "/lib32",	"the system" },
	{ "/lib64",	"the system" },
	{ "/libx32",	"the system" },
	{ "/bin",	"the system" },
	{ "/sbin",	"the system" },
	{ "/opt",	"the system" },
	{ "/var",	"the system" },
	{ "",		"elsewhere" },
};
enum { NAREAS = sizeof(areas) / sizeof(areas[0]) };

/* One object, with all that lines of one phase allow. */
struct thing {
	const char *text;
	unsigned rights;
	unsigned area;
	uint8_t kind, phase;
	const char *target;
	const struct rule *rule;	/* the first */
};

struct list {
	struct survey *s;
	struct thing *thing;
	size_t n, cap;
};

static bool
below(const char *text, const char *dir)
{
	size_t n = strlen(dir);

	return !strncmp(text, dir, n) && (!n || !text[n] || text[n] == '/');
}

static unsigned
area_of(const struct list *l, const char *text)
{
	const char *home = l->s->about->home;
	unsigned i = 0;

	if (home && strcmp(home, "/") && below(text, home))
		return 0;
	for (i = 1; i + 1 < NAREAS && !below(text, areas[i].prefix); i++)
		;
	/* Two prefixes can be one part. */
	while (i > 1 && !strcmp(areas[i].name, areas[i - 1].name))
		i--;
	return i;
}

static int
compare_texts(const void *va, const void *vb)
{
	const struct thing *a = va, *b = vb;
	int r = (int)a->phase - (int)b->phase;

	r = r ? r : (int)a->kind - (int)b->kind;
	r = r ? r : strcmp(a->text, b->text);
	r = r ? r : (int)a->rule->elsewhere - (int)b->rule->elsewhere;
	return r ? r : (a->rule->seq > b->rule->seq) - (a->rule->seq < b->rule->seq);
}

/* What lies in no part that is known comes second: it is what somebody named on purpose. */
static int
place_of_area(const struct thing *t)
{
	return t->area == NAREAS - 1 ? 1 : 2 * (int)t->area;
}

/* What is said in one sentence is next to each other. */
static int
compare_groups(const void *va, const void *vb)
{
	const struct thing *a = va, *b = vb;
	int r = (int)a->phase - (int)b->phase;

	r = r ? r : (int)a->kind - (int)b->kind;
	r = r ? r : place_of_area(a) - place_of_area(b);
	if (!r && a->rights != b->rights)
		r = a->rights > b->rights ? -1 : 1;
	return r ? r : strcmp(a->text, b->text);
}

static void
collect(struct list *l)
{
	const struct policy *p = l->s->p;

	for (size_t i = 0; i < p->nrules; i++) {
		const struct rule *r = p->rule[i];
		unsigned rights = r->rights & ~(unsigned)r->implied;

		if (r->action != ACT_ALLOW || r->hidden || (r->kind != OBJ_PATH && r->kind != OBJ_ADDR))
			continue;
		rights &= r->kind == OBJ_PATH ? ALL_FILES : R_ADDRS;
		if (!rights)
			continue;
		xgrow(&l->thing, l->n, &l->cap, sizeof(*l->thing));
		l->thing[l->n++] = (struct thing){
			.text = r->object, .rights = rights, .kind = r->kind, .phase = r->phase, .rule = r,
			.area = r->kind == OBJ_PATH ? area_of(l, r->object) : 0,
			.target = r->target ? p->target_name[r->target - 1] : NULL,
		};
	}
}

static bool
same_thing(const struct thing *a, const struct thing *b)
{
	return a->phase == b->phase && a->kind == b->kind && a->target == b->target && !strcmp(a->text, b->text);
}

static void
join(struct list *l)
{
	size_t n = 0;

	if (l->n)
		qsort(l->thing, l->n, sizeof(*l->thing), compare_texts);
	for (size_t i = 0; i < l->n; i++) {
		if (n && same_thing(&l->thing[n - 1], &l->thing[i]))
			l->thing[n - 1].rights |= l->thing[i].rights;
		else
			l->thing[n++] = l->thing[i];
	}
	l->n = n;
}

/* What is said about the whole tree of a directory, in that phase, if it gives at least as much; else NULL. */
static const struct thing *
tree_with(const struct list *l, const char *dir, size_t len, uint8_t phase, unsigned rights)
{
	size_t lo = 0, hi = l->n;
	struct rule first = { .seq = 0 };
	char text[PATTERN_MAX + 8];
	struct thing key = { .text = text, .kind = OBJ_PATH, .phase = phase, .rule = &first };

	if (len + sizeof("/**") > sizeof(text))
		return NULL;
	memcpy(text, dir, len);
	memcpy(text + len, "/**", sizeof("/**"));
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (compare_texts(&l->thing[mid], &key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < l->n && l->thing[lo].phase == phase && !strcmp(l->thing[lo].text, text); lo++)
		if (!(rights & ~l->thing[lo].rights) && !l->thing[lo].target)
			return &l->thing[lo];
	return NULL;
}

static bool
is_covered(const struct list *l, const struct thing *t)
{
	if (t->kind != OBJ_PATH || t->target)
		return false;
	for (const char *p = strrchr(t->text, '/'); p && p >= t->text; p--) {
		if (*p != '/' || !strcmp(p, "/**"))
			continue;
		if (tree_with(l, t->text, (size_t)(p - t->text), t->phase, t->rights) ||
		    (t->phase && tree_with(l, t->text, (size_t)(p - t->text), 0, t->rights)))
			return true;
	}
	return false;
}

static void
drop_covered(struct list *l)
{
	bool *covered = xcalloc(l->n + 1, sizeof(*covered));
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		covered[i] = is_covered(l, &l->thing[i]);
	for (size_t i = 0; i < l->n; i++)
		if (!covered[i])
			l->thing[n++] = l->thing[i];
	l->n = n;
	free(covered);
}

/* The object, with ~ for the home directory. */
static void
thing_print(const struct list *l, const struct thing *t, struct strbuf *b)
{
	const char *text = t->text, *home = l->s->about->home;

	if (t->kind == OBJ_PATH && t->area == 0 && home) {
		strbuf_addc(b, '~');
		text += strlen(home);
	}
	strbuf_addf(b, strlen(text) > 120 ? "%.110s..." : "%s", text);
	if (t->rule->elsewhere)
		strbuf_add(b, " (by a link)");
	if (!t->target)
		return;
	strbuf_add(b, " (under ");
	strbuf_escape(b, t->target, strlen(t->target), "");
	strbuf_add(b, ", too)");
}

static enum exposure_level
level_of(const struct thing *t)
{
	bool changes = t->rights & (R_WRITE | R_CREATE | R_DELETE | R_ATTR), mine = t->kind == OBJ_PATH && t->area == 0;

	return changes && mine ? EXPOSURE_NOTABLE : EXPOSURE_PLAIN;
}

static const char *
topic_of(const struct thing *t)
{
	if (t->kind == OBJ_ADDR)
		return t->rights & R_BIND ? "listen" : t->rights & (R_CONNECT | R_SEND) ? "connect" : "socket";
	if (t->rights & (R_WRITE | R_CREATE | R_DELETE | R_ATTR))
		return "write";
	return t->rights & R_EXEC ? "run" : "read";
}

static void
say_group(const struct list *l, const struct thing *t, size_t n)
{
	const struct policy *p = l->s->p;
	char mem[EXPOSURE_TEXT];
	struct strbuf b = STRBUF(mem);
	struct places where = { .n = 0 };

	if (t->kind == OBJ_PATH)
		strbuf_addf(&b, "%s: ", areas[t->area].name);
	verbs_print(t->rights, &b);
	for (size_t i = 0; i < n; i++) {
		places_add(&where, &t[i].rule->origin);
		if (i >= SHOWN)
			continue;
		strbuf_add(&b, i ? ", " : " ");
		thing_print(l, &t[i], &b);
	}
	if (n > SHOWN)
		strbuf_addf(&b, " and %zu more", n - SHOWN);
	survey_add(l->s, level_of(t), topic_of(t), b.s, t->phase ? &p->phase[t->phase - 1] : NULL, &where);
}

void
survey_objects(struct survey *s)
{
	struct list l = { .s = s };

	collect(&l);
	if (!l.n)
		return;
	join(&l);
	drop_covered(&l);
	if (l.n)
		qsort(l.thing, l.n, sizeof(*l.thing), compare_groups);
	for (size_t i = 0, end; i < l.n; i = end) {
		const struct thing *t = &l.thing[i];

		for (end = i + 1; end < l.n && l.thing[end].phase == t->phase && l.thing[end].kind == t->kind &&
		    l.thing[end].area == t->area && l.thing[end].rights == t->rights; end++)
			;
		say_group(&l, t, end - i);
	}
	free(l.thing);
}
