/* SPDX-License-Identifier: ISC */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/exposure_int.h"
#include "lib/strbuf.h"
#include "lib/xalloc.h"

/*
 * A policy is asked about objects that people know, as the program would ask;
 * so whatever its lines add up to, the answer is the one that will be given.
 */

enum { MAX_EXAMPLES = 16 };

/* What is known by now, and makes narrower questions idle. */
enum {
	KNOWN_READ	= 1 << 0,
	KNOWN_WRITE	= 1 << 1,
	KNOWN_RUN	= 1 << 2,
	KNOWN_INTERNET	= 1 << 3,
	KNOWN_TRACE	= 1 << 4,
	KNOWN_FORK	= 1 << 5,
	KNOWN_CODE	= 1 << 6,
};

static const struct question {
	enum exposure_level level;
	const char *topic;
	uint16_t call, rights;
	const char *says;
	unsigned gives, unless;
	const char *example[MAX_EXAMPLES];
} questions[] = {
#define ASK(level, topic, call, rights, says, gives, unless, ...) \
	{ EXPOSURE_##level, topic, SYS_ID_##call, rights, says, gives, unless, { __VA_ARGS__ } },
#include "engine/exposure.def"
#undef ASK
};
enum { NQUESTIONS = sizeof(questions) / sizeof(questions[0]) };

/* What came of a question. */
struct answer {
	unsigned rights;		/* that any example has */
	const struct phase *phase;	/* that gives them; NULL: they are always there */
	struct places places;
	struct strbuf names;
	char mem[EXPOSURE_TEXT];
};

void
places_add(struct places *l, const struct origin *o)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->at[i]->line == o->line && !strcmp(l->at[i]->file, o->file))
			return;
	if (l->n < EXPOSURE_PLACES)
		l->at[l->n++] = o;
}

/* Two questions can come to one sentence. */
static bool
is_said(const struct survey *s, const char *topic, const char *text, const struct phase *phase)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->item[i].topic, topic) && !strcmp(s->item[i].text, text) &&
		    s->item[i].phase == (phase ? phase->name : NULL))
			return true;
	return false;
}

void
survey_add(struct survey *s, enum exposure_level level, const char *topic, const char *text, const struct phase *phase,
    const struct places *places)
{
	if (is_said(s, topic, text, phase))
		return;
	xgrow(&s->item, s->n, &s->cap, sizeof(*s->item));
	s->item[s->n++] = (struct exposure){
		.level = level, .topic = topic, .text = pool_text(s->pool, text, strlen(text)),
		.phase = phase ? phase->name : NULL,
		.where = pool_copy(s->pool, places->at, places->n, sizeof(*places->at)), .nwhere = places->n,
	};
}

void
verbs_print(unsigned rights, struct strbuf *b)
{
	static const struct {
		unsigned right;
		const char *verb;
	} verbs[] = {
		{ R_READ, "reads" }, { R_WRITE, "writes" }, { R_CREATE, "makes" }, { R_DELETE, "deletes" },
		{ R_ATTR, "changes the attributes of" }, { R_EXEC, "runs" }, { R_STAT, "looks at" },
		{ R_CONNECT, "connects to" }, { R_SEND, "sends to" }, { R_BIND, "takes the address" },
		{ R_SOCKET, "makes sockets of" },
	};
	const char *between = "";

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (!(rights & verbs[i].right))
			continue;
		strbuf_addf(b, "%s%s", between, verbs[i].verb);
		between = ", ";
	}
}

/* Asking */

/* One call with room for what it is about. */
struct probe {
	struct sysevent ev;
	struct access access;
	char text[512];
};

const struct caller somebody = { .module = "/", .function = "", .file = true };
const struct process nobody = { .exe = "/", .argv0 = "", .uid = 65534, .euid = 65534, .gid = 65534, .egid = 65534 };

/* ~ and $ are what they stand for; false where that is not known. */
static bool
place_example(const struct survey *s, const char *example, size_t len, char *out, size_t size)
{
	const char *mark = memchr(example, '~', len), *stand = s->about->home;

	if (!mark) {
		mark = memchr(example, '$', len);
		stand = s->about->runtime;
	}
	if (!mark)
		return snprintf(out, size, "%.*s", (int)len, example) < (int)size;
	return stand && snprintf(out, size, "%.*s%s%.*s", (int)(mark - example), example, stand,
	    (int)(example + len - mark - 1), mark + 1) < (int)size;
}

static bool
read_ip(struct netaddr *a, char *text)
{
	char *port = strrchr(text, ':');

	*port++ = '\0';
	a->port = (uint16_t)strtoul(port, NULL, 10);
	if (*text != '[')
		return inet_pton(AF_INET, text, a->ip) == 1;
	text[strlen(text) - 1] = '\0';
	return inet_pton(AF_INET6, text + 1, a->ip) == 1;
}

static bool
read_address(struct netaddr *a, char *text)
{
	char *name = strchr(text, ':');

	if (name)
		*name++ = '\0';
	a->abstract = !strcmp(text, "abstract");
	a->family = (uint16_t)(a->abstract ? NA_UNIX : family_find(text));
	if (!name)
		return true;
	if (a->family != NA_UNIX)
		return read_ip(a, name);
	a->pathlen = (uint8_t)strlen(name);
	snprintf(a->path, sizeof(a->path), "%s", name);
	return strlen(name) < sizeof(a->path);
}

/* "prot=7 flags=34" */
static bool
read_arguments(struct sysevent *ev, char *text)
{
	for (char *save = NULL, *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		char *value = strchr(w, '=');
		int i;

		*value++ = '\0';
		i = sysdesc_arg(&sysdesc_table[ev->id], w);
		if (i < 0)
			return false;
		ev->arg[i].val = strtoull(value, NULL, 0);
	}
	return true;
}

static bool
read_object(struct probe *pr, unsigned rights)
{
	struct access *a = &pr->access;

	a->kind = rights & R_PATHS ? ACC_PATH : rights & R_ADDRS ? ACC_ADDR : ACC_PROC;
	if (a->kind == ACC_PATH)
		a->path = pr->text;
	else if (a->kind == ACC_PROC)
		a->proc = strcmp(pr->text, "tree") ? PROC_OUTSIDE : PROC_TREE;
	return a->kind != ACC_ADDR || read_address(&a->addr, pr->text);
}

static bool
read_example(const struct survey *s, const struct question *q, const char *example, size_t len, struct probe *pr)
{
	memset(pr, 0, sizeof(*pr));
	pr->ev = (struct sysevent){ .id = q->call, .wordsize = 8, .caller = &somebody, .process = &nobody };
	if (!place_example(s, example, len, pr->text, sizeof(pr->text)))
		return false;
	if (!q->rights)
		return read_arguments(&pr->ev, pr->text);
	pr->ev.access = &pr->access;
	pr->ev.naccess = 1;
	return read_object(pr, q->rights);
}

/* The phase that a verdict came from; NULL when it was none. */
static const struct phase *
phase_of(const struct policy *p, const struct verdict *v)
{
	for (size_t i = 0; i < p->nrules; i++)
		if (&p->rule[i]->origin == v->origin)
			return p->rule[i]->phase ? &p->phase[p->rule[i]->phase - 1] : NULL;
	return NULL;
}

static bool
is_open(const struct survey *s, struct probe *pr, unsigned right, uint32_t phases, struct answer *a)
{
	struct layer l = { .policy = s->p, .phases = phases };
	struct verdict v;

	pr->access.rights = (uint16_t)right;
	v = policy_decide(s->about->floor, &l, 1, &pr->ev);
	if (v.action != ACT_ALLOW)
		return false;
	if (v.origin)
		places_add(&a->places, v.origin);
	if (phases && !a->phase)
		a->phase = phase_of(s->p, &v);
	return true;
}

/* All objects of an example that is several, joined by "+".  Which of the rights there are for all of them. */
static unsigned
ask_example(const struct survey *s, const struct question *q, const char *example, uint32_t phases, struct answer *a)
{
	unsigned rights = q->rights ? q->rights : 1;
	size_t end = strcspn(example, "|");

	for (size_t at = 0, len; at <= end; at += len + 1) {
		struct answer one = { .rights = 0, .phase = NULL };
		unsigned open = 0;
		struct probe pr;

		len = strcspn(example + at, "+|");
		for (unsigned left = rights; left; left &= left - 1)
			if (read_example(s, q, example + at, len, &pr) && is_open(s, &pr, left & -left, phases, &one))
				open |= left & -left;
		rights &= open;
		for (size_t i = 0; rights && i < one.places.n; i++)
			places_add(&a->places, one.places.at[i]);
		a->phase = rights && one.phase ? one.phase : a->phase;
	}
	return rights;
}

static const char *
name_of(const char *example)
{
	const char *bar = strchr(example, '|');

	return bar ? bar + 1 : example;
}

static void
ask(const struct survey *s, const struct question *q, uint32_t phases, struct answer *a)
{
	a->rights = 0;
	a->phase = NULL;
	a->places.n = 0;
	strbuf_init(&a->names, a->mem, sizeof(a->mem));
	for (int i = 0; i == 0 || (i < MAX_EXAMPLES && q->example[i]); i++) {
		const char *example = q->example[i] ? q->example[i] : "";
		unsigned rights = ask_example(s, q, example, phases, a);

		if (!rights)
			continue;
		strbuf_addf(&a->names, "%s%s", a->rights ? ", " : "", name_of(example));
		a->rights |= rights;
	}
}

/* The sentence, with what @ and % stand for. */
static void
say(struct survey *s, const struct question *q, const struct answer *a)
{
	char mem[EXPOSURE_TEXT];
	struct strbuf b = STRBUF(mem);

	for (const char *p = q->says; *p; p++) {
		if (*p == '@')
			verbs_print(a->rights, &b);
		else if (*p == '%')
			strbuf_add(&b, a->names.s);
		else
			strbuf_addc(&b, *p);
	}
	survey_add(s, q->level, q->topic, b.s, a->phase, &a->places);
}

/* What holds always, then what the phases give beside that. */
static void
ask_all(struct survey *s)
{
	uint32_t phases = policy_phases(s->p);
	unsigned known = 0, known_at_start = 0;

	for (int i = 0; i < NQUESTIONS; i++) {
		const struct question *q = &questions[i];
		struct answer now, start;

		if (known & q->unless)
			continue;
		ask(s, q, 0, &now);
		if (now.rights) {
			known |= q->gives;
			say(s, q, &now);
		}
		if (!phases || known_at_start & q->unless)
			continue;
		ask(s, q, phases, &start);
		if (!start.phase || (start.rights == now.rights && !strcmp(start.names.s, now.names.s)))
			continue;
		known_at_start |= q->gives;
		say(s, q, &start);
	}
}

/* Settings */

static void
say_setting(struct survey *s, const struct setting *set, const char *topic, const char *text)
{
	struct places where = { .n = 0 };

	if (set->action != ACT_ALLOW)
		return;
	if (set->origin.file)
		places_add(&where, &set->origin);
	survey_add(s, EXPOSURE_GRAVE, topic, text, NULL, &where);
}

static void
say_guards(struct survey *s)
{
	char mem[EXPOSURE_TEXT];
	struct strbuf b = STRBUF(mem);
	struct places where = { .n = 0 };

	strbuf_add(&b, "guards that hold for everyone else are lifted: ");
	for (size_t i = 0; i < s->p->nunsafe; i++) {
		strbuf_addf(&b, "%s%s", i ? ", " : "", s->p->unsafe[i].word);
		places_add(&where, &s->p->unsafe[i].origin);
	}
	if (s->p->nunsafe)
		survey_add(s, EXPOSURE_GRAVE, "guard", b.s, NULL, &where);
}

/* Lines that ask who calls are held against code that is nobody's. */
static void
say_callers(struct survey *s)
{
	struct places where = { .n = 0 };

	for (size_t i = 0; i < s->p->nrules; i++)
		if (s->p->rule[i]->cond.needs)
			places_add(&where, &s->p->rule[i]->origin);
	if (where.n)
		survey_add(s, EXPOSURE_NOTABLE, "caller", "some lines ask which code, program or user makes the call: for those "
		    "they name there can be more than is said here", NULL, &where);
}

/* Sorting keeps the order in which things were said. */
struct ranked {
	struct exposure e;
	size_t at;
};

static int
compare_ranks(const void *va, const void *vb)
{
	const struct ranked *a = va, *b = vb;

	if (a->e.level != b->e.level)
		return a->e.level < b->e.level ? -1 : 1;
	if (!a->e.phase != !b->e.phase)
		return !a->e.phase ? -1 : 1;
	return (a->at > b->at) - (a->at < b->at);
}

static void
tell(const struct survey *s, policy_exposed *put, void *ctx)
{
	struct ranked *r = xcalloc(s->n, sizeof(*r));

	for (size_t i = 0; i < s->n; i++)
		r[i] = (struct ranked){ s->item[i], i };
	qsort(r, s->n, sizeof(*r), compare_ranks);
	for (size_t i = 0; i < s->n; i++)
		put(ctx, &r[i].e);
	free(r);
}

void
policy_exposure(const struct policy *p, const struct exposure_about *about, policy_exposed *put, void *ctx)
{
	struct survey s = { .p = p, .about = about, .pool = pool_new() };

	say_setting(&s, &p->fallback, "open", "everything that no line refuses: every file, address, process and system call");
	say_setting(&s, &p->unknown, "open", "system calls that tollgate does not know");
	say_guards(&s);
	ask_all(&s);
	say_callers(&s);
	survey_objects(&s);
	tell(&s, put, ctx);
	free(s.item);
	pool_free(s.pool);
}
