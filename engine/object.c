/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "engine/load_int.h"
#include "lib/strbuf.h"

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

const char *
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

	/* What a variable stands for is not to be seen in the line. */
	if (at == 0 && b->n && b->b[0].c != '/' && memchr(c->object.p, '$', c->object.len)) {
		load_error(c->l, c->src, place, "%s; this one is %s", text, print_bytes(c->l, b));
		return false;
	}
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
bool
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

/* By which links the canonical form was found, before another is asked for. */
static const struct policy_link *
keep_links(struct loader *l)
{
	const struct policy_link *links = l->host->links ? l->host->links(l->host->ctx) : NULL;
	struct policy_link *kept;
	size_t n = 0;

	while (links && links[n].name)
		n++;
	if (!n)
		return NULL;
	kept = pool_copy(l->keep, links, n + 1, sizeof(*kept));
	for (size_t i = 0; i < n; i++)
		kept[i].name = pool_text(l->keep, links[i].name, strlen(links[i].name));
	return kept;
}

/*
 * What the rule would be about if a link at the end of its directories were none:
 * a directory that became one since.  Nothing is decided by it, but link.c asks
 * who may make that link.
 */
static void
add_ghosts(struct compiling *c, const struct rule *of, const struct bytes *b, const struct policy_link *links)
{
	size_t n = literal_directory(&of->path, b), at;

	for (; links && links->name; links++) {
		struct rule *r;
		struct bytes ghost;
		struct pattern p;

		if (!links->last || !replace_prefix(c->l, b, n, links->name, &ghost) ||
		    pattern_compile(&p, &c->l->build, ghost.b, ghost.n, &at))
			continue;
		pattern_keep(&p, c->l->keep);
		r = pool_copy(c->l->scratch, of, 1, sizeof(*of));
		r->path = p;
		r->rank = p.rank;
		vector_add(&c->l->ghosts, r);
	}
}

/* What was written leads here. */
static bool
mark_elsewhere(struct rule *r, const struct policy_link *links)
{
	if (!r)
		return false;
	r->elsewhere = true;
	r->links = links;
	return true;
}

static bool
compile_path(void *ctx, const struct bytes *in)
{
	struct compiling *c = ctx;
	struct bytes b = kernels_words(c->l, in), canonical;
	struct rule *r = add_path_rule(c, &b);
	const struct policy_link *links;

	if (!r)
		return false;
	if (!canonical_form(c->l, &r->path, &b, &canonical))
		return true;
	links = keep_links(c->l);
	add_ghosts(c, r, &b, links);
	return mark_elsewhere(add_path_rule(c, &canonical), links);
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

/* One such rule for a family is as good as a thousand. */
static bool
is_implied_already(struct compiling *c, const struct rule *of)
{
	uint64_t bit = (uint64_t)1 << (of->addr.shape == ADDR_ANY ? 63 : of->addr.family % 63);
	bool plain = !of->phase && !of->cond.n && of->addr.family < 63, was = c->l->implied_sockets & bit;

	if (plain)
		c->l->implied_sockets |= bit;
	return plain && was;
}

/* Who may connect may make the socket to do it with, unless any line at all says otherwise. */
static bool
add_implied_socket(struct compiling *c, const struct rule *of)
{
	struct rule *r;

	if (of->action != ACT_ALLOW || !(of->rights & (R_CONNECT | R_BIND | R_SEND)) || is_implied_already(c, of))
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
	struct rule *r = add_addr_rule(c, b);
	const struct policy_link *links;
	struct bytes canonical;

	if (!r || !add_implied_socket(c, r))
		return false;
	if (!canonical_addr(c->l, r, b, &canonical))
		return true;
	links = keep_links(c->l);
	return mark_elsewhere(add_addr_rule(c, &canonical), links);
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

bool
unknown_call(struct loader *l, const struct source *src, struct word w, const char *name)
{
	const char *names[SYS_IDS] = { NULL };

	for (unsigned id = SYS_ID_none + 1; id < SYS_IDS; id++)
		names[id - 1] = sysdesc_table[id].name;
	load_error(l, src, w.p, "unknown syscall \"%s\"%s", shown_text(l, name, strlen(name)), hint(l, name, names));
	return false;
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
	r->terms = (uint16_t)terms;
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
	const struct test *tests = c->tests;

	if (condition_fits(c->l, tests, id))
		return add_call_rule(c, name, id, tests, false);
	return c->base.action == ACT_ALLOW || add_call_rule(c, name, id, NULL, false);
}

static bool
compile_call(struct compiling *c, const char *name)
{
	unsigned found = sysdesc_find(name);

	if (found == SYS_ID_none)
		return unknown_call(c->l, c->src, c->object, name);
	name = sysdesc_table[found].name;
	if (!add_call_rule(c, name, found, c->tests, true))
		return false;
	for (unsigned id = SYS_ID_none + 1; id < SYS_IDS; id++)
		if (id != found && sysdesc_table[id].family == found && !add_form(c, name, id))
			return false;
	return true;
}

bool
compile_object(struct compiling *c)
{
	const char *name;

	if (c->base.kind == OBJ_PATH || c->base.kind == OBJ_ADDR) {
		return expand_each(c->l, c->src, c->object, c->base.kind == OBJ_PATH ? compile_path : compile_addr, c);
	}
	name = expand_text(c->l, c->src, c->object);
	if (!name)
		return false;
	return c->base.kind == OBJ_PROC ? compile_proc(c, name) : compile_call(c, name);
}
