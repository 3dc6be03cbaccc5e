/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "tracer/calltext_read.h"

/* What a pointer is whose target was given as text: anything but NULL, on every ABI. */
enum { SOMEWHERE = 0x10000, MESSAGES_MAX = 64 };

/* Reads argument i at the cursor. */
typedef int arg_reader(struct call *, struct cursor *, unsigned i);

static enum vocab
vocab_of(const struct call *call, unsigned i)
{
	return call->desc->arg[i].vocab;
}

static int
read_number_arg(struct call *call, struct cursor *c, unsigned i)
{
	return read_value(c, vocab_of(call, i), &call->ev->arg[i].val);
}

int
read_register(struct call *call, struct cursor *c, unsigned i)
{
	skip_blanks(c);
	if (isdigit((unsigned char)*c->p) || strchr("-(", *c->p) || name_length(c))
		return read_number_arg(call, c, i);
	call->ev->arg[i].val = SOMEWHERE;
	return skip_value(c);
}

static int
read_pointer_arg(struct call *call, struct cursor *c, unsigned i)
{
	skip_blanks(c);
	if (isdigit((unsigned char)*c->p) || name_is(c, "NULL"))
		return read_number_arg(call, c, i);
	call->ev->arg[i].val = SOMEWHERE;
	return skip_value(c);
}

/* "3</etc/passwd>" */
static int
read_fd_arg(struct call *call, struct cursor *c, unsigned i)
{
	int r = read_number_arg(call, c, i);
	const char *end;
	char *note;

	if (r || *c->p != '<' || !strncmp(c->p, "<unfinished", 11))
		return r;
	end = strchr(c->p, '>');
	if (!end)
		return calltext_wrong(c, c->p, "\">\" is missing");
	note = arena_alloc(c->arena, (size_t)(end - c->p));
	if (!note)
		return calltext_wrong(c, c->p, "the call is too long");
	memcpy(note, c->p + 1, (size_t)(end - c->p) - 1);
	call->notes->fd[i] = note;
	c->p = end + 1;
	return 0;
}

static int
read_text_arg(struct call *call, struct cursor *c, unsigned i)
{
	struct argval *a = &call->ev->arg[i];
	const char *at;
	struct text t;
	int r;

	skip_blanks(c);
	at = c->p;
	if (*c->p != '"' && *c->p != '@')
		return read_number_arg(call, c, i);
	r = read_text(c, &t);
	if (r)
		return r;
	if (t.cut)
		return calltext_wrong(c, at, "the text is cut short; strace -s prints longer text");
	if (t.abstract || strlen(t.s) != t.len)
		return calltext_wrong(c, at, "the kernel would stop reading at the NUL");
	a->val = SOMEWHERE;
	a->str = t.s;
	return 0;
}

static int
read_sockaddr_arg(struct call *call, struct cursor *c, unsigned i)
{
	struct argval *a = &call->ev->arg[i];
	int r = read_sockaddr(c, a);

	if (a->mem)
		a->val = SOMEWHERE;
	return r;
}

/* Structures */

/* A structure on its way into the event: which argument, and where its address goes. */
struct into {
	struct call *call;
	struct argval *address;
	bool has_namelen;
	uint64_t namelen;
};

/* The virtual argument of that name; NULL when no verdict looks at it. */
static struct argval *
virtual_arg(struct call *call, const char *name, size_t len)
{
	for (unsigned i = call->nargs; i < SYS_MAXARGS; i++) {
		const struct argdesc *d = &call->desc->arg[i];

		if (d->kind == A_VIRT && strlen(d->name) == len && !memcmp(d->name, name, len))
			return &call->ev->arg[i];
	}
	return NULL;
}

static int
read_virtual(void *ctx, struct cursor *c, const struct field *f)
{
	struct call *call = ctx;
	struct argval *a = virtual_arg(call, f->name, f->len);

	if (!a)
		return skip_value(c);
	return read_value(c, vocab_of(call, (unsigned)(a - call->ev->arg)), &a->val);
}

/* struct open_how, struct clone_args */
static int
read_virtuals_arg(struct call *call, struct cursor *c, unsigned i)
{
	skip_blanks(c);
	if (*c->p != '{')
		return read_number_arg(call, c, i);
	call->ev->arg[i].val = SOMEWHERE;
	return read_struct(c, read_virtual, call);
}

/* cmsg_data=[3, 4]: how many. */
static int
count_array(struct cursor *c, uint64_t *n)
{
	int r = 0;

	for (*n = 0; !r && !skip_char(c, ']'); ++*n) {
		r = skip_value(c);
		if (!r && *c->p != ']' && !skip_char(c, ','))
			r = calltext_wrong(c, c->p, "expected \",\" or \"]\"");
	}
	return r;
}

/* One control message: only descriptors that are passed count. */
struct control {
	bool passes;
	uint64_t n;
};

static int
read_control_field(void *ctx, struct cursor *c, const struct field *f)
{
	struct control *m = ctx;

	skip_blanks(c);
	if (field_is(f, "cmsg_type"))
		m->passes = name_is(c, "SCM_RIGHTS") || strtoul(c->p, NULL, 0) == SCM_RIGHTS;
	if (field_is(f, "cmsg_data") && skip_char(c, '['))
		return count_array(c, &m->n);
	return skip_value(c);
}

/* msg_control=[{cmsg_len=20, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[3]}] */
static int
read_control(struct call *call, struct cursor *c)
{
	struct argval *rights = virtual_arg(call, "scm_rights", strlen("scm_rights"));
	int r = 0;

	if (!rights || !skip_char(c, '['))
		return skip_value(c);
	while (!r && !skip_char(c, ']')) {
		struct control m = { 0 };

		r = read_struct(c, read_control_field, &m);
		rights->val += m.passes ? m.n : 0;
		if (!r && *c->p != ']' && !skip_char(c, ','))
			r = calltext_wrong(c, c->p, "expected \",\" or \"]\"");
	}
	return r;
}

/* msg_controllen=, or the value itself as the log has it; the messages of one call add up. */
static int
add_virtual(struct cursor *c, struct argval *a)
{
	uint64_t v;
	int r = read_value(c, V_NONE, &v);

	a->val += r ? 0 : v;
	return r;
}

static int
read_msg_name(struct cursor *c, struct argval *address)
{
	struct argval a = { 0 };
	int r = read_sockaddr(c, &a);

	address->mem = a.mem;
	address->len = a.len;
	return r;
}

static int
read_msghdr_field(void *ctx, struct cursor *c, const struct field *f)
{
	struct into *into = ctx;
	size_t prefix = field_is(f, "msg_controllen") ? strlen("msg_") : 0;
	struct argval *virtual = virtual_arg(into->call, f->name + prefix, f->len - prefix);

	if (field_is(f, "msg_hdr"))
		return read_struct(c, read_msghdr_field, into);
	if (field_is(f, "msg_name"))
		return read_msg_name(c, into->address);
	if (field_is(f, "msg_namelen")) {
		into->has_namelen = true;
		return read_value(c, V_NONE, &into->namelen);
	}
	if (field_is(f, "msg_control"))
		return read_control(into->call, c);
	return virtual ? add_virtual(c, virtual) : skip_value(c);
}

void
fit_address(struct argval *a, uint64_t len)
{
	if (!a->mem)
		return;
	a->len = len < 128 ? (uint32_t)len : 128;
	if (!a->len)
		a->mem = NULL;
}

static int
read_msghdr(struct call *call, struct cursor *c, struct argval *address)
{
	struct into into = { .call = call, .address = address };
	int r = read_struct(c, read_msghdr_field, &into);

	if (!r && into.has_namelen)
		fit_address(address, into.namelen);
	return r;
}

static int
read_msghdr_arg(struct call *call, struct cursor *c, unsigned i)
{
	skip_blanks(c);
	if (*c->p != '{')
		return read_number_arg(call, c, i);
	call->ev->arg[i].val = SOMEWHERE;
	return read_msghdr(call, c, &call->ev->arg[i]);
}

/* [{msg_hdr={…}, msg_len=…}, …] */
static int
read_mmsghdr_arg(struct call *call, struct cursor *c, unsigned i)
{
	struct argval *more;
	int r = 0;

	if (!skip_char(c, '['))
		return read_msghdr_arg(call, c, i);
	more = arena_alloc(c->arena, MESSAGES_MAX * sizeof(*more));
	if (!more)
		return calltext_wrong(c, c->p, "the call is too long");
	call->ev->arg[i].val = SOMEWHERE;
	for (unsigned k = 0; !r && !skip_char(c, ']'); k++) {
		if (k == MESSAGES_MAX)
			return calltext_wrong(c, c->p, "more than %d messages", MESSAGES_MAX);
		r = read_msghdr(call, c, k ? &more[k - 1] : &call->ev->arg[i]);
		call->ev->nmore = k;
		if (!r && *c->p != ']' && !skip_char(c, ','))
			r = calltext_wrong(c, c->p, "expected \",\" or \"]\"");
	}
	call->ev->more = more;
	return r;
}

static arg_reader *const readers[ARGKINDS] = {
	[A_INT]		= read_number_arg,
	[A_UINT]	= read_number_arg,
	[A_UINT16]	= read_number_arg,
	[A_LONG]	= read_register,
	[A_ULONG]	= read_register,
	[A_OFF64]	= read_number_arg,
	[A_PTR]		= read_pointer_arg,
	[A_FD]		= read_fd_arg,
	[A_DIRFD]	= read_fd_arg,
	[A_FLAGS]	= read_number_arg,
	[A_LFLAGS]	= read_number_arg,
	[A_ENUM]	= read_number_arg,
	[A_DOMAIN]	= read_number_arg,
	[A_SIG]		= read_number_arg,
	[A_PID]		= read_fd_arg,
	[A_KILLPID]	= read_fd_arg,
	[A_PIDFD]	= read_fd_arg,
	[A_STR]		= read_text_arg,
	[A_PATH]	= read_text_arg,
	[A_LPATH]	= read_text_arg,
	[A_ENTRY]	= read_text_arg,
	[A_SOCKADDR]	= read_sockaddr_arg,
	[A_MSGHDR]	= read_msghdr_arg,
	[A_MMSGHDR]	= read_mmsghdr_arg,
	[A_OPENHOW]	= read_virtuals_arg,
	[A_CLONEARGS]	= read_virtuals_arg,
	[A_ARGV]	= read_pointer_arg,
};

int
read_argument(struct call *call, struct cursor *c, unsigned i)
{
	return readers[call->desc->arg[i].kind](call, c, i);
}
