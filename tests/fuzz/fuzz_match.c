/* SPDX-License-Identifier: ISC */
/*
 * Patterns of any bytes on texts of any bytes: the compiled matcher agrees with
 * one that reads the pattern as the manual puts it; and so do addresses.
 */
#include <arpa/inet.h>

#include "engine/load_int.h"
#include "tests/fuzz/fuzz.h"

enum { LONGEST = 400 };

static struct patbyte pattern[LONGEST];
static size_t pattern_len;
static const uint8_t *text;
static size_t text_len;
static uint8_t memo[LONGEST + 1][LONGEST + 1];	/* 0: not tried yet, 1: no, 2: yes */

static bool
meant(size_t i, char c)
{
	return i < pattern_len && pattern[i].c == (unsigned char)c && !pattern[i].literal;
}

static bool
slash(size_t i)
{
	return i < pattern_len && pattern[i].c == '/';
}

static bool rest_matches(size_t i, size_t j);

/* Is this byte in the set at i?  *end is behind its "]". */
static bool
set_has(size_t i, uint8_t c, size_t *end)
{
	bool not = meant(i + 1, '!'), in = false;

	for (i += 1 + not; !meant(i, ']'); i++) {
		uint8_t lo = pattern[i].c, hi = lo;

		if (meant(i + 1, '-') && i + 2 < pattern_len && !meant(i + 2, ']'))
			hi = pattern[i += 2].c;
		in |= lo <= c && c <= hi;
	}
	*end = i + 1;
	return in != not && c != '/';
}

/* From j on, as many bytes as one likes: all, or those up to a slash. */
static bool
any_then(size_t i, size_t j, bool all)
{
	for (;; j++) {
		if (rest_matches(i, j))
			return true;
		if (j == text_len || (!all && text[j] == '/'))
			return false;
	}
}

static bool
try_match(size_t i, size_t j)
{
	bool left = j < text_len;
	size_t end;

	if (i == pattern_len)
		return !left;
	/* Whole folders, or none: DIR and what is below it. */
	if (slash(i) && meant(i + 1, '*') && meant(i + 2, '*') && (i + 3 == pattern_len || slash(i + 3)))
		return rest_matches(i + 3, j) || (left && text[j] == '/' && any_then(i + 3, j + 1, true));
	if (meant(i, '*')) {
		for (end = i; meant(end, '*'); end++)
			;
		return any_then(end, j, end - i > 1);
	}
	if (meant(i, '?'))
		return left && text[j] != '/' && rest_matches(i + 1, j + 1);
	if (meant(i, '['))
		return left && set_has(i, text[j], &end) && rest_matches(end, j + 1);
	return left && text[j] == pattern[i].c && rest_matches(i + 1, j + 1);
}

static bool
rest_matches(size_t i, size_t j)
{
	uint8_t *m = &memo[i][j];

	if (!*m)
		*m = try_match(i, j) ? 2 : 1;
	return *m == 2;
}

static bool
reference(const uint8_t *t, size_t n)
{
	text = t;
	text_len = n;
	memset(memo, 0, sizeof(memo));
	return rest_matches(0, 0);
}

/* A backslash makes the next byte literal. */
static void
read_pattern(struct input in)
{
	for (pattern_len = 0; in.n && pattern_len < LONGEST;) {
		bool literal = *in.p == '\\' && in.n > 1;

		if (literal)
			input_byte(&in);
		pattern[pattern_len++] = (struct patbyte){ .c = input_byte(&in), .literal = literal };
	}
}

/* Text, and what lies below it as a directory: what is said of all of that must hold of this. */
static void
check_tree(const struct pattern *p, const struct input *dir, const struct input *below)
{
	uint8_t path[2 * LONGEST + 1];
	bool at, in;
	size_t n = dir->n;

	memcpy(path, dir->p, n);
	if (n == 0 || path[n - 1] != '/')
		path[n++] = '/';
	if (n + below->n > LONGEST)
		return;
	memcpy(path + n, below->p, below->n);
	at = reference(dir->p, dir->n);
	in = reference(path, n + below->n);
	if (pattern_covers_tree(p, (const char *)dir->p, dir->n))
		MUST(at && in, "covers what it does not match");
	if (at || in)
		MUST(pattern_reaches_tree(p, (const char *)dir->p, dir->n), "matches what it does not reach");
}

static void
check_pattern(struct input in)
{
	static struct patbuild room;
	struct input words = input_part(&in, '\0'), on = input_part(&in, '\0');
	struct pattern p;
	size_t at;
	const char *wrong;

	on.n = on.n < LONGEST ? on.n : LONGEST;
	read_pattern(words);
	wrong = pattern_compile(&p, &room, pattern, pattern_len, &at);
	if (wrong) {
		MUST(at <= pattern_len, "%s at %zu of %zu", wrong, at, pattern_len);
		return;
	}
	MUST(pattern_match(&p, (const char *)on.p, on.n) == reference(on.p, on.n), "pattern %.*s\ntext %.*s",
	    (int)words.n, (const char *)words.p, (int)on.n, (const char *)on.p);
	if (!pathpat_check(&(struct bytes){ pattern, pattern_len }, &at))
		check_tree(&p, &on, &in);
}

/* Addresses */

static bool
same_bits(const uint8_t *a, const uint8_t *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if ((a[i / 8] >> (7 - i % 8) & 1) != (b[i / 8] >> (7 - i % 8) & 1))
			return false;
	return true;
}

/* "inet:NETWORK[/BITS][:PORT[-PORT]]" read backwards, on an address of its family. */
static bool
reference_inet(const char *s, int family, const struct netaddr *a)
{
	char net[512], *bits, *port;
	unsigned lo = 0, hi = 65535, n = family == AF_INET ? 32 : 128;
	uint8_t ip[16] = { 0 };

	snprintf(net, sizeof(net), "%s", strchr(s, ':') + 1);
	port = strrchr(net, ':');
	if (port && !(family == AF_INET6 && strchr(port, ']'))) {
		*port = '\0';
		lo = hi = (unsigned)strtoul(port + 1, &port, 10);
		if (*port == '-')
			hi = (unsigned)strtoul(port + 1, NULL, 10);
	}
	if (!strcmp(net, "*"))
		return a->port >= lo && a->port <= hi;
	bits = strchr(net, '/');
	if (bits) {
		n = (unsigned)strtoul(bits + 1, NULL, 10);
		*bits = '\0';
	}
	for (char *c; (c = strpbrk(net, "[]"));)
		memmove(c, c + 1, strlen(c));
	MUST(inet_pton(family, net, ip) == 1, "%s was taken", s);
	return same_bits(ip, a->ip, n) && a->port >= lo && a->port <= hi;
}

static void
check_address(struct input in)
{
	static struct patbuild room;
	struct input words = input_part(&in, '\0');
	struct pool *pool = pool_new();
	struct rule r = { .kind = OBJ_ADDR, .rights = R_CONNECT };
	struct access a = { .kind = ACC_ADDR, .rights = R_CONNECT };
	struct bytes b = { .b = pattern };
	char s[LONGEST + 1];
	uint64_t rank;
	size_t at;

	read_pattern(words);
	b.n = pattern_len;
	for (size_t i = 0; i < b.n; i++)
		s[i] = (char)pattern[i].c;
	s[b.n] = '\0';
	if (!addrpat_compile(&r.addr, &room, pool, &b, &rank, &at) && r.addr.shape == ADDR_IP) {
		a.addr.family = r.addr.family;
		memcpy(a.addr.ip, r.addr.ip, sizeof(a.addr.ip));
		a.addr.port = (uint16_t)(input_byte(&in) << 8 | input_byte(&in));
		for (unsigned i = 0; i < (r.addr.family == AF_INET ? 4 : 16); i++)
			a.addr.ip[i] ^= input_byte(&in);
		MUST(rule_covers(&r, &a) == reference_inet(s, r.addr.family, &a.addr), "%s", s);
	}
	pool_free(pool);
}

/* Addresses as the kernel gets them: any bytes. */
static void
check_netaddr(struct input in)
{
	struct netaddr a;
	int destination = input_byte(&in) & 1;

	if (netaddr_parse(&a, in.p, in.n, destination))
		return;
	MUST(a.family != NA_UNIX || a.pathlen < sizeof(a.path), "a name of %u bytes", a.pathlen);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct input in = { .p = bytes, .n = n };

	switch (input_byte(&in)) {
	case 'a':
		check_address(in);
		break;
	case 'k':
		check_netaddr(in);
		break;
	default:
		check_pattern(in);
	}
	return 0;
}
