/* SPDX-License-Identifier: ISC */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/load_int.h"
#include "lib/strbuf.h"

enum { RANK_ANY = 1, RANK_FAMILY, RANK_DETAIL };	/* above every detail */
enum { RANK_SHIFT = 56 };

/* The tokens are in the loader's room until a pattern turns out to be right. */
void
pattern_keep(struct pattern *p, struct pool *pool)
{
	size_t nset = 0;

	for (unsigned i = 0; i < p->ntok; i++)
		if (p->tok[i].kind == TOK_SET && p->tok[i].arg >= nset)
			nset = (size_t)p->tok[i].arg + 1;
	p->prefix = pool_text(pool, p->prefix, p->prefix_len);
	p->tok = pool_copy(pool, p->tok, p->ntok, sizeof(*p->tok));
	p->set = pool_copy(pool, p->set, nset, sizeof(*p->set));
}

/* "", "." and ".." as components never stand in a canonical path. */
static const char *
check_component(const struct bytes *b, size_t from, size_t to)
{
	size_t n = to - from, dots = 0;

	while (dots < n && b->b[from + dots].c == '.')
		dots++;
	if (n == 0)
		return to == b->n ? "a trailing \"/\": write DIR for the directory, DIR/** for all below" :
		    "\"//\" never matches";
	if (dots == n && n <= 2)
		return n == 1 ? "\".\" never matches" : "\"..\" never matches";
	return NULL;
}

static bool
starts_with(const struct bytes *b, const char *word)
{
	size_t n = strlen(word);

	if (b->n < n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (b->b[i].c != (unsigned char)word[i])
			return false;
	return true;
}

static bool
is_anonymous(const struct bytes *b)
{
	return starts_with(b, "pipe:") || starts_with(b, "socket:") || starts_with(b, "anon_inode:") ||
	    starts_with(b, "memfd:");
}

const char *
pathpat_check(const struct bytes *b, size_t *at)
{
	size_t from = 1;

	for (*at = 0; *at < b->n; ++*at)
		if (!b->b[*at].c)
			return "a path holds no NUL byte";
	*at = 0;
	if (is_anonymous(b))
		return NULL;
	if (!b->n || b->b[0].c != '/')
		return "a path pattern is absolute: it starts with \"/\" or a ${variable} that does";
	for (size_t i = 1; b->n > 1 && i <= b->n; i++) {
		const char *wrong;

		if (i < b->n && b->b[i].c != '/')
			continue;
		*at = from < b->n ? from : b->n - 1;
		wrong = check_component(b, from, i);
		if (wrong)
			return wrong;
		from = i + 1;
	}
	return NULL;
}

/* An address being read: its text, and the room for its parts. */
struct reading {
	struct addrpat *a;
	const struct bytes *b;
	char text[256];			/* of all but unix and abstract; wildcards kept */
	size_t *at;
};

static const char *
wrong_at(struct reading *r, const char *p, const char *wrong)
{
	*r->at = (size_t)(p - r->text);
	if (*r->at >= r->b->n)
		*r->at = r->b->n ? r->b->n - 1 : 0;
	return wrong;
}

/* A number that ends at end or NUL; -1 when it is none or above max. */
static long
number(const char *s, const char *end, long max)
{
	long n = 0;

	if (s == end)
		return -1;
	for (; s < end; s++) {
		if (*s < '0' || *s > '9')
			return -1;
		n = n * 10 + (*s - '0');
		if (n > max)
			return -1;
	}
	return n;
}

/* s: "443" or "1024-65535". */
static const char *
read_ports(struct reading *r, const char *s)
{
	const char *dash = strchr(s, '-'), *end = s + strlen(s);
	long lo = number(s, dash ? dash : end, UINT16_MAX), hi = dash ? number(dash + 1, end, UINT16_MAX) : lo;

	if (lo < 0 || hi < 0)
		return wrong_at(r, lo < 0 ? s : dash + 1, "not a port: a number up to 65535, or a range like 8000-8080");
	if (lo > hi)
		return wrong_at(r, s, "a range of ports that goes backwards");
	r->a->port_lo = (uint16_t)lo;
	r->a->port_hi = (uint16_t)hi;
	return NULL;
}

/* 10.0.0.1/8 is a mistake more often than a way to say 10.0.0.0/8. */
static bool
has_host_bits(const struct addrpat *a, unsigned max)
{
	for (unsigned bit = a->bits; bit < max; bit++)
		if (a->ip[bit / 8] >> (7 - bit % 8) & 1)
			return true;
	return false;
}

/* s: "10.0.0.0/8", from s to end. */
static const char *
read_network(struct reading *r, char *s, char *end, unsigned max)
{
	char *slash = memchr(s, '/', (size_t)(end - s));
	long bits = slash ? number(slash + 1, end, (long)max) : (long)max;
	char ip[64];
	int n = (int)((slash ? slash : end) - s);

	if (bits < 0)
		return wrong_at(r, slash, max == 32 ? "not a network: /0 to /32" : "not a network: /0 to /128");
	snprintf(ip, sizeof(ip), "%.*s", n, s);
	if (n >= (int)sizeof(ip) || inet_pton(r->a->family == NA_INET ? AF_INET : AF_INET6, ip, r->a->ip) != 1)
		return wrong_at(r, s, r->a->family == NA_INET ? "not an IPv4 address" : "not an IPv6 address");
	r->a->bits = (uint8_t)bits;
	if (has_host_bits(r->a, max))
		return wrong_at(r, s, "bits are set beyond the network's prefix");
	return NULL;
}

/* s: "*", "1.2.3.4", "10.0.0.0/8", each with ":443" or not. */
static const char *
read_inet(struct reading *r, char *s)
{
	char *colon = strchr(s, ':'), *end = colon ? colon : s + strlen(s);
	const char *wrong = NULL;

	if (*s && strspn(s, "0123456789") == strcspn(s, "/:"))
		return wrong_at(r, s, "not an IPv4 address; a port alone is inet:*:443");
	if (end - s != 1 || *s != '*')
		wrong = read_network(r, s, end, 32);
	return wrong || !colon ? wrong : read_ports(r, colon + 1);
}

/* ::ffff:1.2.3.4 reaches an IPv4 peer, and is matched as one. */
static const char *
check_unmapped(struct reading *r, const char *s)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (r->a->bits >= 96 && !memcmp(r->a->ip, mapped, sizeof(mapped)))
		return wrong_at(r, s, "an IPv4 address in IPv6 form is matched as inet:");
	return NULL;
}

/* s: "*:443", "[::1]:443", "[fd00::]/8:443", "[fd00::/8]". */
static const char *
read_inet6(struct reading *r, char *s)
{
	char *close = strchr(s, ']'), *end, *colon;
	char text[80];
	const char *wrong;

	if (*s == '*')
		return s[1] == '\0' ? NULL : s[1] == ':' ? read_ports(r, s + 2) : wrong_at(r, s, "not an IPv6 address");
	if (*s != '[' || !close)
		return wrong_at(r, s, "an IPv6 address stands in brackets: inet6:[fd00::]/8:443");
	colon = strchr(close, ':');
	end = colon ? colon : s + strlen(s);
	if (close[1] && close[1] != '/' && close[1] != ':')
		return wrong_at(r, close + 1, "only /BITS and :PORT follow the bracket");
	snprintf(text, sizeof(text), "%.*s%.*s", (int)(close - s - 1), s + 1, (int)(end - close - 1), close + 1);
	if (!strncmp(s, "[*]", 3))
		return wrong_at(r, s, "any IPv6 address stands without brackets: inet6:*:443");
	wrong = read_network(r, text, text + strlen(text), 128);
	if (wrong)
		return wrong_at(r, s, wrong);
	wrong = check_unmapped(r, s);
	return wrong || !colon ? wrong : read_ports(r, colon + 1);
}

static uint64_t
rank_of(const struct addrpat *a)
{
	switch (a->shape) {
	case ADDR_ANY:
		return (uint64_t)RANK_ANY << RANK_SHIFT;
	case ADDR_FAMILY:
		return (uint64_t)RANK_FAMILY << RANK_SHIFT;
	case ADDR_IP:
		return (uint64_t)RANK_DETAIL << RANK_SHIFT | (uint64_t)a->bits << 16 |
		    (uint64_t)(UINT16_MAX - (a->port_hi - a->port_lo));
	}
	return (uint64_t)RANK_DETAIL << RANK_SHIFT | a->name.rank;
}

static const char *
read_name(struct reading *r, struct patbuild *room, struct pool *pool, size_t skip, enum addr_shape shape)
{
	struct bytes rest = { .b = r->b->b + skip, .n = r->b->n - skip };
	const char *wrong = shape == ADDR_UNIX ? pathpat_check(&rest, r->at) : NULL;

	r->a->shape = (uint8_t)shape;
	r->a->family = NA_UNIX;
	if (!wrong)
		wrong = pattern_compile(&r->a->name, room, rest.b, rest.n, r->at);
	*r->at += skip;
	if (*r->at >= r->b->n)
		*r->at = r->b->n - 1;
	if (!wrong)
		pattern_keep(&r->a->name, pool);
	return wrong;
}

static const char *
read_family(struct reading *r)
{
	int family = family_find(r->text);

	if (family < 0)
		return wrong_at(r, r->text,
		    "not an address: unix:PATH, abstract:NAME, inet:ADDR:PORT, inet6:[ADDR]:PORT, a family or \"any\"");
	r->a->shape = ADDR_FAMILY;
	r->a->family = (uint16_t)family;
	return NULL;
}

static const char *
read_ip(struct reading *r, size_t skip, unsigned family)
{
	r->a->shape = ADDR_IP;
	r->a->family = (uint16_t)family;
	r->a->port_hi = UINT16_MAX;
	return family == NA_INET ? read_inet(r, r->text + skip) : read_inet6(r, r->text + skip);
}

const char *
addrpat_compile(struct addrpat *a, struct patbuild *room, struct pool *pool, const struct bytes *b,
    uint64_t *rank, size_t *at)
{
	struct reading r = { .a = a, .b = b, .at = at };
	const char *wrong = NULL;

	memset(a, 0, sizeof(*a));
	*at = 0;
	for (size_t i = 0; i < b->n && i < sizeof(r.text) - 1; i++)
		r.text[i] = (char)b->b[i].c;
	if (!b->n)
		return "an empty address";
	if (starts_with(b, "unix:"))
		wrong = read_name(&r, room, pool, 5, ADDR_UNIX);
	else if (starts_with(b, "abstract:"))
		wrong = read_name(&r, room, pool, 9, ADDR_ABSTRACT);
	else if (b->n >= sizeof(r.text))
		wrong = "not an address: too long";
	else if (starts_with(b, "inet:"))
		wrong = read_ip(&r, 5, NA_INET);
	else if (starts_with(b, "inet6:"))
		wrong = read_ip(&r, 6, NA_INET6);
	else if (strcmp(r.text, "any") != 0)
		wrong = read_family(&r);
	*rank = rank_of(a);
	return wrong;
}
