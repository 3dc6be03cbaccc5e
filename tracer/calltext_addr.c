/* SPDX-License-Identifier: ISC */
#include <arpa/inet.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tracer/calltext_read.h"

/* Functions */

static uint64_t
fn_htons(const uint64_t *a)
{
	return htons((uint16_t)a[0]);
}

static uint64_t
fn_htonl(const uint64_t *a)
{
	return htonl((uint32_t)a[0]);
}

/* Linux's encoding of a device as mknod(2) takes it. */
static uint64_t
fn_makedev(const uint64_t *a)
{
	return (a[1] & 0xff) | (a[0] & 0xfff) << 8 | (a[1] & 0xfff00) << 12;
}

static uint64_t
fn_ioc(const uint64_t *a)
{
	return a[0] << 30 | a[3] << 16 | a[1] << 8 | a[2];
}

static const struct function {
	const char *name;
	unsigned nargs;
	uint64_t (*value)(const uint64_t *);
} functions[] = {
	{ "htons",	1, fn_htons },
	{ "htonl",	1, fn_htonl },
	{ "makedev",	2, fn_makedev },
	{ "_IOC",	4, fn_ioc },
};

static int
read_arguments(struct cursor *c, const struct function *f, uint64_t *v)
{
	uint64_t a[4] = { 0 };

	c->p += strlen(f->name);
	if (!skip_char(c, '('))
		return expected(c, "\"(\"");
	for (unsigned i = 0; i < f->nargs; i++) {
		int r;

		if (i > 0 && !skip_char(c, ','))
			return expected(c, "\",\"");
		r = read_value(c, V_NONE, &a[i]);
		if (r)
			return r;
	}
	if (!skip_char(c, ')'))
		return expected(c, "\")\"");
	*v = f->value(a);
	return 0;
}

/* inet_addr("1.2.3.4"): the address as its four bytes lie in memory. */
static int
read_inet_addr(struct cursor *c, uint64_t *v)
{
	struct in_addr in;
	struct text t;
	const char *at;
	int r;

	c->p += strlen("inet_addr");
	if (!skip_char(c, '('))
		return expected(c, "\"(\"");
	skip_blanks(c);
	at = c->p;
	r = read_text(c, &t);
	if (r)
		return r;
	if (inet_pton(AF_INET, t.s, &in) != 1)
		return calltext_wrong(c, at, "this is no IPv4 address");
	if (!skip_char(c, ')'))
		return expected(c, "\")\"");
	*v = in.s_addr;
	return 0;
}

int
read_function(struct cursor *c, uint64_t *v)
{
	if (name_is(c, "inet_addr"))
		return read_inet_addr(c, v);
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (name_is(c, functions[i].name))
			return read_arguments(c, &functions[i], v);
	return -ENOENT;
}

/* Addresses */

/* A socket address while its fields are read. */
struct building {
	union {
		struct sockaddr_storage storage;
		struct sockaddr sa;
		unsigned char byte[sizeof(struct sockaddr_storage)];
	};
	size_t len;		/* of what the fields have filled so far */
	bool has_family;
};

/* Numbers at their places: what htons() and inet_addr() give is in the kernel's order already. */
static const struct numeric_field {
	const char *name;
	size_t offset;
	size_t size;
} numeric_fields[] = {
	{ "sin_port",		offsetof(struct sockaddr_in, sin_port),		2 },
	{ "sin_addr",		offsetof(struct sockaddr_in, sin_addr),		4 },
	{ "sin6_port",		offsetof(struct sockaddr_in6, sin6_port),	2 },
	{ "sin6_flowinfo",	offsetof(struct sockaddr_in6, sin6_flowinfo),	4 },
	{ "sin6_scope_id",	offsetof(struct sockaddr_in6, sin6_scope_id),	4 },
	{ "nl_pid",		offsetof(struct sockaddr_nl, nl_pid),		4 },
	{ "nl_groups",		offsetof(struct sockaddr_nl, nl_groups),	4 },
};

/* What the kernel wants as a length at least. */
static size_t
family_size(unsigned family)
{
	static const struct {
		unsigned family;
		size_t size;
	} sizes[] = {
		{ AF_UNIX,	sizeof(sa_family_t) },
		{ AF_INET,	sizeof(struct sockaddr_in) },
		{ AF_INET6,	sizeof(struct sockaddr_in6) },
		{ AF_NETLINK,	sizeof(struct sockaddr_nl) },
		{ AF_PACKET,	20 },
	};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		if (sizes[i].family == family)
			return sizes[i].size;
	return sizeof(struct sockaddr);
}

static int
read_family(struct cursor *c, struct building *b)
{
	uint64_t v;
	int r = read_value(c, V_AF, &v);

	if (r)
		return r;
	b->sa.sa_family = (sa_family_t)v;
	b->len = family_size(b->sa.sa_family);
	b->has_family = true;
	return 0;
}

static int
read_bytes(struct cursor *c, struct building *b, bool is_path)
{
	size_t room = is_path ? sizeof(struct sockaddr_un) - 2 : sizeof(b->byte) - 2, nul;
	const char *at = c->p;
	struct text t;
	int r = read_text(c, &t);

	if (r)
		return r;
	if (t.cut)
		return calltext_wrong(c, at, "the address is cut short; strace -s prints longer text");
	nul = is_path && t.abstract;
	if (t.len + nul > room)
		return calltext_wrong(c, at, "the address is longer than %zu bytes", room);
	memcpy(b->byte + 2 + nul, t.s, t.len);
	b->len = 2 + nul + t.len;
	if (is_path && !t.abstract && t.len && t.len < room)
		b->len++;		/* and its NUL */
	return 0;
}

/* "\x00\x50": the bytes as they lie in memory, as `strace -X raw` prints them. */
static int
read_raw(struct cursor *c, struct building *b, size_t offset, size_t size)
{
	const char *at = c->p;
	struct text t;
	int r = read_text(c, &t);

	if (!r && (t.len != size || t.cut))
		r = calltext_wrong(c, at, "expected %zu bytes", size);
	if (!r)
		memcpy(b->byte + offset, t.s, size);
	return r;
}

/* inet_pton(AF_INET6, "::1", &sin6_addr), which strace prints without a field's name. */
static int
read_inet_pton(struct cursor *c, struct building *b)
{
	const char *at;
	struct text t;
	uint64_t family;
	int r;

	c->p += strlen("inet_pton");
	if (!skip_char(c, '('))
		return expected(c, "\"(\"");
	r = read_value(c, V_AF, &family);
	if (r)
		return r;
	if (!skip_char(c, ','))
		return expected(c, "\",\"");
	skip_blanks(c);
	at = c->p;
	r = read_text(c, &t);
	if (!r && (family != AF_INET6 ||
	    inet_pton(AF_INET6, t.s, b->byte + offsetof(struct sockaddr_in6, sin6_addr)) != 1))
		r = calltext_wrong(c, at, "this is no IPv6 address");
	if (!r && skip_char(c, ','))
		r = skip_value(c);
	if (!r && !skip_char(c, ')'))
		r = expected(c, "\")\"");
	return r;
}

static int
read_numeric(struct cursor *c, struct building *b, const struct numeric_field *f)
{
	uint16_t v16;
	uint32_t v32;
	uint64_t v;
	int r;

	if (name_is(c, "if_nametoindex"))
		return skip_value(c);	/* no policy looks at interfaces */
	if (*c->p == '"')
		return read_raw(c, b, f->offset, f->size);
	r = read_value(c, V_NONE, &v);
	if (r)
		return r;
	v16 = (uint16_t)v;
	v32 = (uint32_t)v;
	memcpy(b->byte + f->offset, f->size == 2 ? (void *)&v16 : (void *)&v32, f->size);
	return 0;
}

static int
read_address_field(void *ctx, struct cursor *c, const struct field *f)
{
	struct building *b = ctx;

	if (field_is(f, "sa_family"))
		return read_family(c, b);
	if (!b->has_family)
		return calltext_wrong(c, c->p, "sa_family=AF_… comes first");
	if (field_is(f, "sun_path") || field_is(f, "sa_data"))
		return read_bytes(c, b, field_is(f, "sun_path"));
	if (name_is(c, "inet_pton"))
		return read_inet_pton(c, b);
	if (field_is(f, "sin6_addr"))
		return read_raw(c, b, offsetof(struct sockaddr_in6, sin6_addr), sizeof(struct in6_addr));
	for (size_t i = 0; i < sizeof(numeric_fields) / sizeof(numeric_fields[0]); i++)
		if (field_is(f, numeric_fields[i].name))
			return read_numeric(c, b, &numeric_fields[i]);
	return skip_value(c);
}

int
read_sockaddr(struct cursor *c, struct argval *a)
{
	struct building b = { .len = 0 };
	const char *at = c->p;
	void *mem;
	int r;

	skip_blanks(c);
	if (*c->p != '{')
		return read_value(c, V_NONE, &a->val);
	r = read_struct(c, read_address_field, &b);
	if (r)
		return r;
	mem = arena_alloc(c->arena, sizeof(b.byte));
	if (!mem)
		return calltext_wrong(c, at, "the call is too long");
	a->mem = memcpy(mem, b.byte, sizeof(b.byte));
	a->len = (uint32_t)b.len;
	return 0;
}
