/* SPDX-License-Identifier: ISC */
#include "tracer/calltext.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/policy.h"
#include "lib/strbuf.h"
#include "tracer/abi_calls.h"
#include "tracer/calltext_read.h"

static int read_prefix(struct cursor *);
static int read_call_name(struct call *, struct cursor *, const struct abi *);
static int read_args(struct call *, struct cursor *);
static int read_result(struct cursor *);
static int check_given(struct call *, struct cursor *);
static void cut_to_width(struct sysevent *, const struct sysdesc *);
static void fit_addresses(struct call *);

int
calltext_parse(const char *line, const struct abi *abi, struct arena *arena, struct sysevent *ev,
    struct calltext_notes *notes, struct calltext_error *error)
{
	struct calltext_notes unused;
	struct cursor c = { line, line, abi->name, arena, error };
	struct call call = { .ev = ev, .notes = notes ? notes : &unused };
	int r;

	memset(ev, 0, sizeof(*ev));
	memset(call.notes, 0, sizeof(*call.notes));
	memset(error, 0, sizeof(*error));
	ev->abi = abi->name;
	ev->wordsize = abi->wordsize;
	r = read_prefix(&c);
	if (!r)
		r = read_call_name(&call, &c, abi);
	if (!r)
		r = read_args(&call, &c);
	if (!r)
		r = read_result(&c);
	if (!r)
		r = check_given(&call, &c);
	if (r)
		return r;
	fit_addresses(&call);
	cut_to_width(ev, call.desc);
	return 0;
}

/* Before the arguments */

/* "[pid 123] ", "123 ", "12:34:56.789 ", "[ffff1234] ": a word of digits, or anything in brackets. */
static int
read_prefix(struct cursor *c)
{
	for (;;) {
		size_t n;

		skip_blanks(c);
		if (!*c->p || *c->p == '#' || !strncmp(c->p, "---", 3) || !strncmp(c->p, "+++", 3))
			return -ENOMSG;
		if (!strncmp(c->p, "<... ", 5))
			return -ENOMSG;	/* the second half of a call that was decided in its first */
		if (*c->p == '[') {
			const char *end = strchr(c->p, ']');

			if (!end)
				return calltext_wrong(c, c->p, "the closing bracket is missing");
			c->p = end + 1;
			continue;
		}
		n = strspn(c->p, "0123456789:.");
		if (!n)
			return 0;
		c->p += n;
	}
}

static int
unknown_call(struct cursor *c, const char *name)
{
	const char *words[SYS_IDS];
	const char *near;
	size_t n = 0;

	for (unsigned id = SYS_ID_none + 1; id < SYS_IDS; id++)
		words[n++] = sysdesc_table[id].name;
	words[n] = NULL;
	near = nearest_word(name, words);
	if (near)
		return calltext_wrong(c, c->p, "unknown call \"%s\"; did you mean \"%s\"?", name, near);
	return calltext_wrong(c, c->p, "unknown call \"%s\"", name);
}

/* "syscall_0x1c3": strace's word for a number without a name. */
static bool
find_by_number(struct sysevent *ev, const char *name, const struct abi *abi)
{
	const char *known;
	char *end;

	if (strncmp(name, "syscall_", 8) || !isdigit((unsigned char)name[8]))
		return false;
	ev->nr = (uint32_t)strtoul(name + 8, &end, 0);
	if (*end)
		return false;
	known = abi_call_name(abi, ev->nr);
	ev->id = known ? sysdesc_find(known) : SYS_ID_none;
	return true;
}

/* A call that an ABI has only inside another one: socketcall(2), ipc(2) of i386. */
static int64_t
carrier_nr(const struct abi *abi, enum sys_id id)
{
	const struct demux *m = abi_next_carrier(abi, id, NULL);

	return m ? abi_call_nr(abi, sysdesc_table[m->carrier].name) : -1;
}

static int
find_by_name(struct call *call, struct cursor *c, const char *name, const struct abi *abi)
{
	struct sysevent *ev = call->ev;
	int64_t nr;

	ev->id = sysdesc_find(name);
	if (ev->id == SYS_ID_none && find_by_number(ev, name, abi))
		return 0;
	if (ev->id == SYS_ID_none)
		return unknown_call(c, name);
	nr = abi_call_nr(abi, name);
	if (nr < 0)
		nr = carrier_nr(abi, ev->id);
	if (nr < 0)
		return calltext_wrong(c, c->p, "%s has no call \"%s\"", abi->name, name);
	ev->nr = (uint32_t)nr;
	return 0;
}

static int
read_call_name(struct call *call, struct cursor *c, const struct abi *abi)
{
	size_t n = name_length(c);
	char name[64];
	int r;

	if (n == 0 || n >= sizeof(name))
		return calltext_wrong(c, c->p, "expected the name of a call");
	memcpy(name, c->p, n);
	name[n] = '\0';
	r = find_by_name(call, c, name, abi);
	if (r)
		return r;
	c->p += n;
	call->desc = &sysdesc_table[call->ev->id];
	while (call->nargs < SYS_MAXREGS && call->desc->arg[call->nargs].kind != A_NONE &&
	    call->desc->arg[call->nargs].kind != A_VIRT)
		call->nargs++;
	return 0;
}

/* All arguments */

/* strace's names for arguments where they are not the man page's. */
static const struct {
	const char *strace;
	const char *name;
} aliases[] = {
	{ "child_stack",	"stack" },
	{ "child_tidptr",	"child_tid" },
	{ "parent_tidptr",	"parent_tid" },
};

static int
find_named(struct call *call, struct cursor *c, const struct field *f, unsigned *i)
{
	for (unsigned k = 0; k < call->nargs; k++) {
		const char *name = call->desc->arg[k].name;

		if (field_is(f, name)) {
			*i = k;
			return 0;
		}
		for (size_t a = 0; a < sizeof(aliases) / sizeof(aliases[0]); a++) {
			if (!strcmp(aliases[a].name, name) && field_is(f, aliases[a].strace)) {
				*i = k;
				return 0;
			}
		}
	}
	return calltext_wrong(c, f->name, "%s has no argument \"%.*s\"", call->desc->name, (int)f->len, f->name);
}

/* The words of a call that is in no table: registers, so numbers. */
static int
read_unknown_arg(struct call *call, struct cursor *c, unsigned i)
{
	if (i >= SYS_MAXREGS)
		return calltext_wrong(c, c->p, "a call has %d arguments at most", SYS_MAXREGS);
	return read_register(call, c, i);
}

static int
too_many(struct call *call, struct cursor *c)
{
	return calltext_wrong(c, c->p, "%s takes %u argument%s", call->desc->name, call->nargs,
	    call->nargs == 1 ? "" : "s");
}

static int
read_arg(struct call *call, struct cursor *c, unsigned i)
{
	struct field f;

	if (call->ev->id == SYS_ID_none)
		return read_unknown_arg(call, c, i);
	if (read_field_name(c, &f)) {
		int r = find_named(call, c, &f, &i);

		if (r)
			return r;
	}
	if (i >= call->nargs)
		return *c->p == '{' ? skip_value(c) : too_many(call, c);	/* rt_sigreturn({mask=[]}) */
	call->given |= 1u << i;
	return read_argument(call, c, i);
}

static bool
skip_unfinished(struct cursor *c)
{
	skip_blanks(c);
	if (strncmp(c->p, "<unfinished", 11))
		return false;
	c->p += strlen(c->p);
	return true;
}

static int
read_args(struct call *call, struct cursor *c)
{
	if (!skip_char(c, '('))
		return calltext_wrong(c, c->p, "expected \"(\" behind the name");
	if (skip_char(c, ')') || skip_unfinished(c))
		return 0;
	for (unsigned i = 0;; i++) {
		int r = read_arg(call, c, i);

		skip_blanks(c);
		if (!r && !strncmp(c->p, "=>", 2))	/* {before} => {after} */
			r = skip_value(c);
		if (r)
			return r;
		if (skip_unfinished(c) || skip_char(c, ')'))
			return 0;
		if (!skip_char(c, ','))
			return calltext_wrong(c, c->p, *c->p ? "expected \",\" or \")\"" : "the closing \")\" is missing");
		if (skip_unfinished(c))
			return 0;
	}
}

/*
 * What is left out counts as 0, but not where 0 would be an answer that nobody
 * gave: the flags of an open, a name.  Without AT_* flags, or those of
 * waiting, none is what is meant.
 */
static bool
decides(const struct argdesc *a)
{
	static const bool kinds[ARGKINDS] = {
		[A_FLAGS] = true, [A_LFLAGS] = true, [A_ENUM] = true, [A_DOMAIN] = true, [A_SIG] = true,
		[A_PID] = true, [A_KILLPID] = true, [A_PIDFD] = true, [A_DIRFD] = true,
		[A_PATH] = true, [A_LPATH] = true, [A_ENTRY] = true, [A_OPENHOW] = true, [A_CLONEARGS] = true,
	};

	return kinds[a->kind] && a->vocab != V_AT && a->vocab != V_W;
}

static int
check_given(struct call *call, struct cursor *c)
{
	for (unsigned i = 0; call->ev->id != SYS_ID_none && i < SYS_MAXREGS; i++)
		if (decides(&call->desc->arg[i]) && !(call->given & 1u << i))
			return calltext_wrong(c, c->p, "%s needs its argument \"%s\"", call->desc->name, call->desc->arg[i].name);
	return 0;
}

static int
read_result(struct cursor *c)
{
	skip_blanks(c);
	if (!*c->p || *c->p == '=' || *c->p == ';' || *c->p == '#')
		return 0;
	return calltext_wrong(c, c->p, "one call at a time: there is more text behind this one");
}

/* Widths */

/* An address' length is the next argument; when that was left out it is the address' own. */
static void
fit_addresses(struct call *call)
{
	for (unsigned i = 0; i + 1 < call->nargs; i++) {
		struct argval *a = &call->ev->arg[i];

		if (call->desc->arg[i].kind != A_SOCKADDR || !a->mem)
			continue;
		if (call->given & 1u << (i + 1))
			fit_address(a, a[1].val & UINT32_MAX);
		else
			a[1].val = a->len;
	}
}

static void
cut_to_width(struct sysevent *ev, const struct sysdesc *d)
{
	for (unsigned i = 0; i < SYS_MAXARGS; i++) {
		const struct argdesc *a = &d->arg[i];

		if (a->kind != A_NONE)
			ev->arg[i].val = argwidth_cut(kinddesc_table[a->kind].width, ev->wordsize, ev->arg[i].val);
	}
}
