/* SPDX-License-Identifier: ISC */
#include "tracer/calltext_read.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/policy.h"
#include "lib/strbuf.h"

enum { DEPTH_MAX = 32, NAME_MAX_LEN = 63 };

int
calltext_wrong(struct cursor *c, const char *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->error->text, sizeof(c->error->text), fmt, ap);
	va_end(ap);
	c->error->column = (unsigned)(at - c->start) + 1;
	return -EINVAL;
}

/* Blanks and names */

void
skip_blanks(struct cursor *c)
{
	for (;;) {
		const char *end;

		c->p += strspn(c->p, " \t\r\n");
		if (strncmp(c->p, "/*", 2))
			return;
		end = strstr(c->p + 2, "*/");
		c->p = end ? end + 2 : c->p + strlen(c->p);
	}
}

bool
skip_char(struct cursor *c, char wanted)
{
	skip_blanks(c);
	if (*c->p != wanted)
		return false;
	c->p++;
	return true;
}

size_t
name_length(const struct cursor *c)
{
	size_t n = 0;

	if (!isalpha((unsigned char)c->p[0]) && c->p[0] != '_')
		return 0;
	while (isalnum((unsigned char)c->p[n]) || c->p[n] == '_')
		n++;
	return n;
}

bool
name_is(const struct cursor *c, const char *name)
{
	size_t n = name_length(c);

	return n == strlen(name) && !memcmp(c->p, name, n);
}

int
expected(struct cursor *c, const char *what)
{
	char mem[64];
	struct strbuf b = STRBUF(mem);

	if (!*c->p)
		return calltext_wrong(c, c->p, "expected %s, the text ends here", what);
	strbuf_escape(&b, c->p, 1, "");
	return calltext_wrong(c, c->p, "expected %s, not \"%s\"", what, b.s);
}

/* Constants */

/* Names that strace prints and no vocabulary has. */
static const struct {
	const char *name;
	uint64_t value;
} extra_names[] = {
	{ "NULL",		0 },
	{ "_IOC_NONE",		0 },
	{ "_IOC_WRITE",		1 },
	{ "_IOC_READ",		2 },
	{ "AT_STATX_SYNC_AS_STAT", 0 },
	{ "FD_CLOEXEC",		1 },
	{ "STATX_ALL",		0xfff },
	{ "SECCOMP_MODE_STRICT", 1 },
	{ "SECCOMP_MODE_FILTER", 2 },
	{ "SIGRTMIN",		32 },
	{ "SIGRTMAX",		64 },
	{ "INADDR_ANY",		0 },
	{ "INADDR_LOOPBACK",	0x7f000001 },
	{ "INADDR_BROADCAST",	0xffffffff },
};

static int
unknown_name(struct cursor *c, const char *name)
{
	const char **words = arena_alloc(c->arena, (nconstants + 1) * sizeof(*words));
	const char *near = NULL;

	if (words) {
		for (size_t i = 0; i < nconstants; i++)
			words[i] = constants[i].name;
		near = nearest_word(name, words);
	}
	if (near)
		return calltext_wrong(c, c->p, "unknown constant \"%s\"; did you mean \"%s\"?", name, near);
	return calltext_wrong(c, c->p, "unknown constant \"%s\"; its number would do", name);
}

static bool
find_name(const char *name, enum vocab vocab, const char *abi, uint64_t *v)
{
	const struct constant *any = constant_find(name);

	for (size_t i = 0; vocab != V_NONE && i < nconstants; i++)
		if (constants[i].vocab == vocab && !strcmp(constants[i].name, name))
			any = &constants[i];
	if (any) {
		*v = constant_value(any, abi);
		return true;
	}
	for (size_t i = 0; i < sizeof(extra_names) / sizeof(extra_names[0]); i++) {
		if (!strcmp(extra_names[i].name, name)) {
			*v = extra_names[i].value;
			return true;
		}
	}
	if (!strncmp(name, "SIGRT_", 6) && isdigit((unsigned char)name[6])) {
		*v = 32 + strtoul(name + 6, NULL, 10);
		return true;
	}
	return false;
}

static int
read_name(struct cursor *c, enum vocab vocab, uint64_t *v)
{
	char name[NAME_MAX_LEN + 1];
	size_t n = name_length(c);

	if (n > NAME_MAX_LEN)
		return calltext_wrong(c, c->p, "this name is too long");
	memcpy(name, c->p, n);
	name[n] = '\0';
	if (!find_name(name, vocab, c->abi, v))
		return unknown_name(c, name);
	c->p += n;
	return 0;
}

/* Expressions */

static int
read_number(struct cursor *c, uint64_t *v)
{
	const char *at = c->p;
	char *end;

	errno = 0;
	*v = strtoull(c->p, &end, 0);
	if (errno)
		return calltext_wrong(c, at, "this number is too large");
	if (isalnum((unsigned char)*end) || *end == '_')
		return calltext_wrong(c, at, "this is no number");
	c->p = end;
	return 0;
}

static int read_or(struct cursor *, enum vocab, unsigned depth, uint64_t *);

static int
read_primary(struct cursor *c, enum vocab vocab, unsigned depth, uint64_t *v)
{
	int r;

	if (isdigit((unsigned char)*c->p))
		return read_number(c, v);
	if (skip_char(c, '(')) {
		r = read_or(c, vocab, depth + 1, v);
		return r || skip_char(c, ')') ? r : expected(c, "\")\"");
	}
	r = read_function(c, v);
	if (r != -ENOENT)
		return r;
	return name_length(c) ? read_name(c, vocab, v) : expected(c, "a number or a constant");
}

static int
read_unary(struct cursor *c, enum vocab vocab, unsigned depth, uint64_t *v)
{
	bool minus, not;
	int r;

	if (depth > DEPTH_MAX)
		return calltext_wrong(c, c->p, "too deeply nested");
	skip_blanks(c);
	minus = skip_char(c, '-');
	not = !minus && skip_char(c, '~');
	if (!minus && !not)
		return read_primary(c, vocab, depth, v);
	r = read_unary(c, vocab, depth + 1, v);
	*v = r ? 0 : minus ? 0 - *v : ~*v;
	return r;
}

static int
read_product(struct cursor *c, enum vocab vocab, unsigned depth, uint64_t *v)
{
	int r = read_unary(c, vocab, depth, v);

	while (!r && skip_char(c, '*')) {
		uint64_t w;

		r = read_unary(c, vocab, depth, &w);
		*v *= r ? 0 : w;
	}
	return r;
}

static int
read_shift(struct cursor *c, enum vocab vocab, unsigned depth, uint64_t *v)
{
	int r = read_product(c, vocab, depth, v);

	for (skip_blanks(c); !r && !strncmp(c->p, "<<", 2); skip_blanks(c)) {
		uint64_t w = 0;

		c->p += 2;
		r = read_product(c, vocab, depth, &w);
		*v = w < 64 ? *v << w : 0;
	}
	return r;
}

static int
read_or(struct cursor *c, enum vocab vocab, unsigned depth, uint64_t *v)
{
	int r = read_shift(c, vocab, depth, v);

	while (!r && skip_char(c, '|')) {
		uint64_t w = 0;

		r = read_shift(c, vocab, depth, &w);
		*v |= w;
	}
	return r;
}

int
read_value(struct cursor *c, enum vocab vocab, uint64_t *v)
{
	int r = read_or(c, vocab, 0, v);

	/* "TCGETS or SNDCTL_TMR_TIMEBASE": two names of one request. */
	skip_blanks(c);
	if (!r && name_is(c, "or")) {
		c->p += 2;
		r = skip_value(c);
	}
	return r;
}

/* Text */

static int
hex_digit(char ch)
{
	static const char digits[] = "0123456789abcdef";
	const char *d = ch ? strchr(digits, tolower((unsigned char)ch)) : NULL;

	return d ? (int)(d - digits) : -1;
}

static char
read_octal(struct cursor *c)
{
	unsigned v = 0;

	for (int i = 0; i < 3 && *c->p >= '0' && *c->p <= '7'; i++)
		v = v * 8 + (unsigned)(*c->p++ - '0');
	return (char)v;
}

/* Behind a backslash. */
static int
read_escape(struct cursor *c, char *out)
{
	static const char letters[] = "abefnrtv\\\"'?", values[] = "\a\b\033\f\n\r\t\v\\\"'?";
	const char *letter;
	int digit;

	if (*c->p >= '0' && *c->p <= '7') {
		*out = read_octal(c);
		return 0;
	}
	if (*c->p == 'x' && hex_digit(c->p[1]) >= 0) {
		*out = 0;
		c->p++;
		for (int i = 0; i < 2 && (digit = hex_digit(*c->p)) >= 0; i++, c->p++)
			*out = (char)(*out * 16 + digit);
		return 0;
	}
	letter = *c->p ? strchr(letters, *c->p) : NULL;
	if (!letter)
		return calltext_wrong(c, c->p - 1, "unknown escape");
	*out = values[letter - letters];
	c->p++;
	return 0;
}

int
read_text(struct cursor *c, struct text *t)
{
	const char *at = c->p;
	char *out;
	int r = 0;

	memset(t, 0, sizeof(*t));
	t->abstract = skip_char(c, '@');
	if (*c->p != '"')
		return expected(c, "text in quotes");
	out = arena_alloc(c->arena, strlen(c->p) + 1);
	if (!out)
		return calltext_wrong(c, at, "the call is too long");
	t->s = out;
	for (c->p++; !r && *c->p && *c->p != '"';) {
		if (*c->p == '\\' && c->p++)
			r = read_escape(c, out++);
		else
			*out++ = *c->p++;
	}
	if (r)
		return r;
	if (*c->p != '"')
		return calltext_wrong(c, at, "the closing quote is missing");
	c->p++;
	t->len = (size_t)(out - t->s);
	t->cut = !strncmp(c->p, "...", 3);
	c->p += t->cut ? 3 : 0;
	return 0;
}

static bool
skip_quoted(struct cursor *c)
{
	for (c->p++; *c->p && *c->p != '"'; c->p++)
		if (*c->p == '\\' && c->p[1])
			c->p++;
	return *c->p == '"';
}

/* "3</tmp/a,b>": the name of a descriptor may hold anything. */
static void
skip_note(struct cursor *c)
{
	const char *end = c->p[-1] >= '0' && c->p[-1] <= '9' ? strchr(c->p, '>') : NULL;

	if (end)
		c->p = end;
}

static char
closing(char open)
{
	return open == '(' ? ')' : open == '[' ? ']' : '}';
}

int
skip_value(struct cursor *c)
{
	char closers[DEPTH_MAX];
	const char *at = c->p;
	unsigned depth = 0;

	for (;; c->p++) {
		skip_blanks(c);
		if (depth == 0 && (strchr(",)]}", *c->p) || !strncmp(c->p, "<unfinished", 11)))	/* or the end */
			return 0;
		if (*c->p == '"' && !skip_quoted(c))
			return calltext_wrong(c, at, "the closing quote is missing");
		if (*c->p == '<' && c->p[1] != '<' && c->p > c->start)
			skip_note(c);
		if (*c->p && strchr("([{", *c->p)) {
			if (depth == DEPTH_MAX)
				return calltext_wrong(c, c->p, "too deeply nested");
			closers[depth++] = closing(*c->p);
		} else if (strchr(")]}", *c->p) && closers[--depth] != *c->p) {
			return calltext_wrong(c, at, "a bracket is not closed");
		}
	}
}

/* Structures */

bool
read_field_name(struct cursor *c, struct field *f)
{
	const char *at;
	size_t n;

	skip_blanks(c);
	at = c->p;
	n = name_length(c);
	*f = (struct field){ c->p, n };
	c->p += n;
	skip_blanks(c);
	if (n && *c->p == '=' && c->p[1] != '=') {
		c->p++;
		skip_blanks(c);
		return true;
	}
	c->p = at;
	f->len = 0;
	return false;
}

bool
field_is(const struct field *f, const char *name)
{
	return f->len == strlen(name) && !memcmp(f->name, name, f->len);
}

int
read_struct(struct cursor *c, field_reader *each, void *ctx)
{
	if (!skip_char(c, '{'))
		return expected(c, "\"{\"");
	while (!skip_char(c, '}')) {
		struct field f;
		int r;

		if (!strncmp(c->p, "...", 3)) {
			c->p += 3;
			continue;
		}
		read_field_name(c, &f);
		r = each(ctx, c, &f);
		skip_blanks(c);
		if (!r && !strncmp(c->p, "=>", 2))	/* before => after */
			r = skip_value(c);
		if (r)
			return r;
		if (*c->p != '}' && !skip_char(c, ','))
			return expected(c, "\",\" or \"}\"");
	}
	return 0;
}
