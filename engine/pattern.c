/* SPDX-License-Identifier: ISC */
#include "engine/pattern.h"

#include <string.h>

#include "lib/strbuf.h"

#include "engine/pure.h"

enum { WORDBITS = 64, STATE_WORDS = PATTERN_TOKENS / WORDBITS + 1 };

/* What is being compiled: where reading stands, and what is written so far. */
struct compiling {
	const struct patbyte *in;
	size_t n, i;
	struct patbuild *out;
	unsigned ntok, wild;
	const char *wrong;
	size_t wrong_at;
};

static bool
active(const struct compiling *c, size_t i, unsigned char byte)
{
	return i < c->n && !c->in[i].literal && c->in[i].c == byte;
}

static bool
is_byte(const struct compiling *c, size_t i, unsigned char byte)
{
	return i < c->n && c->in[i].c == byte;
}

static void
refuse(struct compiling *c, size_t at, const char *wrong)
{
	if (c->wrong)
		return;
	c->wrong = wrong;
	c->wrong_at = at;
}

static bool
wildcard(const struct compiling *c, size_t i)
{
	return active(c, i, '*') || active(c, i, '?') || active(c, i, '[');
}

static void
add(struct compiling *c, enum pattok_kind kind, unsigned arg)
{
	struct pattok t = { .kind = (uint8_t)kind, .arg = (uint8_t)arg };

	if (c->ntok == PATTERN_TOKENS)
		refuse(c, c->i, "the pattern is too long");
	else
		c->out->tok[c->ntok++] = t;
}

static void
set_add(struct byteset *s, unsigned byte)
{
	s->bits[byte / WORDBITS] |= (uint64_t)1 << (byte % WORDBITS);
}

static bool
set_has(const struct byteset *s, unsigned char byte)
{
	return s->bits[byte / WORDBITS] >> (byte % WORDBITS) & 1;
}

/* One member or range of a set; i stands on it. */
static void
set_member(struct compiling *c, struct byteset *s)
{
	unsigned lo = c->in[c->i].c, hi = lo;

	if (active(c, c->i + 1, '-') && c->i + 2 < c->n && !active(c, c->i + 2, ']')) {
		hi = c->in[c->i + 2].c;
		c->i += 2;
	}
	if (lo > hi)
		refuse(c, c->i, "a range that goes backwards");
	if (lo >= 0x80 || hi >= 0x80)
		refuse(c, c->i, "a set holds single bytes: write letters outside ASCII as {x,y}");
	if (lo == '/' || hi == '/')
		refuse(c, c->i, "a set never matches \"/\"");
	for (unsigned b = lo; b <= hi && b < 0x80; b++)
		set_add(s, b);
	c->i++;
}

static void
invert(struct byteset *s)
{
	for (size_t w = 0; w < sizeof(s->bits) / sizeof(s->bits[0]); w++)
		s->bits[w] = ~s->bits[w];
}

/* i stands on the "[". */
static void
compile_set(struct compiling *c)
{
	struct byteset s = { { 0 } };
	size_t start = c->i++;
	bool inverted = active(c, c->i, '!');

	if (active(c, c->i, '^'))
		refuse(c, c->i, "\"[^\" is written \"[!\"; a literal ^ is written \\^");
	c->i += inverted;
	if (active(c, c->i, ']'))
		refuse(c, start, "an empty set");
	while (c->i < c->n && !active(c, c->i, ']') && !c->wrong)
		set_member(c, &s);
	if (c->i >= c->n)
		refuse(c, start, "unterminated \"[\"");
	c->i++;
	if (inverted)
		invert(&s);
	s.bits['/' / WORDBITS] &= ~((uint64_t)1 << ('/' % WORDBITS));
	if (c->out->nset == PATTERN_SETS) {
		refuse(c, start, "too many sets in one pattern");
		return;
	}
	c->out->set[c->out->nset] = s;
	add(c, TOK_SET, c->out->nset++);
	c->wild++;
}

/* A slash followed by "**" and then the end or another slash: whole directories, also none of them. */
static bool
at_deep_component(const struct compiling *c, size_t i)
{
	return is_byte(c, i, '/') && active(c, i + 1, '*') && active(c, i + 2, '*') &&
	    (i + 3 == c->n || is_byte(c, i + 3, '/'));
}

static void
compile_star(struct compiling *c)
{
	size_t n = 0;

	while (active(c, c->i, '*')) {
		c->i++;
		n++;
	}
	add(c, n > 1 ? TOK_DEEP : TOK_STAR, 0);
	c->wild += n > 1 ? 2 : 1;
}

/*
 * "/a/" + "**" + "/b" also means /a/b, and "/a/" + "**" also /a: the two tokens
 * after TOK_OPTIONAL can be left out together.
 */
static void
compile_deep_component(struct compiling *c)
{
	add(c, TOK_OPTIONAL, 0);
	add(c, TOK_BYTE, '/');
	add(c, TOK_DEEP, 0);
	c->i += 3;
	c->wild += 2;
}

static void
compile_token(struct compiling *c)
{
	if (at_deep_component(c, c->i)) {
		compile_deep_component(c);
	} else if (active(c, c->i, '*')) {
		compile_star(c);
	} else if (active(c, c->i, '[')) {
		compile_set(c);
	} else if (active(c, c->i, '?')) {
		add(c, TOK_ONE, 0);
		c->wild++;
		c->i++;
	} else {
		add(c, TOK_BYTE, c->in[c->i++].c);
	}
}

static size_t
compile_prefix(struct compiling *c)
{
	while (c->i < c->n && !wildcard(c, c->i) && !at_deep_component(c, c->i)) {
		c->out->prefix[c->i] = (char)c->in[c->i].c;
		c->i++;
	}
	c->out->prefix[c->i] = '\0';
	return c->i;
}

static enum patshape
shape_of(const struct compiling *c)
{
	if (!c->ntok)
		return PAT_EXACT;
	return c->ntok == 3 && c->out->tok[0].kind == TOK_OPTIONAL ? PAT_TREE : PAT_GLOB;
}

static const char *const anonymous_words[] = { "pipe:", "socket:", "anon_inode:", "/memfd:" };

static bool
anonymous_word(const char *text, size_t len)
{
	for (size_t i = 0; i < sizeof(anonymous_words) / sizeof(anonymous_words[0]); i++) {
		size_t n = strlen(anonymous_words[i]);

		if (len >= n && memcmp(text, anonymous_words[i], n) == 0)
			return true;
	}
	return false;
}

const char *
pattern_compile(struct pattern *p, struct patbuild *out, const struct patbyte *in, size_t n, size_t *at)
{
	struct compiling c = { .in = in, .n = n, .out = out };
	size_t prefix;

	memset(p, 0, sizeof(*p));
	out->nset = 0;
	*at = 0;
	if (n > PATTERN_MAX)
		return "the pattern is too long";
	prefix = compile_prefix(&c);
	while (c.i < n && !c.wrong)
		compile_token(&c);
	*at = c.wrong_at;
	p->prefix = out->prefix;
	p->prefix_len = (uint16_t)prefix;
	p->tok = out->tok;
	p->set = out->set;
	p->ntok = (uint16_t)c.ntok;
	p->shape = (uint8_t)shape_of(&c);
	p->anonymous = anonymous_word(out->prefix, prefix);
	p->rank = (uint64_t)prefix << 32 | (uint64_t)(0xffff - c.wild) << 16 | n;
	return c.wrong;
}

bool
path_anonymous(const char *path, size_t len)
{
	return len == 0 || path[0] != '/' || anonymous_word(path, len);
}

/* Follows the tokens that take no byte.  They all lead forwards, so one pass is enough. */
static void
close_states(const struct pattern *p, uint64_t *state)
{
	for (unsigned i = 0; i < p->ntok; i++) {
		if (!(state[i / WORDBITS] >> (i % WORDBITS) & 1))
			continue;
		if (p->tok[i].kind < TOK_STAR)
			continue;
		state[(i + 1) / WORDBITS] |= (uint64_t)1 << ((i + 1) % WORDBITS);
		if (p->tok[i].kind == TOK_OPTIONAL)
			state[(i + 3) / WORDBITS] |= (uint64_t)1 << ((i + 3) % WORDBITS);
	}
}

/* The state that token i leads to by this byte; -1 when it does not take it. */
static int
step_token(const struct pattern *p, unsigned i, unsigned char c)
{
	const struct pattok *t = &p->tok[i];

	switch (t->kind) {
	case TOK_BYTE:
		return t->arg == c ? (int)i + 1 : -1;
	case TOK_ONE:
		return c != '/' ? (int)i + 1 : -1;
	case TOK_SET:
		return set_has(&p->set[t->arg], c) ? (int)i + 1 : -1;
	case TOK_STAR:
		return c != '/' ? (int)i : -1;
	case TOK_DEEP:
		return (int)i;
	}
	return -1;
}

static bool
step_states(const struct pattern *p, const uint64_t *from, uint64_t *to, unsigned char c)
{
	bool any = false;

	for (unsigned w = 0; w <= p->ntok / WORDBITS; w++) {
		for (uint64_t bits = from[w]; bits; bits &= bits - 1) {
			unsigned i = w * WORDBITS + (unsigned)__builtin_ctzll(bits);
			int next = i < p->ntok ? step_token(p, i, c) : -1;

			if (next < 0)
				continue;
			to[next / WORDBITS] |= (uint64_t)1 << (next % WORDBITS);
			any = true;
		}
	}
	return any;
}

/* Positions in the tokens, moving along a text. */
struct moving {
	uint64_t state[2][STATE_WORDS];
	unsigned now;
};

/* False when nothing that begins so can match. */
static bool
move(const struct pattern *p, struct moving *m, unsigned char c)
{
	memset(m->state[!m->now], 0, (p->ntok / WORDBITS + 1) * sizeof(m->state[0][0]));
	if (!step_states(p, m->state[m->now], m->state[!m->now], c))
		return false;
	m->now = !m->now;
	close_states(p, m->state[m->now]);
	return true;
}

static bool
move_along(const struct pattern *p, struct moving *m, const char *text, size_t len)
{
	close_states(p, m->state[m->now]);
	for (size_t i = 0; i < len; i++)
		if (!move(p, m, (unsigned char)text[i]))
			return false;
	return true;
}

/* What a pattern ends in is there or nothing matches: most of many patterns are out by their last byte. */
static bool
ends_so(const struct pattern *p, const char *text, size_t len)
{
	for (unsigned n = 0; n < p->ntok && p->tok[p->ntok - 1 - n].kind == TOK_BYTE; n++)
		if (n == len || (unsigned char)text[len - 1 - n] != p->tok[p->ntok - 1 - n].arg)
			return false;
	return true;
}

static bool
match_tokens(const struct pattern *p, const char *text, size_t len)
{
	struct moving m = { .state = { { 1 } } };

	if (!ends_so(p, text, len))
		return false;
	return move_along(p, &m, text, len) && m.state[m.now][p->ntok / WORDBITS] >> (p->ntok % WORDBITS) & 1;
}

bool
pattern_match(const struct pattern *p, const char *text, size_t len)
{
	if (len < p->prefix_len || memcmp(text, p->prefix, p->prefix_len) != 0)
		return false;
	text += p->prefix_len;
	len -= p->prefix_len;
	switch (p->shape) {
	case PAT_EXACT:
		return len == 0;
	case PAT_TREE:
		return len == 0 || text[0] == '/';
	}
	return match_tokens(p, text, len);
}

bool
pattern_covers_tree(const struct pattern *p, const char *dir, size_t len)
{
	bool deep = p->shape == PAT_TREE || (p->shape == PAT_GLOB && p->ntok && p->tok[p->ntok - 1].kind == TOK_DEEP);

	return deep && pattern_match(p, dir, len);
}

bool
pattern_reaches_tree(const struct pattern *p, const char *dir, size_t len)
{
	struct moving m = { .state = { { 1 } } };

	if (pattern_match(p, dir, len))
		return true;
	if (p->prefix_len > len)
		return !memcmp(p->prefix, dir, len) && (p->prefix[len] == '/' || (len && dir[len - 1] == '/'));
	if (p->shape != PAT_GLOB || memcmp(p->prefix, dir, p->prefix_len) != 0)
		return false;
	if (!move_along(p, &m, dir + p->prefix_len, len - p->prefix_len))
		return false;
	return (len && dir[len - 1] == '/') || move(p, &m, '/');
}

/* A byte of a pattern so that it reads as itself.  Inside a set more of them have a meaning. */
static void
print_literal_byte(unsigned char c, bool in_set, struct strbuf *b)
{
	char one = (char)c;

	strbuf_escape(b, &one, 1, in_set ? " \\*?[]{},\"#$!^-" : " \\*?[]{},\"#$");
}

void
pattern_print(const struct patbyte *p, size_t n, struct strbuf *b)
{
	bool in_set = false;

	for (size_t i = 0; i < n; i++) {
		bool meant = !p[i].literal && strchr(in_set ? "]!-" : "*?[", p[i].c) && p[i].c;

		if (meant)
			strbuf_addc(b, (char)p[i].c);
		else
			print_literal_byte(p[i].c, in_set, b);
		if (meant && p[i].c == (in_set ? ']' : '['))
			in_set = !in_set;
	}
}

void
pattern_print_literal(const char *text, size_t len, struct strbuf *b)
{
	for (size_t i = 0; i < len; i++)
		print_literal_byte((unsigned char)text[i], false, b);
}
