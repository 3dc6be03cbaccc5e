/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/load_int.h"
#include "lib/xalloc.h"

static bool
wrong(struct compiling *c, struct word w, const char *text)
{
	load_error(c->l, c->src, w.p, "%s", text);
	return false;
}

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

struct origin
origin_of(const struct source *src, struct word w)
{
	return (struct origin){ .file = src->shown, .line = w.line, .via = src->via, .local = src->local };
}

/* What says no in a phase's bundles says it always: to take a refusal away could only open something. */
static unsigned
phase_of(const struct source *src, const struct ruleline *line)
{
	return line->action == ACT_ALLOW ? src->phase : 0;
}

/* The condition that all objects of the line share; that of a call is one for each form of it. */
static bool
compile_condition(struct compiling *c)
{
	unsigned terms = 0;

	c->base.when = condition_text(c->l, c->src, c->line->when, c->tests);
	if (!c->tests || c->base.kind == OBJ_CALL)
		return true;
	if (!condition_compile(c->l, c->src, c->tests, SYS_ID_none, &c->base.cond, &terms))
		return false;
	c->base.terms = (uint16_t)terms;
	return true;
}

static bool
compile_target(struct compiling *c)
{
	if (!c->line->target.len)
		return true;
	if (c->base.rights & ~(unsigned)(R_EXEC | c->base.implied) || !(c->base.rights & R_EXEC) || c->base.action != ACT_ALLOW)
		return wrong(c, c->line->target, "\"->\" belongs to a line that says \"allow exec\" and no other right");
	c->base.target = (uint16_t)target_add(c->l, c->src, c->line->target);
	return true;
}

static void
compile_line(struct loader *l, const struct source *src, const struct ruleline *line)
{
	struct compiling c = { .l = l, .src = src, .line = line, .tests = line->tests };
	int err = l->policy->fallback.action == ACT_DENY ? l->policy->fallback.err : EACCES;

	if (!read_errno(l, src, line->err, &err))
		return;
	c.base.origin = origin_of(src, line->head);
	c.base.action = (uint8_t)line->action;
	c.base.err = line->action == ACT_DENY || line->action == ACT_ASK ? err : 0;
	c.base.phase = (uint8_t)phase_of(src, line);
	c.base.log = line->log;
	c.base.quiet = line->quiet;
	c.base.guard = (uint16_t)line->guard;
	if (!compile_rights(&c) || !compile_condition(&c) || !compile_target(&c))
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
		for (const struct ruleline *line = s->lines.rules; line && !l->full; line = line->next)
			compile_line(l, s, line);
}

/* The lines of a group have no settings of their own. */
static const struct source *
text_around(const struct source *src)
{
	return src->group ? src->group->src : src;
}

/* Who includes a policy that makes no children makes none, unless he says otherwise himself. */
static void
adopt_children(const struct source *src, const struct settingline *s, int err, struct setting *out)
{
	bool own = out->origin.file && !out->origin.via;

	if (own || s->action != ACT_DENY || (out->action == ACT_DENY && out->err <= err))
		return;
	*out = (struct setting){ .action = ACT_DENY, .err = err, .origin = origin_of(src, s->head) };
}

/* default, unknown, children: the main file's.  An included one's counts for those who load it alone. */
static void
compile_setting(struct loader *l, const struct source *src, int which, struct setting *out)
{
	static const char *const words[SETTINGS] = { "default", "unknown", "children" };
	static const int errs[SETTINGS] = { EACCES, ENOSYS, EPERM };
	const struct settingline *s = &src->setting[which];
	int err = errs[which];

	if (!s->present || !read_errno(l, src, s->err, &err))
		return;
	if (src->parent && which == SETTING_CHILDREN) {
		adopt_children(src, s, err, out);
		return;
	}
	if (src->parent) {
		bool same = s->action == out->action && (s->action != ACT_DENY || err == out->err);

		if (!same && !text_around(src->parent)->setting[which].present)
			load_error(l, src, s->head.p, "\"%s\" in an included file: only the main policy says that, and %s has no such line",
			    words[which], src->parent->shown);
		return;
	}
	if (out->origin.file) {
		load_error(l, src, s->head.p, "a second \"%s\" line; the first is in %s", words[which], out->origin.file);
		return;
	}
	out->action = s->action;
	out->err = s->action == ACT_DENY || s->action == ACT_ASK ? err : 0;
	out->origin = origin_of(src, s->head);
}

/* What no line says is what this version of the language says: a refusal names that line. */
static void
settle_origin(const struct source *src, struct setting *out)
{
	if (!out->origin.file && src && src->version.len)
		out->origin = origin_of(src, src->version);
}

void
compile_settings(struct loader *l)
{
	l->policy->fallback = (struct setting){ .action = ACT_DENY, .err = EACCES };
	l->policy->unknown = (struct setting){ .action = ACT_DENY, .err = ENOSYS };
	l->policy->children = (struct setting){ .action = ACT_ALLOW };
	for (const struct source *s = l->sources; s; s = s->next) {
		compile_setting(l, s, SETTING_DEFAULT, &l->policy->fallback);
		compile_setting(l, s, SETTING_UNKNOWN, &l->policy->unknown);
		compile_setting(l, s, SETTING_CHILDREN, &l->policy->children);
	}
	settle_origin(l->main, &l->policy->fallback);
	settle_origin(l->main, &l->policy->unknown);
}

/* unsafe and program lines. */

static bool
known_guard(struct loader *l, const char *name)
{
	const char *const *guards = l->host->guards ? l->host->guards(l->host->ctx) : NULL;

	if (!guards || !strcmp(name, "foreign-abi"))
		return true;
	for (; *guards; guards++)
		if (!strcmp(name, *guards))
			return true;
	return false;
}

static void
check_guard(struct loader *l, const struct source *s, struct word w, const char *name)
{
	const char *near;

	if (known_guard(l, name))
		return;
	near = hint(l, name, l->host->guards(l->host->ctx));
	load_error(l, s, w.p, "nothing unsafe is called \"%s\"%s", shown_text(l, name, strlen(name)), near);
}

static void
collect_list(struct loader *l, const struct source *s, struct wordlist list, bool unsafe, struct vector *out)
{
	for (const struct wordnode *n = list.first; n; n = n->next) {
		const char *word = expand_text(l, s, n->w);
		struct mark *m;

		if (!word)
			continue;
		if (unsafe)
			check_guard(l, s, n->w, word);
		m = pool_alloc(l->keep, 1, sizeof(*m));
		m->word = pool_text(l->keep, word, strlen(word));
		m->origin = origin_of(s, n->w);
		vector_add(out, m);
	}
}

static const struct mark *
flatten(struct loader *l, struct vector *v)
{
	struct mark *m = pool_alloc(l->keep, v->n, sizeof(*m));

	for (size_t i = 0; i < v->n; i++)
		m[i] = *(const struct mark *)v->item[i];
	free(v->item);
	return m;
}

static void
collect_guards(struct loader *l)
{
	const char **names = pool_alloc(l->keep, l->guards.n + 1, sizeof(*names));

	for (size_t i = 0; i < l->guards.n; i++)
		names[i] = l->guards.item[i];
	l->policy->guards = names;
}

/* The programs of an included policy are not the includer's. */
void
compile_marks(struct loader *l)
{
	struct vector programs = { .n = 0 }, unsafe = { .n = 0 }, idle = { .n = 0 };
	const char **names;

	for (const struct source *s = l->sources; s; s = s->next) {
		if (!s->parent)
			collect_list(l, s, s->programs, false, &programs);
		else if (s->local)
			collect_list(l, s, s->programs, false, &idle);
		collect_list(l, s, s->unsafe, true, &unsafe);
	}
	l->policy->nprograms = programs.n;
	l->policy->program = flatten(l, &programs);
	l->policy->nidle_programs = idle.n;
	l->policy->idle_program = flatten(l, &idle);
	l->policy->nunsafe = unsafe.n;
	l->policy->unsafe = flatten(l, &unsafe);
	names = pool_alloc(l->keep, l->policy->nprograms + 1, sizeof(*names));
	for (size_t i = 0; i < l->policy->nprograms; i++)
		names[i] = l->policy->program[i].word;
	l->policy->programs = names;
	collect_guards(l);
}
