/* SPDX-License-Identifier: ISC */
#ifndef TG_NETADDR_H
#define TG_NETADDR_H

#include <stddef.h>
#include <stdint.h>

/*
 * A socket address, parsed from the bytes the kernel would get.  Numbers are
 * the kernel's: AF_* as on Linux, ports in host order.
 */
enum { NA_UNIX = 1, NA_INET = 2, NA_INET6 = 10 };	/* AF_UNIX, AF_INET, AF_INET6 */

struct netaddr {
	uint16_t family;	/* AF_*; 0 is AF_UNSPEC */
	uint8_t abstract;	/* unix: the name is abstract (or empty: unnamed) */
	uint16_t port;		/* inet, inet6 */
	uint8_t ip[16];		/* inet: the first 4 bytes, network order */
	uint32_t scope;		/* inet6 */
	char path[109];		/* unix: the name; abstract names without the leading NUL */
	uint8_t pathlen;	/* abstract names may hold NULs */
};

/*
 * 0, or -EINVAL when the kernel would refuse these bytes or they are of a
 * family we cannot take apart and need to (unix, inet, inet6 too short).
 * IPv4-mapped IPv6 becomes inet; 0.0.0.0 and :: become loopback when
 * `destination` (connect, send: that is where the kernel goes).
 */
int netaddr_parse(struct netaddr *, const void *bytes, size_t len, int destination);

/* "inet:127.0.0.1:80", "unix:/run/x", "abstract:/tmp/.X11-unix/X0", "netlink": the notation of policies, bytes escaped. */
struct strbuf;
void netaddr_print(const struct netaddr *, struct strbuf *);
/* Parts of it: "127.0.0.1"; "inet", or "family99" for one without a name. */
void netaddr_print_ip(const struct netaddr *, struct strbuf *);
void netaddr_print_family(unsigned family, struct strbuf *);

/* The policy word of a family ("inet"); NULL when unknown.  family_find: also "family99"; -1 when unknown. */
const char *family_name(unsigned family);
int family_find(const char *name);

#endif
