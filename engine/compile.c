/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/load_int.h"
#include "lib/strbuf.h"
#include "lib/xalloc.h"

/* A line being compiled: what all its rules have in common. */
struct compiling {
	struct loader *l;
	const struct source *src;
	const struct ruleline *line;
	struct word object;
	struct rule base;
};

static bool
wrong(struct compiling *c, struct word w, const char *text)
{
	load_error(c->l, c->src, w.p, "%s", text);
	return false;
}

static struct rule *
add_rule(struct compiling *c)
{
	struct loader *l = c->l;
	struct rule *r;

	if (l->rules.n == MAX_RULES) {
		if (!l->full)
			load_error(l, c->src, c->line->head.p, "more than %d rules", MAX_RULES);
		l->full = true;
		return NULL;
	}
	r = pool_copy(l->keep, &c->base, 1, sizeof(c->base));
	r->seq = (uint32_t)l->rules.n;
	vector_add(&l->rules, r);
	return r;
}

/* Paths. */

static const char *
print_bytes(struct loader *l, const struct bytes *b)
{
	char mem[4 * PATTERN_MAX + 16];
	struct strbuf s = STRBUF(mem);

	pattern_print(b->b, b->n, &s);
	return pool_text(l->keep, s.s, s.len);
}

static bool
wrong_byte(struct compiling *c, const struct bytes *b, size_t at, const char *text)
{
	const char *place = at < b->n ? c->src->text + b->b[at].at : c->object.p;

	load_error(c->l, c->src, place, "%s", text);
	return false;
}

static struct rule *
add_path_rule(struct compiling *c, const struct bytes *b)
{
	size_t at;
	const char *text = pathpat_check(b, &at);
	struct pattern p;
	struct rule *r;

	if (!text)
		text = pattern_compile(&p, &c->l->build, b->b, b->n, &at);
	if (text) {
		wrong_byte(c, b, at, text);
		return NULL;
	}
	r = add_rule(c);
	if (!r)
		return NULL;
	pattern_keep(&p, c->l->keep);
	r->path = p;
	r->rank = p.rank;
	r->object = print_bytes(c->l, b);
	return r;
}

/* Length of the directories that a pattern names literally. */
static size_t
literal_directory(const struct pattern *p, const struct bytes *b)
{
	size_t n = p->prefix_len;

	if (n == b->n || b->b[n].c == '/')
		return n;
	while (n && p->prefix[n - 1] != '/')
		n--;
	return n ? n - 1 : 0;
}

/* The canonical form of the first n bytes, with the rest of the pattern behind. */
static bool
replace_prefix(struct loader *l, const struct bytes *b, size_t n, const char *canonical, struct bytes *out)
{
	size_t len = strlen(canonical);

	/* "/" before a rest that brings its own. */
	while (len && n < b->n && canonical[len - 1] == '/')
		len--;
	out->n = len + (b->n - n);
	if (out->n > PATTERN_MAX)
		return false;
	out->b = pool_alloc(l->scratch, out->n, sizeof(*out->b));
	for (size_t i = 0; i < len; i++)
		out->b[i] = (struct patbyte){ .c = (unsigned char)canonical[i], .literal = true, .at = b->b[0].at };
	memcpy(out->b + len, b->b + n, (b->n - n) * sizeof(*out->b));
	return true;
}

/*
 * The bytes with the literal directories made canonical; false when nothing
 * changes.  Names in /proc mean another thing to each process that says them:
 * those stay as written.
 */
static bool
canonical_form(struct loader *l, const struct pattern *p, const struct bytes *b, struct bytes *out)
{
	size_t n = literal_directory(p, b);
	const char *dir, *canonical;

	if (!l->host->canonical || p->anonymous || n < 2)
		return false;
	dir = pool_text(l->scratch, p->prefix, n);
	if (!strcmp(dir, "/proc") || !strncmp(dir, "/proc/", 6))
		return false;
	canonical = l->host->canonical(l->host->ctx, dir);
	if (!canonical || canonical[0] != '/' || !strcmp(canonical, dir))
		return false;
	return replace_prefix(l, b, n, canonical, out);
}

/* memfd:x is the user's word for what the kernel calls "/memfd:x (deleted)". */
static struct bytes
kernels_words(struct loader *l, const struct bytes *b)
{
	static const char memfd[] = "memfd:";
	struct bytes r = { .n = b->n + 1 };

	for (size_t i = 0; i < sizeof(memfd) - 1; i++)
		if (i >= b->n || b->b[i].c != (unsigned char)memfd[i])
			return *b;
	r.b = pool_alloc(l->scratch, r.n, sizeof(*r.b));
	r.b[0] = (struct patbyte){ .c = '/', .literal = true, .at = b->b[0].at };
	memcpy(r.b + 1, b->b, b->n * sizeof(*r.b));
	return r;
}

static bool
compile_path(void *ctx, const struct bytes *in)
{
	struct compiling *c = ctx;
	struct bytes b = kernels_words(c->l, in), canonical;
	struct rule *r = add_path_rule(c, &b);

	if (!r)
		return false;
	return !canonical_form(c->l, &r->path, &b, &canonical) || add_path_rule(c, &canonical);
}

/* Addresses. */

static struct rule *
add_addr_rule(struct compiling *c, const struct bytes *b)
{
	struct addrpat a;
	uint64_t rank;
	size_t at;
	const char *text = addrpat_compile(&a, &c->l->build, c->l->keep, b, &rank, &at);
	struct rule *r;

	if (!text && c->base.rights & R_SOCKET && a.shape > ADDR_FAMILY) {
		at = 0;
		text = "a socket has no address yet: \"socket\" takes a family or \"any\"";
	}
	if (text) {
		wrong_byte(c, b, at, text);
		return NULL;
	}
	r = add_rule(c);
	if (!r)
		return NULL;
	r->addr = a;
	r->rank = rank;
	r->object = print_bytes(c->l, b);
	return r;
}

/* Who may connect may make the socket to do it with, unless any line at all says otherwise. */
static bool
add_implied_socket(struct compiling *c, const struct rule *of)
{
	struct rule *r;

	if (of->action != ACT_ALLOW || !(of->rights & (R_CONNECT | R_BIND | R_SEND)))
		return true;
	r = add_rule(c);
	if (!r)
		return false;
	r->rights = R_SOCKET;
	r->implied = R_SOCKET;
	r->hidden = true;
	r->log = false;
	r->object = of->object;
	r->addr.family = of->addr.family;
	r->addr.shape = of->addr.shape == ADDR_ANY ? ADDR_ANY : ADDR_FAMILY;
	return true;
}

static bool
canonical_addr(struct loader *l, const struct rule *r, const struct bytes *b, struct bytes *out)
{
	static const size_t skip = sizeof("unix:") - 1;
	struct bytes path = { .b = b->b + skip, .n = b->n - skip }, canonical;

	if (r->addr.shape != ADDR_UNIX || !canonical_form(l, &r->addr.name, &path, &canonical))
		return false;
	out->n = skip + canonical.n;
	out->b = pool_alloc(l->scratch, out->n, sizeof(*out->b));
	memcpy(out->b, b->b, skip * sizeof(*out->b));
	memcpy(out->b + skip, canonical.b, canonical.n * sizeof(*out->b));
	return true;
}

static bool
compile_addr(void *ctx, const struct bytes *b)
{
	struct compiling *c = ctx;
	const struct rule *r = add_addr_rule(c, b);
	struct bytes canonical;

	if (!r || !add_implied_socket(c, r))
		return false;
	return !canonical_addr(c->l, r, b, &canonical) || add_addr_rule(c, &canonical);
}

/* Processes. */

static const char *const proc_words[] = {
	[PROC_OUTSIDE] = "any", [PROC_TREE] = "tree", [PROC_SELF] = "self",
};

static bool
compile_proc(struct compiling *c, const char *name)
{
	struct rule *r;

	for (unsigned i = PROC_OUTSIDE; i <= PROC_SELF; i++) {
		if (strcmp(name, proc_words[i]) != 0)
			continue;
		r = add_rule(c);
		if (!r)
			return false;
		r->proc = i;
		r->rank = i;
		r->object = proc_words[i];
		return true;
	}
	return wrong(c, c->object, "a process is \"self\", \"tree\" or \"any\"");
}

/* Calls. */

static bool
unknown_call(struct compiling *c, const char *name)
{
	const char *names[SYS_IDS] = { NULL };

	for (unsigned id = SYS_ID_none + 1; id < SYS_IDS; id++)
		names[id - 1] = sysdesc_table[id].name;
	load_error(c->l, c->src, c->object.p, "unknown syscall \"%s\"%s", shown_text(c->l, name, strlen(name)),
	    hint(c->l, name, names));
	return false;
}

/* Does this form of a call have every argument that the condition asks for? */
static bool
has_arguments(struct loader *l, const struct test *t, unsigned id)
{
	for (; t; t = t->next)
		if (t->kind > COND_NOT && sysdesc_arg(&sysdesc_table[id], word_text(l, t->arg)) < 0)
			return false;
	return true;
}

static bool
add_call_rule(struct compiling *c, const char *name, unsigned id, const struct test *tests, bool exact)
{
	unsigned terms = 0;
	struct rule *r = add_rule(c);

	if (!r || !condition_compile(c->l, c->src, tests, id, &r->cond, &terms))
		return false;
	r->id = (uint16_t)id;
	r->hidden = !exact;
	r->rank = (uint64_t)terms << 1 | exact;
	r->object = name;
	return true;
}

/*
 * fcntl also says fcntl64: one rule per form, because arguments can stand
 * elsewhere in each.  Of a form that lacks one that the condition asks for
 * (sigaction has no sigsetsize) nothing is allowed and everything refused.
 */
static bool
add_form(struct compiling *c, const char *name, unsigned id)
{
	const struct test *tests = c->line->tests;

	if (has_arguments(c->l, tests, id))
		return add_call_rule(c, name, id, tests, false);
	return c->base.action == ACT_ALLOW || add_call_rule(c, name, id, NULL, false);
}

static bool
compile_call(struct compiling *c, const char *name)
{
	unsigned found = sysdesc_find(name);

	if (found == SYS_ID_none)
		return unknown_call(c, name);
	name = sysdesc_table[found].name;
	if (!add_call_rule(c, name, found, c->line->tests, true))
		return false;
	for (unsigned id = SYS_ID_none + 1; id < SYS_IDS; id++)
		if (id != found && sysdesc_table[id].family == found && !add_form(c, name, id))
			return false;
	return true;
}

static bool
compile_object(struct compiling *c)
{
	struct bytes b;
	const char *name;

	if (c->base.kind == OBJ_PATH || c->base.kind == OBJ_ADDR) {
		if (!expand_word(c->l, c->src, c->object, &b))
			return false;
		return expand_braces(c->l, c->src, c->object, &b,
		    c->base.kind == OBJ_PATH ? compile_path : compile_addr, c);
	}
	name = expand_text(c->l, c->src, c->object);
	if (!name)
		return false;
	return c->base.kind == OBJ_PROC ? compile_proc(c, name) : compile_call(c, name);
}

/* Lines. */

static int
kind_of_right(unsigned right)
{
	return right & R_PATHS ? OBJ_PATH : right & R_ADDRS ? OBJ_ADDR : OBJ_PROC;
}

static bool
unknown_right(struct compiling *c, struct word w)
{
	const char *names[18] = { NULL };
	size_t n = 0;

	for (unsigned i = 0; i < 16; i++)
		if (rights_name(1u << i))
			names[n++] = rights_name(1u << i);
	names[n] = "syscall";
	load_error(c->l, c->src, w.p, "unknown right \"%s\"%s", shown_word(c->l, w),
	    hint(c->l, word_text(c->l, w), names));
	return false;
}

static bool
compile_right(struct compiling *c, struct word w, bool first)
{
	const char *name = word_text(c->l, w);
	unsigned right = rights_find(name);
	int kind = strcmp(name, "syscall") ? kind_of_right(right) : OBJ_CALL;

	if (kind != OBJ_CALL && !right)
		return unknown_right(c, w);
	if (!first && kind == OBJ_CALL)
		return wrong(c, w, "\"syscall\" stands alone");
	if (!first && c->base.kind != kind)
		return wrong(c, w, c->base.kind == OBJ_CALL ? "\"syscall\" stands alone" :
		    "rights on paths, on addresses and on processes need lines of their own");
	c->base.kind = (uint8_t)kind;
	c->base.rights |= (uint16_t)right;
	return true;
}

static bool
compile_rights(struct compiling *c)
{
	for (const struct wordnode *w = c->line->rights.first; w; w = w->next)
		if (!compile_right(c, w->w, w == c->line->rights.first))
			return false;
	if (c->line->tests && c->base.kind != OBJ_CALL)
		return wrong(c, c->line->tests->arg, "only \"syscall\" rules take a condition");
	/* Who may read may look: most programs look first. */
	if (c->base.action == ACT_ALLOW && c->base.rights & (R_READ | R_WRITE | R_EXEC) && !(c->base.rights & R_STAT))
		c->base.implied = R_STAT;
	c->base.rights |= c->base.implied;
	return true;
}

static bool
unknown_errno(struct loader *l, const struct source *src, struct word w)
{
	const char **names = xcalloc(nconstants + 1, sizeof(*names));
	size_t n = 0;

	for (size_t i = 0; i < nconstants; i++)
		if (constants[i].vocab == V_ERRNO)
			names[n++] = constants[i].name;
	load_error(l, src, w.p, "unknown error \"%s\"%s", shown_word(l, w), hint(l, word_text(l, w), names));
	free(names);
	return false;
}

static bool
read_errno(struct loader *l, const struct source *src, struct word w, int *err)
{
	if (w.len)
		*err = errno_find(word_text(l, w));
	return *err || unknown_errno(l, src, w);
}

static struct origin
origin_of(struct loader *l, const struct source *src, struct word w)
{
	(void)l;
	return (struct origin){ .file = src->shown, .line = w.line, .via = src->via };
}

static void
compile_line(struct loader *l, const struct source *src, const struct ruleline *line)
{
	struct compiling c = { .l = l, .src = src, .line = line };
	int err = l->policy->fallback.action == ACT_DENY ? l->policy->fallback.err : EACCES;

	if (!read_errno(l, src, line->err, &err))
		return;
	c.base.origin = origin_of(l, src, line->head);
	c.base.action = (uint8_t)line->action;
	c.base.err = line->action == ACT_DENY ? err : 0;
	c.base.log = line->log;
	c.base.quiet = line->quiet;
	c.base.guard = (uint16_t)line->guard;
	c.base.when = line->when;
	if (!compile_rights(&c))
		return;
	for (const struct wordnode *w = line->objects.first; w && !l->full; w = w->next) {
		c.object = w->w;
		compile_object(&c);
	}
}

void
compile_lines(struct loader *l)
{
	for (const struct source *s = l->sources; s; s = s->next)
		for (const struct ruleline *line = s->rules; line && !l->full; line = line->next)
			compile_line(l, s, line);
}

/* default and unknown: the main file's.  An included one's counts for those who load it alone. */
static void
compile_setting(struct loader *l, const struct source *src, int which, struct setting *out)
{
	static const char *const words[SETTINGS] = { "default", "unknown" };
	const struct settingline *s = &src->setting[which];
	int err = which == SETTING_DEFAULT ? EACCES : ENOSYS;

	if (!s->present || !read_errno(l, src, s->err, &err))
		return;
	if (src->parent) {
		if (!src->parent->setting[which].present)
			load_error(l, src, s->head.p, "\"%s\" in an included file: only the main policy says that, and %s has no such line",
			    words[which], src->parent->shown);
		return;
	}
	if (out->origin.file) {
		load_error(l, src, s->head.p, "a second \"%s\" line; the first is in %s", words[which], out->origin.file);
		return;
	}
	out->action = s->action;
	out->err = s->action == ACT_DENY ? err : 0;
	out->origin = origin_of(l, src, s->head);
}

void
compile_settings(struct loader *l)
{
	l->policy->fallback = (struct setting){ .action = ACT_DENY, .err = EACCES };
	l->policy->unknown = (struct setting){ .action = ACT_DENY, .err = ENOSYS };
	for (const struct source *s = l->sources; s; s = s->next) {
		compile_setting(l, s, SETTING_DEFAULT, &l->policy->fallback);
		compile_setting(l, s, SETTING_UNKNOWN, &l->policy->unknown);
	}
}

static int
compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Prefixes of one length never begin the same path: their order is free, and keeps the same ones together. */
static int
compare_prefixes(const struct rule *a, const struct rule *b)
{
	int r = compare(b->path.prefix_len, a->path.prefix_len);

	return r ? r : memcmp(a->path.prefix, b->path.prefix, a->path.prefix_len);
}

/*
 * The first that matches decides: the more specific first, among equals the
 * stricter, then whatever makes the result independent of the lines' order.
 */
static int
compare_rules(const void *va, const void *vb)
{
	const struct rule *a = *(const struct rule *const *)va, *b = *(const struct rule *const *)vb;
	int r = a->kind == OBJ_PATH ? compare_prefixes(a, b) : compare(a->id, b->id);

	r = r ? r : compare(b->rank, a->rank);
	r = r ? r : compare(a->action, b->action);
	r = r ? r : compare((unsigned)a->err, (unsigned)b->err);
	r = r ? r : compare(b->log, a->log);
	r = r ? r : compare(a->quiet, b->quiet);
	return r ? r : compare(a->seq, b->seq);
}

static void
sort_kind(struct loader *l, enum object_kind kind)
{
	const struct rule **list = pool_alloc(l->keep, l->rules.n, sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; i < l->rules.n; i++) {
		const struct rule *r = l->rules.item[i];

		if (r->kind == kind)
			list[n++] = r;
	}
	qsort(list, n, sizeof(*list), compare_rules);
	l->policy->sorted[kind] = list;
	l->policy->nsorted[kind] = n;
}

static uint32_t
hash_prefix(const struct pattern *p)
{
	uint32_t hash = HASH_START;

	for (unsigned i = 0; i < p->prefix_len; i++)
		hash = hash_byte(hash, (unsigned char)p->prefix[i]);
	return hash;
}

/* One entry for each run of rules with the same prefix. */
static size_t
find_prefixes(const struct policy *p, struct prefix *out)
{
	size_t n = 0;

	for (uint32_t i = 0; i < p->nsorted[OBJ_PATH]; i++) {
		const struct rule *r = p->sorted[OBJ_PATH][i];

		if (!i || compare_prefixes(r, p->sorted[OBJ_PATH][i - 1]))
			out[n++] = (struct prefix){ .hash = hash_prefix(&r->path), .first = i, .len = r->path.prefix_len };
		out[n - 1].n++;
	}
	return n;
}

static void
index_prefixes(struct loader *l)
{
	struct policy *p = l->policy;
	struct prefix *prefix = pool_alloc(l->keep, p->nsorted[OBJ_PATH], sizeof(*prefix));
	size_t n = find_prefixes(p, prefix), size = 1;
	uint16_t *len = pool_alloc(l->keep, n, sizeof(*len));
	uint32_t *bucket;

	while (size < 2 * n)
		size *= 2;
	bucket = pool_alloc(l->keep, size, sizeof(*bucket));
	/* They are sorted by length, longest first. */
	for (size_t i = n; i-- > 0;) {
		uint32_t *b = &bucket[prefix[i].hash & (size - 1)];

		prefix[i].next = *b;
		*b = (uint32_t)i + 1;
		if (!p->prefixes.nlens || len[p->prefixes.nlens - 1] != prefix[i].len)
			len[p->prefixes.nlens++] = prefix[i].len;
	}
	p->prefixes.prefix = prefix;
	p->prefixes.bucket = bucket;
	p->prefixes.mask = (uint32_t)size - 1;
	p->prefixes.len = len;
}

void
compile_sort(struct loader *l)
{
	struct policy *p = l->policy;
	uint32_t *at = pool_alloc(l->keep, SYS_IDS + 1, sizeof(*at));
	uint32_t n = 0;

	for (unsigned kind = 0; kind < OBJ_KINDS; kind++)
		sort_kind(l, kind);
	index_prefixes(l);
	for (unsigned id = 0; id <= SYS_IDS; id++) {
		while (n < p->nsorted[OBJ_CALL] && p->sorted[OBJ_CALL][n]->id < id)
			n++;
		at[id] = n;
	}
	p->call_at = at;
	p->rule = pool_copy(l->keep, l->rules.item, l->rules.n, sizeof(*l->rules.item));
	p->nrules = l->rules.n;
}
