/* SPDX-License-Identifier: ISC */
#include "engine/netaddr.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "engine/pattern.h"
#include "lib/strbuf.h"

#include "engine/pure.h"

/* Sizes and offsets of the kernel's structures; the same on every ABI. */
enum {
	FAMILY_LEN	= 2,
	UN_PATH		= 2,	/* sockaddr_un.sun_path */
	UN_LEN		= 110,
	IN_PORT		= 2,	/* sockaddr_in, sockaddr_in6: big endian */
	IN_ADDR		= 4,
	IN_LEN		= 16,
	IN6_ADDR	= 8,
	IN6_SCOPE	= 24,
	IN6_LEN		= 24,	/* RFC 2133 had no scope id, and the kernel still takes it */
	IN6_FULL_LEN	= 28,
	STORAGE_LEN	= 128,
};

static const char *const families[] = {
	[0] = "unspec", [1] = "unix", [2] = "inet", [3] = "ax25", [4] = "ipx", [5] = "appletalk",
	[6] = "netrom", [7] = "bridge", [8] = "atmpvc", [9] = "x25", [10] = "inet6", [11] = "rose",
	[12] = "decnet", [13] = "netbeui", [14] = "security", [15] = "key", [16] = "netlink",
	[17] = "packet", [18] = "ash", [19] = "econet", [20] = "atmsvc", [21] = "rds", [22] = "sna",
	[23] = "irda", [24] = "pppox", [25] = "wanpipe", [26] = "llc", [27] = "ib", [28] = "mpls",
	[29] = "can", [30] = "tipc", [31] = "bluetooth", [32] = "iucv", [33] = "rxrpc", [34] = "isdn",
	[35] = "phonet", [36] = "ieee802154", [37] = "caif", [38] = "alg", [39] = "nfc", [40] = "vsock",
	[41] = "kcm", [42] = "qipcrtr", [43] = "smc", [44] = "xdp", [45] = "mctp",
};
enum { NFAMILIES = sizeof(families) / sizeof(families[0]) };

const char *
family_name(unsigned family)
{
	return family < NFAMILIES ? families[family] : NULL;
}

/* Families that have no name yet are written as numbers: family46. */
static int
family_number(const char *s)
{
	int n = 0;

	if (!*s || strlen(s) > 5)
		return -1;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return -1;
		n = n * 10 + (*s - '0');
	}
	return n <= UINT16_MAX ? n : -1;
}

int
family_find(const char *name)
{
	for (int i = 0; i < NFAMILIES; i++)
		if (!strcmp(families[i], name))
			return i;
	return strncmp(name, "family", 6) == 0 ? family_number(name + 6) : -1;
}

static unsigned
big_endian_16(const unsigned char *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static bool
all_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

/* A pathname ends at its NUL, an abstract name where the address does. */
static int
parse_unix(struct netaddr *a, const unsigned char *p, size_t len)
{
	size_t room = len - UN_PATH;

	if (len > UN_LEN)
		return -EINVAL;
	a->abstract = room == 0 || p[UN_PATH] == '\0';
	if (room == 0)
		return 0;
	a->pathlen = (uint8_t)(a->abstract ? room - 1 : strnlen((const char *)p + UN_PATH, room));
	memcpy(a->path, p + UN_PATH + a->abstract, a->pathlen);
	return 0;
}

/* Where a packet to 0.0.0.0 goes. */
static void
to_loopback_4(struct netaddr *a)
{
	static const uint8_t loopback[4] = { 127, 0, 0, 1 };

	if (all_zero(a->ip, 4))
		memcpy(a->ip, loopback, sizeof(loopback));
}

static int
parse_inet(struct netaddr *a, const unsigned char *p, size_t len, int destination)
{
	if (len < IN_LEN)
		return -EINVAL;
	a->port = (uint16_t)big_endian_16(p + IN_PORT);
	memcpy(a->ip, p + IN_ADDR, 4);
	if (destination)
		to_loopback_4(a);
	return 0;
}

static bool
is_mapped(const uint8_t *ip)
{
	return all_zero(ip, 10) && ip[10] == 0xff && ip[11] == 0xff;
}

/* ::ffff:1.2.3.4 reaches the same peer as 1.2.3.4 does, so rules see it as that. */
static void
unmap(struct netaddr *a, int destination)
{
	a->family = NA_INET;
	a->scope = 0;
	memcpy(a->ip, a->ip + 12, 4);
	memset(a->ip + 4, 0, 12);
	if (destination)
		to_loopback_4(a);
}

static int
parse_inet6(struct netaddr *a, const unsigned char *p, size_t len, int destination)
{
	if (len < IN6_LEN)
		return -EINVAL;
	a->port = (uint16_t)big_endian_16(p + IN_PORT);
	memcpy(a->ip, p + IN6_ADDR, sizeof(a->ip));
	if (len >= IN6_FULL_LEN)
		memcpy(&a->scope, p + IN6_SCOPE, sizeof(a->scope));
	if (is_mapped(a->ip))
		unmap(a, destination);
	else if (destination && all_zero(a->ip, sizeof(a->ip)))
		a->ip[15] = 1;
	return 0;
}

int
netaddr_parse(struct netaddr *a, const void *bytes, size_t len, int destination)
{
	const unsigned char *p = bytes;

	memset(a, 0, sizeof(*a));
	if (len < FAMILY_LEN || len > STORAGE_LEN)
		return -EINVAL;
	memcpy(&a->family, p, sizeof(a->family));
	switch (a->family) {
	case NA_UNIX:
		return parse_unix(a, p, len);
	case NA_INET:
		return parse_inet(a, p, len, destination);
	case NA_INET6:
		return parse_inet6(a, p, len, destination);
	}
	/* A UDP socket takes AF_UNSPEC for AF_INET: keep what it would see. */
	if (a->family == 0 && len >= IN_LEN)
		return parse_inet(a, p, len, destination);
	return 0;
}

static unsigned
group_at(const uint8_t *ip, unsigned i)
{
	return big_endian_16(ip + 2 * i);
}

static unsigned
zero_groups(const uint8_t *ip, unsigned i)
{
	unsigned n = 0;

	while (i + n < 8 && !group_at(ip, i + n))
		n++;
	return n;
}

/* The longest run of at least two zero groups is "::", the first of equals (RFC 5952). */
static void
print_inet6(const uint8_t *ip, struct strbuf *b)
{
	unsigned gap = 8, longest = 1;

	for (unsigned i = 0; i < 8; i++) {
		if (zero_groups(ip, i) > longest) {
			gap = i;
			longest = zero_groups(ip, i);
		}
	}
	for (unsigned i = 0; i < 8; i++) {
		if (i == gap) {
			strbuf_add(b, "::");
			i += longest - 1;
			continue;
		}
		strbuf_addf(b, i && i != gap + longest ? ":%x" : "%x", group_at(ip, i));
	}
}

static void
print_unix(const struct netaddr *a, struct strbuf *b)
{
	if (a->abstract && !a->pathlen) {
		strbuf_add(b, "unix");
		return;
	}
	strbuf_add(b, a->abstract ? "abstract:" : "unix:");
	pattern_print_literal(a->path, a->pathlen, b);
}

void
netaddr_print_ip(const struct netaddr *a, struct strbuf *b)
{
	if (a->family == NA_INET6)
		print_inet6(a->ip, b);
	else
		strbuf_addf(b, "%u.%u.%u.%u", a->ip[0], a->ip[1], a->ip[2], a->ip[3]);
}

void
netaddr_print_family(unsigned family, struct strbuf *b)
{
	if (family < NFAMILIES)
		strbuf_add(b, families[family]);
	else
		strbuf_addf(b, "family%u", family);
}

void
netaddr_print(const struct netaddr *a, struct strbuf *b)
{
	switch (a->family) {
	case NA_UNIX:
		print_unix(a, b);
		return;
	case NA_INET:
		strbuf_add(b, "inet:");
		netaddr_print_ip(a, b);
		break;
	case NA_INET6:
		strbuf_add(b, "inet6:[");
		netaddr_print_ip(a, b);
		strbuf_add(b, "]");
		break;
	default:
		netaddr_print_family(a->family, b);
		return;
	}
	strbuf_addf(b, ":%u", a->port);
}
