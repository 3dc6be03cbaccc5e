/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/pattern.h"
#include "lib/cleanup.h"
#include "lib/diag.h"
#include "lib/strbuf.h"
#include "lib/xalloc.h"
#include "policies/builtin.h"
#include "tracer/host.h"
#include "tracer/policyfile.h"

/* Loading */

/* "file:3:9: text": an error in a policy, as compilers write it. */
static bool
has_position(const char *line)
{
	size_t len = strcspn(line, "\n");

	for (size_t i = 0; i < len; i++) {
		size_t n = line[i] == ':' ? strspn(line + i + 1, "0123456789") : 0;

		if (n && line[i + 1 + n] == ':' && strspn(line + i + n + 2, "0123456789"))
			return true;
	}
	return false;
}

/* What has no place in a file is said in tollgate's own name. */
static void
print_errors(const struct policy_errors *errors)
{
	fflush(stdout);
	fprintf(stderr, "%s%s", has_position(errors->text) ? "" : "tollgate: ", errors->text);
}

/* The names that could have been meant. */
struct names {
	const char **v;
	size_t n, cap;
};

static int
add_name(void *ctx, const struct policy_file *file)
{
	struct names *names = ctx;

	xgrow(&names->v, names->n, &names->cap, sizeof(*names->v));
	names->v[names->n++] = file->name;
	return 0;
}

static void
warn_unknown(struct host *h, const char *name)
{
	struct names names = { 0 };
	char mem[256];
	struct strbuf b = STRBUF(mem);
	const char *near;

	host_each_policy(h, add_name, &names);
	add_name(&names, &(struct policy_file){ .name = NULL });
	near = nearest_word(name, names.v);
	free(names.v);
	strbuf_quote(&b, name, strlen(name), 200);
	if (near)
		warn("there is no policy %s; did you mean \"%s\"?", b.s, near);
	else
		warn("there is no policy %s (see tollgate list policies)", b.s);
}

void
host_warn_unreadable(struct host *h, const char *name, int err)
{
	char mem[256];
	struct strbuf b = STRBUF(mem);

	if (err == -ENOENT && !strchr(name, '/')) {
		warn_unknown(h, name);
		return;
	}
	strbuf_quote(&b, name, strlen(name), 200);
	warn_err(-err, "policy %s:", b.s);
}

static bool
is_unknown(struct host *h, const char *name)
{
	const char *text, *shown;
	size_t len;

	return !strchr(name, '/') && h->iface.read(h, name, NULL, &text, &len, &shown) == -ENOENT;
}

struct policy *
host_floor(struct host *h)
{
	const struct builtin *text = builtin_find(FLOOR_NAME);
	struct policy_errors errors = { .count = 0 };
	struct policy_host plain = h->iface;

	if (h->floor)
		return h->floor;
	if (!text) {
		warn("this tollgate was built without a floor");
		return NULL;
	}
	plain.guards = NULL;	/* they come of what is loaded here */
	h->floor = policy_load_floor(&plain, text->text, &errors);
	if (!h->floor)
		print_errors(&errors);
	return h->floor;
}

struct policy *
host_load(struct host *h, const char *name, const char *extra)
{
	struct policy_errors errors = { .count = 0 };
	struct policy *p = policy_load(&h->iface, name, extra && *extra ? extra : NULL, &errors);

	if (!p && is_unknown(h, name))
		warn_unknown(h, name);
	else if (!p)
		print_errors(&errors);
	return p;
}

int
host_load_layers(struct host *h, const struct opt_list *names, const char *extra, struct layers *out)
{
	bool ok;

	*out = (struct layers){
		.floor = host_floor(h),
		.layer = xcalloc(names->n, sizeof(*out->layer)),
		.n = names->n,
	};
	ok = out->floor != NULL;
	for (size_t i = 0; i < names->n; i++) {
		out->layer[i].policy = host_load(h, names->v[i], extra);
		ok = ok && out->layer[i].policy;
	}
	if (ok)
		return 0;
	layers_free(out);
	return -EINVAL;
}

void
layers_free(struct layers *l)
{
	for (size_t i = 0; i < l->n; i++)
		policy_free(l->layer[i].policy);
	free(l->layer);
	memset(l, 0, sizeof(*l));
}

/* Notes */

static void
note_loose_link(void *ctx, const char *kind, const struct origin *o, const char *text)
{
	char mem[256];
	struct strbuf b = STRBUF(mem);

	(void)ctx;
	(void)kind;
	strbuf_escape(&b, o->file, strlen(o->file), "");
	warn("note: %s:%u: %s", b.s, o->line, text);
}

void
host_note_local(struct host *h, const char *name)
{
	const char *local = policyfile_unused_local(h, name);
	char mem[256];
	struct strbuf b = STRBUF(mem);

	if (!local)
		return;
	strbuf_escape(&b, local, strlen(local), "");
	warn("note: %s.local is not added to a policy that is given by its path", b.s);
}

void
host_note(struct host *h, const struct opt_list *names, const struct layers *l)
{
	for (size_t i = 0; i < names->n; i++)
		host_note_local(h, names->v[i]);
	for (size_t i = 0; i < l->n; i++)
		policy_loose_links(l->layer[i].policy, note_loose_link, NULL);
}

/* Grants */

/* What --ro and --rw stand for. */
static const struct grant {
	const char *option;
	const char *rights;
} grant_ro = { "--ro", "read" }, grant_rw = { "--rw", "read,write,create,delete,attr" };

static void
warn_path(int err, const char *option, const char *path)
{
	char mem[512];
	struct strbuf b = STRBUF(mem);

	strbuf_quote(&b, path, strlen(path), 400);
	warn_err(err, "%s %s:", option, b.s);
}

static bool
has_control(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

/* Adds one rule. */
static int
add_path(struct host *h, struct strbuf *b, const struct grant *g, const char *path)
{
	const char *name;
	struct stat st;

	if (stat(path, &st) < 0 || !(name = host_path(h, path))) {
		warn_path(errno, g->option, path);
		return -EINVAL;
	}
	if (has_control(name)) {
		warn_path(EILSEQ, g->option, path);
		return -EINVAL;
	}
	strbuf_addf(b, "allow %s ", g->rights);
	if (strcmp(name, "/"))
		pattern_print_literal(name, strlen(name), b);
	strbuf_add(b, S_ISDIR(st.st_mode) ? "/**\n" : "\n");
	return 0;
}

/* An address pattern is the policy language's own; one that would end the line is something else. */
static int
add_address(struct strbuf *b, const char *address)
{
	if (!*address || has_control(address) || strpbrk(address, "#\\\"")) {
		warn_path(EINVAL, "--connect", address);
		return -EINVAL;
	}
	strbuf_addf(b, strchr(address, ' ') ? "allow connect \"%s\"\n" : "allow connect %s\n", address);
	return 0;
}

/* Room for every path escaped and lengthened by its rule. */
static size_t
grants_size(const struct opt_list *ro, const struct opt_list *rw, const struct opt_list *connect)
{
	size_t n = 1;

	n += (ro->n + rw->n) * (4 * (size_t)PATH_MAX + 64);
	for (size_t i = 0; i < connect->n; i++)
		n += strlen(connect->v[i]) + 64;
	return n;
}

const char *
host_grants(struct host *h, const struct opt_list *ro, const struct opt_list *rw, const struct opt_list *connect)
{
	size_t size = grants_size(ro, rw, connect);
	char *mem = host_own(h, xmalloc(size));
	struct strbuf b;
	int r = 0;

	strbuf_init(&b, mem, size);
	for (size_t i = 0; i < ro->n; i++)
		r |= add_path(h, &b, &grant_ro, ro->v[i]);
	for (size_t i = 0; i < rw->n; i++)
		r |= add_path(h, &b, &grant_rw, rw->v[i]);
	for (size_t i = 0; i < connect->n; i++)
		r |= add_address(&b, connect->v[i]);
	return r || b.truncated ? NULL : mem;
}

/* Choosing by program */

/*
 * The words of a policy's statements, as far as `program` lines need them: a
 * policy that cannot be loaded here and now, for want of a variable, still
 * says whom it is for.
 */
struct words {
	const char *p;
	char word[PATH_MAX];
};

enum token { T_END, T_LINE, T_WORD };

static void
read_word(struct words *w)
{
	bool quoted = false;
	size_t n = 0;

	for (; *w->p && *w->p != '\n'; w->p++) {
		if (!quoted && strchr(" \t\r,#", *w->p))
			break;
		if (*w->p == '"') {
			quoted = !quoted;
			continue;
		}
		if (*w->p == '\\' && w->p[1] && !strchr("\r\n", w->p[1]))
			w->p++;
		if (n < sizeof(w->word) - 1)
			w->word[n++] = *w->p;
	}
	w->word[n] = '\0';
}

static enum token
next_token(struct words *w)
{
	bool comma = false;

	for (;;) {
		w->p += strspn(w->p, " \t\r");
		if (*w->p == ',') {
			comma = true;
			w->p++;
		} else if (*w->p == '#') {
			w->p += strcspn(w->p, "\n");
		} else if (!strncmp(w->p, "\\\n", 2)) {
			w->p += 2;
		} else if (*w->p == '\n' && comma) {
			w->p++;
		} else if (*w->p == '\n') {
			w->p++;
			return T_LINE;
		} else if (!*w->p) {
			return T_END;
		} else {
			read_word(w);
			return T_WORD;
		}
	}
}

/* What host_find_by_program() looks for, and what it has found. */
struct search {
	const char *path, *real;
	const char *by_path, *by_name;
};

static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void
match_program(struct search *s, const char *word, const char *policy)
{
	if (strchr(word, '/')) {
		if (!s->by_path && (!strcmp(word, s->path) || (s->real && !strcmp(word, s->real))))
			s->by_path = policy;
	} else if (!s->by_name && (!strcmp(word, last_part(s->path)) || (s->real && !strcmp(word, last_part(s->real))))) {
		s->by_name = policy;
	}
}

static int
match_policy(void *ctx, const struct policy_file *file)
{
	struct words w = { .p = file->text };
	bool first = true, program = false;
	enum token t;

	while ((t = next_token(&w)) != T_END) {
		if (t == T_LINE)
			first = true;
		else if (first)
			program = !strcmp(w.word, "program"), first = false;
		else if (program)
			match_program(ctx, w.word, file->name);
	}
	return 0;
}

const char *
host_find_by_program(struct host *h, const char *program)
{
	cleanup_free char *real = realpath(program, NULL);
	struct search s = { .path = program, .real = real };

	host_each_policy(h, match_policy, &s);
	return s.by_path ? s.by_path : s.by_name;
}
