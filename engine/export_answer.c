/* SPDX-License-Identifier: ISC */
/* The answer to a call: all that engine/decide.c asks, with what can be known without looking. */
#include <string.h>

#include "engine/demux.h"
#include "engine/export_int.h"

/* Constants of the kernel's interface; nothing here includes its headers. */
enum {
	O_ACCESS = 3, O_READ = 0, O_WRITE = 1,
	O_MAKE = 0100, O_CUT = 01000, O_NAME_ONLY = 010000000,
	AT_NO_PATH = 0x1000, TYPE_MASK = 0xf, TYPE_PACKET = 10, FAMILY_PACKET = 17, NEW_THREAD = 0x10000,
};

/* One evaluation; false once something has to be asked first. */
struct trying {
	struct asking *x;
	unsigned layer;
	const struct policy *p;		/* of that layer */
	enum sys_id id;
	struct regmap map;
	bool alone_refused;		/* without an object; with one its rules decide */
	struct outcome o;
};

static bool try_call(struct trying *, enum sys_id, const struct regmap *);

void
outcome_refuse(struct outcome *o, unsigned action, int err)
{
	struct giving g = refused(action, err);

	o->loud = true;
	if (o->refused && o->action <= g.action)
		return;
	o->refused = true;
	o->action = g.action;
	o->err = g.err;
}

static void
be_unsure(struct outcome *o, unsigned why)
{
	o->unsure = true;
	o->why |= why;
}

static void
follow(struct outcome *o, const struct giving *g, unsigned why)
{
	if (g->can == NEVER)
		outcome_refuse(o, g->action, g->err);
	else if (g->can == MAYBE)
		be_unsure(o, why);
}

/* The floor. */

static bool
try_floor(struct trying *t)
{
	const struct policy *f = t->x->in->floor;

	for (uint32_t n = f ? f->call_at[t->id] : 0; f && n < f->call_at[t->id + 1]; n++) {
		const struct rule *r = f->sorted[OBJ_CALL][n];
		unsigned why = 0;
		enum tri v;

		if (policy_lifts(t->p, f->guards[r->guard]))
			continue;
		v = ask_condition(t->x, t->id, &t->map, &r->cond, &why);
		if (v == TRI_OPEN)
			return false;
		if (v == TRI_YES)
			outcome_refuse(&t->o, r->action, r->err);
		else if (v == TRI_UNSURE)
			be_unsure(&t->o, why);
	}
	return true;
}

static bool
try_children(struct trying *t)
{
	const struct setting *s = &t->p->children;
	int flags = sysdesc_arg(&sysdesc_table[t->id], "flags");
	enum tri v;

	if (s->action == ACT_ALLOW)
		return true;
	if (t->id == SYS_ID_fork || t->id == SYS_ID_vfork)
		outcome_refuse(&t->o, s->action, s->err);
	if (t->id != SYS_ID_clone && t->id != SYS_ID_clone3)
		return true;
	v = ask_masked(t->x, t->id, &t->map, (unsigned)flags, NEW_THREAD, NEW_THREAD);
	if (v == TRI_NO)
		outcome_refuse(&t->o, s->action, s->err);
	else if (v == TRI_UNSURE)
		be_unsure(&t->o, LOOK_MEMORY);
	return v != TRI_OPEN;
}

/* Objects. */

enum object_presence { ABSENT, PRESENT, PERHAPS };

static unsigned
reason_of(unsigned kind)
{
	return kind == OBJ_PATH ? LOOK_PATH : kind == OBJ_ADDR ? LOOK_ADDR : LOOK_PROC;
}

static unsigned
kind_of_arg(const struct argdesc *d)
{
	switch (d->kind) {
	case A_SOCKADDR:
	case A_MSGHDR:
	case A_MMSGHDR:
	case A_DOMAIN:
		return OBJ_ADDR;
	case A_PID:
	case A_KILLPID:
	case A_PIDFD:
		return OBJ_PROC;
	}
	return OBJ_PATH;
}

static void
need(struct trying *t, unsigned kind, unsigned rights)
{
	for (unsigned left = rights; left; left &= left - 1) {
		struct giving g = right_given(t->x->in, t->layer, left & -left);

		follow(&t->o, &g, reason_of(kind));
	}
}

/* One of two rights, and only the object says which. */
static void
need_either(struct trying *t, unsigned a, unsigned b)
{
	struct giving ga = right_given(t->x->in, t->layer, a), gb = right_given(t->x->in, t->layer, b);

	if (ga.can == NEVER && gb.can == NEVER)
		outcome_refuse(&t->o, gb.action, gb.err);
	else if (ga.can != ALWAYS || gb.can != ALWAYS)
		be_unsure(&t->o, LOOK_PATH);
}

static int
arg_of_vocab(enum sys_id id, unsigned vocab)
{
	for (unsigned i = 0; i < SYS_MAXARGS; i++)
		if (sysdesc_table[id].arg[i].kind != A_NONE && sysdesc_table[id].arg[i].vocab == vocab)
			return (int)i;
	return -1;
}

/* Every way to open: the least that is asked of any. */
static void
need_some_way_to_open(struct trying *t)
{
	static const uint16_t ways[] = { R_STAT, R_READ, R_WRITE, R_CREATE };
	struct giving g = { .can = NEVER };

	for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		g = right_given(t->x->in, t->layer, ways[i]);
		if (g.can != NEVER) {
			be_unsure(&t->o, LOOK_PATH | LOOK_MEMORY);
			return;
		}
	}
	outcome_refuse(&t->o, g.action, g.err);
}

static bool
need_by_access(struct trying *t, unsigned flags)
{
	enum tri read = ask_masked(t->x, t->id, &t->map, flags, O_ACCESS, O_READ);
	enum tri write = read == TRI_NO ? ask_masked(t->x, t->id, &t->map, flags, O_ACCESS, O_WRITE) : TRI_NO;

	if (read == TRI_OPEN || write == TRI_OPEN)
		return false;
	need(t, OBJ_PATH, read == TRI_YES ? R_READ : write == TRI_YES ? R_WRITE : R_READ | R_WRITE);
	return true;
}

static bool
need_to_make(struct trying *t, unsigned flags)
{
	uint64_t tmpfile = constant_value(constant_find("O_TMPFILE"), t->x->abi->name);
	enum tri cut = ask_masked(t->x, t->id, &t->map, flags, O_CUT, O_CUT), nameless, make;

	if (cut == TRI_OPEN)
		return false;
	if (cut == TRI_YES)
		need(t, OBJ_PATH, R_WRITE);
	nameless = ask_masked(t->x, t->id, &t->map, flags, tmpfile, tmpfile);
	if (nameless == TRI_OPEN)
		return false;
	if (nameless == TRI_YES) {
		need(t, OBJ_PATH, R_CREATE | R_WRITE);
		return true;
	}
	make = ask_masked(t->x, t->id, &t->map, flags, O_MAKE, O_MAKE);
	if (make == TRI_YES)
		need_either(t, R_CREATE, R_WRITE);
	return make != TRI_OPEN;
}

/* Would it matter how a file is opened? */
static bool
ways_differ(const struct trying *t)
{
	static const uint16_t ways[] = { R_STAT, R_READ, R_WRITE, R_CREATE };
	enum possible first = right_given(t->x->in, t->layer, ways[0]).can;

	for (unsigned i = 1; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (right_given(t->x->in, t->layer, ways[i]).can != first)
			return true;
	return false;
}

static bool
try_open(struct trying *t)
{
	int flags = arg_of_vocab(t->id, V_O);
	enum tri name_only;

	if (t->id == SYS_ID_creat) {
		need(t, OBJ_PATH, R_WRITE);
		need_either(t, R_CREATE, R_WRITE);
		return true;
	}
	if (flags < 0 || t->map.reg[flags] == REG_MEMORY || !ways_differ(t)) {
		need_some_way_to_open(t);
		return true;
	}
	name_only = ask_masked(t->x, t->id, &t->map, (unsigned)flags, O_NAME_ONLY, O_NAME_ONLY);
	if (name_only == TRI_OPEN)
		return false;
	if (name_only == TRI_YES) {
		need(t, OBJ_PATH, R_STAT);
		return true;
	}
	return need_by_access(t, (unsigned)flags) && need_to_make(t, (unsigned)flags);
}

/* A socket's family is in a register; SOCK_PACKET of inet is another family's. */
static bool
try_family(struct trying *t, unsigned arg)
{
	int type = arg_of_vocab(t->id, V_SOCK), family = -1;
	struct giving g;

	for (size_t i = 0; i < t->p->nsorted[OBJ_ADDR]; i++) {
		const struct rule *r = t->p->sorted[OBJ_ADDR][i];
		enum tri v;

		if (!(r->rights & R_SOCKET) || (r->addr.shape != ADDR_FAMILY && r->addr.shape != ADDR_IP))
			continue;
		v = ask_masked(t->x, t->id, &t->map, arg, ~(uint64_t)0, r->addr.family);
		if (v == TRI_OPEN)
			return false;
		if (v == TRI_UNSURE) {
			be_unsure(&t->o, LOOK_MEMORY);
			return true;
		}
		if (v == TRI_YES)
			family = r->addr.family;
	}
	if (family == NA_INET && type >= 0) {
		enum tri packet = ask_masked(t->x, t->id, &t->map, (unsigned)type, TYPE_MASK, TYPE_PACKET);

		if (packet == TRI_OPEN)
			return false;
		family = packet == TRI_YES ? FAMILY_PACKET : family;
	}
	g = family_given(t->p, family);
	follow(&t->o, &g, LOOK_CALLER);
	return true;
}

/* sendto(2) names an address or none; the others always need one. */
static bool
presence_of(struct trying *t, unsigned arg, enum object_presence *out)
{
	const struct argdesc *d = &sysdesc_table[t->id].arg[arg];
	enum tri none;

	*out = PRESENT;
	if (d->kind == A_MSGHDR || d->kind == A_MMSGHDR)
		*out = PERHAPS;
	if (d->kind != A_SOCKADDR || d->rights != R_SEND)
		return true;
	none = ask_masked(t->x, t->id, &t->map, arg, ~(uint64_t)0, 0);
	if (none == TRI_NO)
		none = ask_masked(t->x, t->id, &t->map, arg + 1, ~(uint64_t)0, 0);
	*out = none == TRI_YES ? ABSENT : none == TRI_UNSURE ? PERHAPS : PRESENT;
	return none != TRI_OPEN;
}

/* The same arguments without the path: what a call is on the descriptor before it. */
static struct regmap
without_arg(const struct regmap *m, unsigned arg)
{
	struct regmap out = *m;

	for (unsigned i = arg; i + 1 < SYS_MAXARGS; i++)
		out.reg[i] = m->reg[i + 1];
	return out;
}

/* newfstatat(3, "", ...) is fstat(3): where one is refused and the other is not, the flag has to be there. */
static bool
try_path(struct trying *t, unsigned arg)
{
	const struct argdesc *d = &sysdesc_table[t->id].arg[arg];
	int at = arg_of_vocab(t->id, V_AT);
	struct trying other = *t;
	struct regmap map;
	struct outcome before = t->o;
	enum tri empty;

	need(t, OBJ_PATH, d->rights);
	if (!t->o.refused || before.refused || !d->empty || at < 0)
		return true;
	empty = ask_masked(t->x, t->id, &t->map, (unsigned)at, AT_NO_PATH, AT_NO_PATH);
	if (empty == TRI_OPEN)
		return false;
	if (empty == TRI_NO)
		return true;
	map = without_arg(&t->map, arg);
	other.o = (struct outcome){ .refused = false };
	if (!try_call(&other, (enum sys_id)d->empty, &map))
		return false;
	if (!other.o.refused) {
		t->o = before;
		be_unsure(&t->o, LOOK_MEMORY | LOOK_PATH);
	}
	return true;
}

static bool
try_object(struct trying *t, unsigned arg, enum object_presence present)
{
	const struct argdesc *d = &sysdesc_table[t->id].arg[arg];
	struct outcome before = t->o;

	if (d->kind == A_DOMAIN)
		return try_family(t, arg);
	if (d->rights & R_OPEN)
		return try_open(t);
	if (present == PRESENT)
		return kind_of_arg(d) == OBJ_PATH ? try_path(t, arg) : (need(t, kind_of_arg(d), d->rights), true);
	need(t, kind_of_arg(d), d->rights);
	if (t->o.refused && !before.refused && !t->alone_refused) {
		t->o = before;		/* only where there is an address */
		be_unsure(&t->o, LOOK_MEMORY);
	} else if (!t->o.refused && t->alone_refused) {
		be_unsure(&t->o, LOOK_MEMORY);
	}
	return true;
}

/* Rules for the call. */

/* What rules that may decide would come to. */
struct candidates {
	bool any, allow, refuse, log;
	unsigned why;
};

static void
add_candidate(struct candidates *c, unsigned action, unsigned why, bool log)
{
	c->log |= log;
	c->any = true;
	c->allow |= action == ACT_ALLOW;
	c->refuse |= action != ACT_ALLOW;
	c->why |= why;
}

/* The first rule that decides for certain, and those before it that may; false: something is to be asked. */
static bool
find_rule(struct trying *t, struct candidates *c, const struct rule **out)
{
	const struct policy *p = t->p;

	*out = NULL;
	for (uint32_t n = p->call_at[t->id]; n < p->call_at[t->id + 1]; n++) {
		const struct rule *r = p->sorted[OBJ_CALL][n];
		unsigned why = 0;
		enum tri v = ask_condition(t->x, t->id, &t->map, &r->cond, &why);

		if (v == TRI_OPEN)
			return false;
		if (v == TRI_NO)
			continue;
		if (v == TRI_YES && !r->phase) {
			*out = r;
			return true;
		}
		add_candidate(c, r->action, why | (r->phase ? LOOK_PHASE : 0), r->log);
	}
	return true;
}

/* What one rule, or the default, and the candidates before it say together. */
static void
join(struct outcome *o, const struct candidates *c, unsigned action, int err, bool log)
{
	if (action != ACT_ALLOW && !c->allow)
		outcome_refuse(o, action, err);
	else if (action != ACT_ALLOW || c->refuse)
		be_unsure(o, c->why);
	else
		o->log |= log && !c->any;
	o->may_log |= c->log || (log && c->any);
}

/* What a rule that is certain to decide says; one that wants no line, and is alone, refuses without a word. */
static void
join_rule(struct outcome *o, const struct candidates *c, const struct rule *r)
{
	bool loud = o->loud || !r->quiet || c->any;

	join(o, c, r->action, r->err, r->log);
	if (r->action != ACT_ALLOW)
		o->loud = loud;
}

static void
try_default(struct trying *t, const struct candidates *c, enum object_presence objects)
{
	const struct setting *s = &t->p->fallback;

	if (objects == PRESENT)
		join(&t->o, c, ACT_ALLOW, 0, false);
	else if (objects == PERHAPS && s->action != ACT_ALLOW && c->allow)
		be_unsure(&t->o, LOOK_MEMORY | c->why);
	else if (objects == PERHAPS && s->action != ACT_ALLOW)
		t->alone_refused = true;
	else
		join(&t->o, c, call_always_possible(t->id) ? ACT_ALLOW : s->action, s->err, false);
}

/* Are there objects that the call needs rights on? */
static bool
look_for_objects(struct trying *t, enum object_presence found[SYS_MAXARGS], enum object_presence *most)
{
	*most = ABSENT;
	for (unsigned i = 0; i < SYS_MAXARGS; i++) {
		found[i] = ABSENT;
		if (!sysdesc_table[t->id].arg[i].rights)
			continue;
		if (!presence_of(t, i, &found[i]))
			return false;
		if (found[i] == PRESENT || *most == ABSENT)
			*most = found[i];
	}
	return true;
}

static bool
try_rules(struct trying *t)
{
	enum object_presence found[SYS_MAXARGS], most;
	struct candidates c = { .any = false };
	const struct rule *r;

	if (!look_for_objects(t, found, &most) || !find_rule(t, &c, &r))
		return false;
	if (r)
		join_rule(&t->o, &c, r);
	else
		try_default(t, &c, most);
	for (unsigned i = 0; i < SYS_MAXARGS; i++)
		if (found[i] != ABSENT && !try_object(t, i, found[i]))
			return false;
	return true;
}

static bool
try_call(struct trying *t, enum sys_id id, const struct regmap *map)
{
	t->id = id;
	t->map = *map;
	if (id == SYS_ID_none) {
		if (t->p->unknown.action != ACT_ALLOW)
			outcome_refuse(&t->o, t->p->unknown.action, t->p->unknown.err);
		return true;
	}
	return try_floor(t) && try_children(t) && try_rules(t);
}

/* Calls that carry others: which one is in a register, its arguments mostly in memory. */

static struct regmap
carried_map(const struct demux *d)
{
	struct regmap m;

	memset(m.reg, REG_MEMORY, sizeof(m.reg));
	for (unsigned i = 0; i < SYS_MAXREGS; i++)
		m.reg[i] = d->source[i].kind == DEMUX_REG ? (int8_t)d->source[i].reg :
		    d->source[i].kind == DEMUX_ZERO ? REG_ZERO : REG_MEMORY;
	return m;
}

static bool
try_carrier(struct trying *t, enum sys_id id)
{
	struct regmap own = regmap_of(t->x->abi, id);

	for (size_t i = 0; i < ndemux; i++) {
		const struct demux *d = &demux_table[i];
		struct regmap map = carried_map(d);
		enum tri v = d->carrier == id ? ask_masked(t->x, id, &own, 0, d->mask, d->call) : TRI_NO;

		if (v == TRI_OPEN)
			return false;
		if (v == TRI_YES)
			return try_call(t, (enum sys_id)d->meant, &map);
	}
	return try_call(t, SYS_ID_none, &own);
}

/* Layers. */

static void
add_outcome(struct outcome *all, const struct outcome *o)
{
	bool loud = all->loud || o->loud;

	if (o->refused)
		outcome_refuse(all, o->action, o->err);
	all->loud = loud;
	all->unsure |= o->unsure;
	all->why |= o->why;
	all->log |= o->log;
	all->may_log |= o->may_log;
}

bool
try_layers(struct asking *x, enum sys_id id, struct outcome *all)
{
	struct regmap map = regmap_of(x->abi, id);

	memset(all, 0, sizeof(*all));
	for (size_t i = 0; i < x->in->nlayers; i++) {
		struct trying t = { .x = x, .layer = (unsigned)i, .p = x->in->layer[i].policy };

		if (demux_carries(id) ? !try_carrier(&t, id) : !try_call(&t, id, &map))
			return false;
		add_outcome(all, &t.o);
	}
	return true;
}
