/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "engine/policy_int.h"
#include "lib/strbuf.h"

#include "engine/pure.h"

enum { MAX_TEXT_SHOWN = 256, SIGRTMIN_KERNEL = 32, SIGNALS = 64 };

/* The call being printed. */
struct printing {
	const struct sysevent *ev;
	const struct sysdesc *call;
	struct strbuf *b;
};

/* Values. */

static void
print_pointer(struct strbuf *b, uint64_t v)
{
	if (v)
		strbuf_addf(b, "0x%llx", (unsigned long long)v);
	else
		strbuf_add(b, "NULL");
}

static void
print_signed(struct strbuf *b, uint64_t v)
{
	strbuf_addf(b, "%lld", (long long)v);
}

static void
print_unsigned(struct strbuf *b, uint64_t v)
{
	if (v == UINT32_MAX) {
		strbuf_add(b, "-1");	/* an id that is to stay as it is */
		return;
	}
	strbuf_addf(b, "%llu", (unsigned long long)v);
}

/* What stands between the names of a set. */
static void
bar(struct strbuf *b, bool *any)
{
	if (*any)
		strbuf_addc(b, '|');
	*any = true;
}

/* The name of "no bits": of the whole value, or of O_ACCMODE's part of open flags. */
static const char *
zero_name(enum vocab vocab, uint64_t v, const char *abi)
{
	uint64_t field = vocab == V_O ? 3 : ~(uint64_t)0;

	return v & field ? NULL : constant_name(vocab, 0, abi);
}

/* constants.def lists the names in the order in which taking all that fit says everything. */
static uint64_t
print_names(struct strbuf *b, enum vocab vocab, uint64_t v, const char *abi, bool *any)
{
	const char *zero = zero_name(vocab, v, abi);

	if (zero) {
		bar(b, any);
		strbuf_add(b, zero);
	}
	for (size_t i = 0; v && i < nconstants; i++) {
		const struct constant *c = &constants[i];
		uint64_t bits = c->vocab == vocab ? constant_value(c, abi) : 0;

		if (!bits || (v & bits) != bits)
			continue;
		bar(b, any);
		strbuf_add(b, c->name);
		v &= ~bits;
	}
	return v;
}

static void
print_bits(struct strbuf *b, enum vocab vocab, uint64_t v, const char *abi)
{
	bool any = false;
	uint64_t rest = print_names(b, vocab, v, abi, &any);

	if (rest || !any) {
		bar(b, &any);
		strbuf_addf(b, rest ? "0x%llx" : "%llu", (unsigned long long)rest);
	}
}

static void
print_signal(struct strbuf *b, uint64_t sig)
{
	const char *name = sig <= SIGNALS ? signal_name((int)sig) : NULL;

	if (name)
		strbuf_add(b, name);
	else if (sig >= SIGRTMIN_KERNEL && sig <= SIGNALS)
		strbuf_addf(b, "SIGRT_%u", (unsigned)sig - SIGRTMIN_KERNEL);
	else
		print_signed(b, sig);
}

/* clone(2) keeps the signal that the parent gets in the flags' low byte. */
static void
print_clone_flags(struct strbuf *b, uint64_t v, const char *abi)
{
	uint64_t sig = v & 0xff;

	if (v != sig)
		print_bits(b, V_CLONE, v & ~(uint64_t)0xff, abi);
	if (v != sig && sig)
		strbuf_addc(b, '|');
	if (v == sig || sig)
		print_signal(b, sig);
}

static void
print_enum(struct strbuf *b, const struct argdesc *d, uint64_t v, const char *abi)
{
	const char *name = constant_name(d->vocab, v, abi);

	if (name)
		strbuf_add(b, name);
	else if (kinddesc_table[d->kind].width == W_INT || v < 10)
		print_signed(b, v);
	else
		strbuf_addf(b, "0x%llx", (unsigned long long)v);
}

/* By vocabulary where there is one: it says more than the kind. */
static bool
print_named(struct strbuf *b, const struct argdesc *d, uint64_t v, const char *abi)
{
	if (d->vocab == V_SIG)
		print_signal(b, v);
	else if (d->vocab == V_MODE || (d->vocab == V_NONE && !strcmp(d->name, "mode")))
		strbuf_addf(b, "%#llo", (unsigned long long)v);
	else if (d->vocab == V_CLONE && d->kind == A_LFLAGS)
		print_clone_flags(b, v, abi);
	else if (d->vocab != V_NONE && vocabdesc_table[d->vocab].style == VS_BITS)
		print_bits(b, d->vocab, kinddesc_table[d->kind].width == W_INT ? (uint32_t)v : v, abi);
	else if (d->vocab != V_NONE)
		print_enum(b, d, v, abi);
	else
		return false;
	return true;
}

bool
value_print(const struct argdesc *d, uint64_t v, const char *abi, struct strbuf *b)
{
	return print_named(b, d, v, abi);
}

/* mmap's address is a number for conditions and a pointer for people. */
static bool
is_pointer(const struct argdesc *d)
{
	return d->kind == A_PTR || d->kind == A_ARGV || (d->kind == A_ULONG && !strcmp(d->name, "addr"));
}

static void
print_number(struct strbuf *b, const struct argdesc *d, uint64_t v, const char *abi)
{
	if (print_named(b, d, v, abi))
		return;
	if (is_pointer(d)) {
		print_pointer(b, v);
		return;
	}
	switch (d->kind) {
	case A_FLAGS:
	case A_LFLAGS:
		print_bits(b, V_NONE, v, NULL);
		return;
	case A_UINT:
	case A_UINT16:
	case A_ULONG:
	case A_ENUM:
	case A_VIRT:
		print_unsigned(b, v);
		return;
	}
	print_signed(b, v);
}

/* Memory. */

static void
print_string(struct strbuf *b, const struct argval *a)
{
	if (a->str)
		strbuf_quote(b, a->str, strlen(a->str), MAX_TEXT_SHOWN);
	else
		print_pointer(b, a->val);
}

static void
print_unix(struct strbuf *b, const struct netaddr *na)
{
	if (na->abstract && !na->pathlen)
		return;
	strbuf_add(b, na->abstract ? ", sun_path=@" : ", sun_path=");
	strbuf_quote(b, na->path, na->pathlen, sizeof(na->path));
}

static unsigned
port_of(const unsigned char *p)
{
	return (unsigned)p[2] << 8 | p[3];
}

static uint32_t
word_at(const unsigned char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static void
print_ipv6(struct strbuf *b, const unsigned char *p, size_t len)
{
	struct netaddr ip = { .family = NA_INET6 };

	memcpy(ip.ip, p + 8, sizeof(ip.ip));
	strbuf_addf(b, ", sin6_port=htons(%u), sin6_flowinfo=0x%x, inet_pton(AF_INET6, \"", port_of(p), word_at(p + 4));
	netaddr_print_ip(&ip, b);
	strbuf_add(b, "\", &sin6_addr)");
	if (len >= 28)
		strbuf_addf(b, ", sin6_scope_id=%u", word_at(p + 24));
}

/* What the bytes say, not what netaddr_parse() makes of them: a mapped address stays one here. */
static bool
print_known_address(struct strbuf *b, const struct netaddr *na, const unsigned char *p, size_t len)
{
	if (na->family == NA_UNIX)
		print_unix(b, na);
	else if (p[0] == NA_INET6 && len >= 24)
		print_ipv6(b, p, len);
	else if (p[0] == NA_INET && len >= 16)
		strbuf_addf(b, ", sin_port=htons(%u), sin_addr=inet_addr(\"%u.%u.%u.%u\")",
		    port_of(p), p[4], p[5], p[6], p[7]);
	else
		return false;
	return true;
}

static void
print_sockaddr(struct strbuf *b, const struct argval *a)
{
	const struct argdesc family = { .kind = A_UINT, .vocab = V_AF };
	const unsigned char *p = a->mem;
	struct netaddr na;
	uint16_t af;

	if (!p || a->len < sizeof(af)) {
		print_pointer(b, p ? 0 : a->val);
		return;
	}
	memcpy(&af, p, sizeof(af));
	strbuf_add(b, "{sa_family=");
	print_number(b, &family, af, NULL);
	if ((netaddr_parse(&na, p, a->len, 0) != 0 || !print_known_address(b, &na, p, a->len)) && a->len > sizeof(af)) {
		strbuf_add(b, ", sa_data=");
		strbuf_quote(b, (const char *)p + sizeof(af), a->len - sizeof(af), MAX_TEXT_SHOWN);
	}
	strbuf_addc(b, '}');
}

/* Values that strace shows under the name of the structure's field. */
static const char *
field_name(const struct argdesc *d)
{
	return strcmp(d->name, "controllen") ? d->name : "msg_controllen";
}

/* "flags=O_RDONLY, mode=0": what decode found in the structure. */
static void
print_virtuals(const struct printing *p, bool first)
{
	for (unsigned i = 0; i < sysdesc_nargs(p->call); i++) {
		const struct argdesc *d = &p->call->arg[i];

		if (d->kind != A_VIRT)
			continue;
		strbuf_addf(p->b, "%s%s=", first ? "" : ", ", field_name(d));
		print_number(p->b, d, p->ev->arg[i].val, p->ev->abi);
		first = false;
	}
}

/* The name of a message; NULL when it has none. */
static void
print_message_name(struct strbuf *b, const struct argval *a)
{
	struct argval name = { .mem = a->mem, .len = a->len };

	strbuf_add(b, "{msg_name=");
	print_sockaddr(b, &name);
	if (a->mem && a->len >= sizeof(uint16_t))
		strbuf_addf(b, ", msg_namelen=%u", a->len);
}

static void
print_message(const struct printing *p, const struct argval *a)
{
	print_message_name(p->b, a);
	print_virtuals(p, false);
	strbuf_addc(p->b, '}');
}

/* What was counted over all messages stands with the first. */
static void
print_messages(const struct printing *p, const struct argval *a)
{
	strbuf_add(p->b, "[{msg_hdr=");
	print_message(p, a);
	strbuf_addc(p->b, '}');
	for (unsigned i = 0; i < p->ev->nmore; i++) {
		strbuf_add(p->b, ", {msg_hdr=");
		print_message_name(p->b, &p->ev->more[i]);
		strbuf_add(p->b, "}}");
	}
	strbuf_addc(p->b, ']');
}

static void
print_struct(const struct printing *p)
{
	strbuf_addc(p->b, '{');
	print_virtuals(p, true);
	strbuf_addc(p->b, '}');
}

static void
print_arg(const struct printing *p, unsigned i)
{
	const struct argdesc *d = &p->call->arg[i];
	const struct argval *a = &p->ev->arg[i];

	switch (d->kind) {
	case A_STR:
	case A_PATH:
	case A_LPATH:
	case A_ENTRY:
		print_string(p->b, a);
		return;
	case A_SOCKADDR:
		print_sockaddr(p->b, a);
		return;
	}
	if (kinddesc_table[d->kind].where == IN_REG)
		print_number(p->b, d, a->val, p->ev->abi);
	else if (!a->val)
		print_pointer(p->b, 0);
	else if (d->kind == A_MSGHDR)
		print_message(p, a);
	else if (d->kind == A_MMSGHDR)
		print_messages(p, a);
	else
		print_struct(p);
}

/* The mode of open(2) is whatever was in the register unless the flags make a file. */
static bool
is_meaningless(const struct printing *p, unsigned i)
{
	const struct argdesc *d = p->call->arg;
	const struct constant *create = constant_find("O_CREAT"), *nameless = constant_find("O_TMPFILE");
	uint64_t flags, bits = constant_value(nameless, p->ev->abi);

	if (i == 0 || strcmp(d[i].name, "mode") != 0 || d[i - 1].vocab != V_O)
		return false;
	flags = p->ev->arg[i - 1].val;
	return !(flags & create->value) && (flags & bits) != bits;
}

static void
print_unknown(const struct sysevent *ev, struct strbuf *b)
{
	strbuf_addf(b, "syscall_%u(", ev->nr);
	for (unsigned i = 0; i < SYS_MAXREGS; i++)
		strbuf_addf(b, "%s0x%llx", i ? ", " : "", (unsigned long long)ev->arg[i].val);
	strbuf_addc(b, ')');
}

void
sysevent_print(const struct sysevent *ev, struct strbuf *b)
{
	struct printing p = { .ev = ev, .b = b };

	if (ev->id == SYS_ID_none || ev->id >= SYS_IDS) {
		print_unknown(ev, b);
		return;
	}
	p.call = &sysdesc_table[ev->id];
	strbuf_addf(b, "%s(", p.call->name);
	for (unsigned i = 0; i < sysdesc_nargs(p.call); i++) {
		if (p.call->arg[i].kind == A_VIRT || is_meaningless(&p, i))
			break;
		strbuf_add(b, i ? ", " : "");
		print_arg(&p, i);
	}
	strbuf_addc(b, ')');
}

/* Accesses, in the words of a policy. */

void
rights_print(unsigned rights, struct strbuf *b)
{
	bool any = false;

	for (; rights; rights &= rights - 1) {
		const char *name = rights_name(rights & -rights);

		if (any)
			strbuf_addc(b, ',');
		strbuf_add(b, name ? name : "?");
		any = true;
	}
}

static void
print_path(const char *path, struct strbuf *b)
{
	static const char memfd[] = "/memfd:";

	/* A policy says memfd:x without the slash. */
	if (!strncmp(path, memfd, sizeof(memfd) - 1))
		path++;
	pattern_print_literal(path, strlen(path), b);
}

static void
print_address(const struct access *a, struct strbuf *b)
{
	struct netaddr addr = a->addr;

	/* As rules see it: a UDP socket takes AF_UNSPEC for AF_INET. */
	if (!addr.family && a->rights & (R_SEND | R_BIND))
		addr.family = NA_INET;
	if (a->rights & R_SOCKET) {
		netaddr_print_family(a->addr.family, b);
	} else if (a->addr.family == NA_UNIX && !a->addr.abstract && a->path) {
		strbuf_add(b, "unix:");
		pattern_print_literal(a->path, strlen(a->path), b);
	} else {
		netaddr_print(&addr, b);
	}
}

void
object_print(const struct access *a, struct strbuf *b)
{
	static const char *const classes[] = {
		[PROC_SUPERVISOR] = "supervisor", [PROC_OUTSIDE] = "any", [PROC_TREE] = "tree", [PROC_SELF] = "self",
	};

	if (a->kind == ACC_ADDR)
		print_address(a, b);
	else if (a->kind == ACC_PROC)
		strbuf_add(b, a->proc <= PROC_SELF ? classes[a->proc] : "?");
	else
		print_path(a->path ? a->path : "?", b);
	if (a->tree)
		strbuf_add(b, "/**");
}

void
access_print(const struct access *a, struct strbuf *b)
{
	rights_print(a->rights, b);
	strbuf_addc(b, ' ');
	object_print(a, b);
}
