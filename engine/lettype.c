/* SPDX-License-Identifier: ISC */
/* What the value of a variable can be asked to be: `let port: port = 80`. */
#include <stdlib.h>
#include <string.h>

#include "engine/load_int.h"

static bool
is_path(struct loader *l, const char *s)
{
	(void)l;
	if (s[0] != '/')
		return false;
	for (const char *p = s; *p; p += strcspn(p + 1, "/") + 1) {
		size_t n = strcspn(p + 1, "/");

		if ((n == 0 && p > s) || (n == 1 && p[1] == '.') || (n == 2 && p[1] == '.' && p[2] == '.'))
			return false;
	}
	return true;
}

static bool
is_name(struct loader *l, const char *s)
{
	(void)l;
	return *s && !strchr(s, '/') && strcmp(s, ".") && strcmp(s, "..");
}

static bool
is_number(struct loader *l, const char *s)
{
	(void)l;
	return *s && strspn(s, "0123456789") == strlen(s) && strlen(s) < 19;
}

static bool
is_port(struct loader *l, const char *s)
{
	return is_number(l, s) && strlen(s) < 6 && strtoul(s, NULL, 10) <= UINT16_MAX;
}

/* Is "before value after" an address pattern for one host, or for one network? */
static bool
is_ip(struct loader *l, const char *before, const char *value, const char *after)
{
	const char *text = pool_printf(l->scratch, "%s%s%s", before, value, after);
	size_t from = strlen(before), to = from + strlen(value);
	struct bytes b = { .n = strlen(text) };
	struct addrpat a;
	uint64_t rank;
	size_t at;

	b.b = pool_alloc(l->scratch, b.n, sizeof(*b.b));
	for (size_t i = 0; i < b.n; i++)
		b.b[i] = (struct patbyte){ .c = (unsigned char)text[i], .literal = i >= from && i < to };
	if (addrpat_compile(&a, &l->build, l->scratch, &b, &rank, &at))
		return false;
	return a.shape == ADDR_IP && a.port_lo == 0 && a.port_hi == UINT16_MAX;
}

static bool
is_address(struct loader *l, const char *s)
{
	return *s != '*' && !strpbrk(s, "/[]") && (is_ip(l, "inet:", s, "") || is_ip(l, "inet6:[", s, "]"));
}

static bool
is_text(struct loader *l, const char *s)
{
	(void)l, (void)s;
	return true;
}

static const struct type {
	const char *name;
	bool (*fits)(struct loader *, const char *);
	const char *what;
} types[] = {
	{ "path", is_path, "an absolute path without \".\", \"..\" and \"//\"" },
	{ "name", is_name, "the name of a file, without a slash" },
	{ "number", is_number, "a number" },
	{ "port", is_port, "a port, 0 to 65535" },
	{ "address", is_address, "an IPv4 or IPv6 address" },
	{ "text", is_text, "" },
};
enum { NTYPES = sizeof(types) / sizeof(types[0]) };

static bool
unknown_type(struct loader *l, const struct let *v)
{
	const char *names[NTYPES + 1] = { NULL };

	for (unsigned i = 0; i < NTYPES; i++)
		names[i] = types[i].name;
	load_error(l, v->src, v->type.p, "unknown type \"%s\"%s (there are path, name, number, port, address, text)",
	    shown_word(l, v->type), hint(l, word_text(l, v->type), names));
	return false;
}

bool
let_fits_type(struct loader *l, const struct let *v)
{
	for (unsigned i = 0; v->type.len && i < NTYPES; i++) {
		if (strcmp(word_text(l, v->type), types[i].name) != 0)
			continue;
		if (types[i].fits(l, v->text))
			return true;
		load_error(l, v->src, v->value.p, "\"%s\" is \"%s\": not %s", shown_word(l, v->name),
		    shown_text(l, v->text, strlen(v->text)), types[i].what);
		return false;
	}
	return !v->type.len || unknown_type(l, v);
}
