/* SPDX-License-Identifier: ISC */
/*
 * What holds for every policy, tried on many.  tests/mutants.sh breaks the engine
 * in small ways and looks that each of these notices.
 */
#include "tests/unit/policy_rig.h"

#include <stdint.h>

#include "engine/policy_int.h"
#include "tests/unit/policy_draft.h"
#include "tests/unit/run.h"

/* So that some moves are let in. */
static const char *const openings[] = {
	"allow read,write,create,delete /a/**, /usr/lib/**", "allow read,write,create,delete,exec /**",
	"allow read,write,create,delete /**\nallow connect unix\ndeny connect unix:/a/b",
	"allow read,write,create,delete /**\nallow attr /a/**\ndeny exec /a/b/c",
};

enum { POLICIES = 400, MAX_ADDED = 8 };

static struct rig_call call[NEVENTS];
static struct policy *the_floor;

static void
setup(void)
{
	static const char text[] = "policy 1\nguard ptrace {\ndeny EPERM syscall ptrace\ndeny EPERM write /proc/[0-9]*/mem\n}\n";

	the_floor = policy_load_floor(&rig_host, text, &rig_errors);
	ck_assert_msg(the_floor, "%s", rig_errors.text);
	for (int i = 0; i < NEVENTS; i++) {
		char event[512];
		size_t n = strcspn(events[i], "; ");

		snprintf(event, sizeof(event), "%.*s %s%s", (int)n, events[i], callers[i % 5], events[i] + n);
		rig_event(&call[i], event);
	}
}

static void
teardown(void)
{
	policy_free(the_floor);
}

static struct policy *
compile(const struct draft *d)
{
	char text[(MAX_LINES + 1) * LINE + 64] = "policy 1\n";

	for (unsigned i = 0; i < d->n; i++) {
		strcat(text, d->line[i]);
		strcat(text, "\n");
	}
	return rig_load_good(text);
}

static void
dump(const struct draft *d, const char *event)
{
	for (unsigned i = 0; i < d->n; i++)
		fprintf(stderr, "%s\n", d->line[i]);
	fprintf(stderr, "-> %s\n", event);
}

static bool
same(const struct verdict *a, const struct verdict *b)
{
	return a->action == b->action && a->err == b->err && a->reason == b->reason && a->rights == b->rights &&
	    a->access == b->access && a->log == b->log && a->quiet == b->quiet;
}

/* Phases have other numbers where they stand in another order: "p3" is open when bit 3 is set. */
static struct layer
layer_of(const struct policy *p, uint32_t drafted)
{
	struct layer l = { .policy = p };
	const char *name;

	for (unsigned n = 0; (name = policy_phase_name(p, n, NULL)); n++)
		l.phases |= (drafted >> strtoul(name + 1, NULL, 10) & 1) << n;
	return l;
}

static struct verdict
decide(const struct policy *p, uint32_t drafted, int event)
{
	struct layer l = layer_of(p, drafted);

	return policy_decide(the_floor, &l, 1, &call[event].ev);
}

static uint32_t
drafted_of(const struct policy *p, uint32_t phases)
{
	uint32_t drafted = 0;

	for (unsigned n = 0; n < MAX_PHASES; n++)
		if (phases >> n & 1)
			drafted |= 1u << strtoul(policy_phase_name(p, n, NULL) + 1, NULL, 10);
	return drafted;
}

static const struct moment moments[] = { { .exec = true }, { .mark = "m" }, { .mark = "n" }, { .elapsed_ms = 1000 } };
enum { NMOMENTS = sizeof(moments) / sizeof(moments[0]) };

static uint32_t
ended(const struct policy *p, uint32_t drafted, const struct moment *m)
{
	struct layer l = layer_of(p, drafted);

	return drafted_of(p, policy_phases_ended(&l, m));
}

/* What an exec adds, as bits: in no order. */
static unsigned
added(const struct policy *p, uint32_t drafted, int event)
{
	static const char *const names[] = { "base/drop", "first", "second", "mirror" };
	const struct policy *out[MAX_ADDED];
	struct layer l = layer_of(p, drafted);
	size_t n = policy_transitions(&l, &call[event].ev, out, MAX_ADDED);
	unsigned set = 0;

	ck_assert_uint_le(n, MAX_ADDED);
	for (size_t i = 0; i < n; i++)
		for (unsigned k = 0; k < 4; k++)
			set |= (unsigned)!strcmp(policy_name(out[i]), names[k]) << k;
	return set;
}

/* Two texts of one policy: the same verdicts, exec by exec the same policies, moment by moment the same ends. */
static void
check_same(const struct draft *d, const struct policy *p, const struct policy *q)
{
	uint32_t open = pick(1 << MAX_LINES);

	for (int i = 0; i < NEVENTS; i++) {
		struct verdict v = decide(p, open, i), w = decide(q, open, i);
		struct moment m = { .call = &call[i].ev };
		bool alike = same(&v, &w) && added(p, open, i) == added(q, open, i) && ended(p, open, &m) == ended(q, open, &m);

		if (!alike)
			dump(d, events[i]);
		ck_assert(alike);
	}
	for (int i = 0; i < NMOMENTS; i++)
		ck_assert_uint_eq(ended(p, open, &moments[i]), ended(q, open, &moments[i]));
}

static void
shuffle(struct draft *d)
{
	for (unsigned i = d->n; i > 1; i--) {
		unsigned k = pick(i);
		char line[LINE];

		memcpy(line, d->line[i - 1], LINE);
		memcpy(d->line[i - 1], d->line[k], LINE);
		memcpy(d->line[k], line, LINE);
	}
}

START_TEST(order_never_matters)
{
	for (int n = 0; n < 4 * POLICIES; n++) {
		struct draft d, e;
		struct policy *p, *q;

		draft_policy(&d);
		e = d;
		shuffle(&e);
		p = compile(&d);
		q = compile(&e);
		check_same(&d, p, q);
		policy_free(p);
		policy_free(q);
	}
}
END_TEST

/* Found by looking at every rule, not only at those that can match. */
static const struct rule *
most_specific(const struct layer *l, const struct sysevent *ev, const char *path, unsigned right)
{
	const struct policy *p = l->policy;
	const struct rule *best = NULL;

	for (size_t i = 0; i < p->nrules; i++) {
		const struct rule *r = p->rule[i];

		if (r->kind != OBJ_PATH || !(r->rights & right) || r->path.anonymous != path_anonymous(path, strlen(path)) ||
		    !pattern_match(&r->path, path, strlen(path)) || !rule_is_open(r, l->phases) || !condition_holds(&r->cond, ev))
			continue;
		if (!best || r->rank > best->rank || (r->rank == best->rank && (r->terms > best->terms ||
		    (r->terms == best->terms && r->action < best->action))))
			best = r;
	}
	return best;
}

START_TEST(the_most_specific_decides)
{
	static const char *const starts[] = { "", "a", "a/b", "lib", "usr/lib", "l", "a/b/c", "ab" };
	static const char *const ends[] = { "", "/", "/c", "/x", "/b/c", "/q/r/c" };

	for (int n = 0; n < POLICIES; n++) {
		struct draft d;
		struct policy *p;

		draft_policy(&d);
		p = compile(&d);
		for (int i = 0; i < 50; i++) {
			char path[64];
			struct access a = { .kind = ACC_PATH, .rights = (uint16_t)(1u << pick(7)), .path = path };
			struct sysevent ev = call[pick(4)].ev;
			struct layer l = layer_of(p, pick(1 << MAX_LINES));
			struct verdict v;
			const struct rule *r;

			ev.id = SYS_ID_rename;
			ev.access = &a;
			ev.naccess = 1;

			snprintf(path, sizeof(path), "/%s%s", PICK(starts), PICK(ends));
			v = policy_decide(NULL, &l, 1, &ev);
			r = most_specific(&l, &ev, path, a.rights);
			ck_assert_int_eq(v.reason, r ? WHY_RULE : WHY_DEFAULT);
			if (r)
				ck_assert_int_eq(v.action, r->action);
		}
		policy_free(p);
	}
}
END_TEST

START_TEST(deciding_twice_is_deciding_once)
{
	for (int n = 0; n < POLICIES / 4; n++) {
		struct draft d;
		struct policy *p;

		draft_policy(&d);
		p = compile(&d);
		for (int i = 0; i < NEVENTS; i++) {
			struct verdict v = decide(p, 0x555, i), w = decide(p, 0x555, i);

			ck_assert(same(&v, &w));
		}
		policy_free(p);
	}
}
END_TEST

START_TEST(a_layer_never_allows_more)
{
	for (int n = 0; n < POLICIES; n++) {
		struct draft d, e;
		struct layer layers[2];

		draft_policy(&d);
		draft_policy(&e);
		layers[0] = layer_of(compile(&d), pick(1 << MAX_LINES));
		layers[1] = layer_of(compile(&e), pick(1 << MAX_LINES));
		for (int i = 0; i < NEVENTS; i++) {
			struct verdict one = policy_decide(the_floor, layers, 1, &call[i].ev);
			struct verdict other = policy_decide(the_floor, layers + 1, 1, &call[i].ev);
			struct verdict both = policy_decide(the_floor, layers, 2, &call[i].ev);

			ck_assert_int_eq(both.action, one.action < other.action ? one.action : other.action);
		}
		policy_free(layers[0].policy);
		policy_free(layers[1].policy);
	}
}
END_TEST

START_TEST(a_refusing_line_never_allows_more)
{
	for (int n = 0; n < POLICIES; n++) {
		struct draft d;
		struct policy *p, *q;

		draft_policy(&d);
		p = compile(&d);
		d.line[d.n][0] = '\0';
		draft_rule(d.line[d.n++], PICK(refusals));
		q = compile(&d);
		for (int i = 0; i < NEVENTS; i++) {
			struct verdict v = decide(p, 0x333, i), w = decide(q, 0x333, i);

			/* What the new name may not do any more, it does not gain. */
			if (v.reason == WHY_MOVE)
				continue;
			if (w.action == ACT_ALLOW && v.action != ACT_ALLOW)
				dump(&d, events[i]);
			ck_assert(w.action != ACT_ALLOW || v.action == ACT_ALLOW);
		}
		policy_free(p);
		policy_free(q);
	}
}
END_TEST

/* What a phase gave and its end takes; and an exec adds no fewer policies afterwards. */
START_TEST(an_end_never_allows_more)
{
	for (int n = 0; n < 2 * POLICIES; n++) {
		uint32_t before = pick(1 << MAX_LINES), after = before & pick(1 << MAX_LINES);
		struct draft d;
		struct policy *p;

		draft_policy(&d);
		p = compile(&d);
		for (int i = 0; i < NEVENTS; i++) {
			struct verdict v = decide(p, before, i), w = decide(p, after, i);
			bool less = w.action <= v.action && (w.action != ACT_ALLOW || !(added(p, before, i) & ~added(p, after, i)));

			if (!less)
				dump(&d, events[i]);
			ck_assert(less);
		}
		policy_free(p);
	}
}
END_TEST

static bool
is_child(int event)
{
	return call[event].ev.id == SYS_ID_fork || call[event].ev.id == SYS_ID_vfork || !strcmp(events[event], "clone flags=17");
}

/* `children deny` refuses new processes, and nothing else; threads are none. */
START_TEST(children_are_all_that_is_refused)
{
	for (int n = 0; n < POLICIES; n++) {
		struct draft d;
		struct policy *p, *q;

		draft_policy(&d);
		for (unsigned i = 0; i < d.n; i++)
			if (!strncmp(d.line[i], "children", 8))
				strcpy(d.line[i], "children inherit");
		p = compile(&d);
		for (unsigned i = 0; i < d.n; i++)
			if (!strncmp(d.line[i], "children", 8))
				d.line[i][0] = '\0';
		strcpy(d.line[d.n++], "children deny");
		q = compile(&d);
		for (int i = 0; i < NEVENTS; i++) {
			struct verdict v = decide(p, 0x555, i), w = decide(q, 0x555, i);

			ck_assert(is_child(i) ? w.action <= v.action && w.action <= ACT_DENY : same(&v, &w));
		}
		policy_free(p);
		policy_free(q);
	}
}
END_TEST

/* The next image has the layers of the one that executes it, and those that it adds. */
START_TEST(an_exec_never_allows_more)
{
	for (int n = 0; n < POLICIES / 4; n++) {
		struct draft d;
		struct policy *p;

		draft_policy(&d);
		p = compile(&d);
		for (int i = 0; i < NEVENTS; i++) {
			const struct policy *out[MAX_ADDED];
			struct layer layers[1 + MAX_ADDED] = { layer_of(p, 0x555) };
			size_t more = policy_transitions(layers, &call[i].ev, out, MAX_ADDED);

			for (size_t k = 0; k < more; k++)
				layers[1 + k] = (struct layer){ .policy = out[k], .phases = policy_phases(out[k]) };
			for (int k = 0; more && k < NEVENTS; k++)
				ck_assert_int_le(policy_decide(the_floor, layers, 1 + more, &call[k].ev).action,
				    policy_decide(the_floor, layers, 1, &call[k].ev).action);
		}
		policy_free(p);
	}
}
END_TEST

/* What nobody knows of the caller never lets a call in that asks for it. */
START_TEST(not_knowing_never_allows_more)
{
	for (int n = 0; n < POLICIES; n++) {
		struct draft d;
		struct policy *p;

		draft_policy(&d);
		p = compile(&d);
		for (int i = 0; i < NEVENTS; i++) {
			struct layer l = layer_of(p, 0x555);
			struct sysevent ev = call[i].ev;
			struct verdict v = policy_decide(the_floor, &l, 1, &ev), w;

			ev.caller = NULL;
			ev.process = NULL;
			w = policy_decide(the_floor, &l, 1, &ev);
			ck_assert(w.action != ACT_ALLOW || v.action == ACT_ALLOW);
		}
		policy_free(p);
	}
}
END_TEST

/* May an object of this name be used so, by this caller, in these phases? */
static bool
has_right(const struct layer *l, const struct sysevent *as, const char *name, const char *rest, unsigned right)
{
	char path[256];
	struct access a = { .kind = right & R_PATHS ? ACC_PATH : ACC_ADDR, .rights = (uint16_t)right, .path = path };
	struct sysevent ev = *as;

	snprintf(path, sizeof(path), "%s%s", name, rest);
	a.addr.family = NA_UNIX;
	ev.access = &a;
	ev.naccess = 1;
	return policy_decide(NULL, l, 1, &ev).action == ACT_ALLOW;
}

static const struct sysevent *
any_move(void)
{
	const struct sysevent *ev;

	do
		ev = &call[pick(NEVENTS)].ev;
	while (ev->naccess != 2 || !(ev->access[1].rights & R_CREATE) || !(ev->access[0].rights & R_WRITE));
	return ev;
}

/* Of the names that a directory brings, some. */
static void
check_gains(const struct draft *d, const struct policy *p, const struct sysevent *ev, unsigned from)
{
	static const uint16_t rights[] = { R_EXEC, R_STAT, R_ATTR, R_CONNECT, R_SEND };
	static const char *const rests[] = { "", "/b", "/c", "/x", "/b/c" };
	const char *old = ev->access[from].path, *new = ev->access[!from].path;

	for (unsigned i = 0; i < 200; i++) {
		struct layer l = layer_of(p, pick(1 << MAX_LINES));
		const struct sysevent *as = &call[pick(NEVENTS)].ev;
		const char *rest = ev->access[0].tree ? PICK(rests) : "";
		unsigned right = PICK(rights);
		bool gained = has_right(&l, as, new, rest, right) && !has_right(&l, as, old, rest, right);

		if (gained)
			dump(d, sysdesc_table[ev->id].name);
		ck_assert_msg(!gained, "%s of %s%s and not of %s", rights_name(right), new, rest, old);
	}
}

/* Whoever calls, and whichever phases end: what a name refuses, the next name of the object refuses. */
START_TEST(a_move_gains_nothing)
{
	for (int n = 0; n < 10 * POLICIES; n++) {
		const struct sysevent *ev = any_move();
		struct layer l = { .phases = pick(1 << MAX_LINES) };
		struct draft d;

		draft_policy(&d);
		d.n -= d.n == MAX_LINES;
		strcpy(d.line[d.n++], PICK(openings));
		l = layer_of(compile(&d), l.phases);
		if (policy_decide(NULL, &l, 1, ev).action == ACT_ALLOW) {
			check_gains(&d, l.policy, ev, 0);
			if (ev->access[0].rights & R_CREATE)
				check_gains(&d, l.policy, ev, 1);
		}
		policy_free(l.policy);
	}
}
END_TEST

static void
add_line(void *ctx, const char *text, const struct origin *o)
{
	(void)o;
	strbuf_addf(ctx, "%s\n", text);
}

START_TEST(what_is_shown_decides_the_same)
{
	/* Nothing is left to be looked up. */
	static const struct policy_host nowhere = { .read = rig_read, .read_promise = rig_read_promise };
	static char mem[1 << 16];

	for (int n = 0; n < POLICIES; n++) {
		struct strbuf b = STRBUF(mem);
		struct draft d;
		struct policy *p, *q;

		draft_policy(&d);
		p = compile(&d);
		policy_show(p, add_line, &b);
		rig_text = mem;
		rig_text_len = b.len;
		q = policy_load(&nowhere, "test", NULL, &rig_errors);
		ck_assert_msg(q, "%s\n%s", mem, rig_errors.text);
		check_same(&d, p, q);
		policy_free(p);
		policy_free(q);
	}
}
END_TEST

/* What a refusal suggests, added, lets that part of the call through. */
static void
try_suggestion(const struct draft *d, const struct policy *p, int i)
{
	struct layer layers[] = { { .policy = p } };
	struct sysevent part = call[i].ev;
	struct verdict v = policy_decide(the_floor, layers, 1, &part), w;
	struct draft e = *d;
	struct strbuf b;
	struct policy *q;

	strbuf_init(&b, e.line[e.n], LINE);
	if (!policy_suggest(&part, &v, &b))
		return;
	e.n++;
	layers[0] = layer_of(p, 0);
	part.access = v.access < 0 ? NULL : part.access + v.access;
	part.naccess = v.access >= 0;
	q = compile(&e);
	layers[0].policy = q;
	w = policy_decide(NULL, layers, 1, &part);
	/* One line is about one thing: what it says nothing of can still refuse. */
	if ((v.access >= 0 && w.access < 0) || w.rights != v.rights || w.reason < WHY_DEFAULT)
		w.action = ACT_ALLOW;
	if (v.reason != WHY_FLOOR && w.action != ACT_ALLOW)
		dump(&e, events[i]);
	ck_assert(v.reason == WHY_FLOOR || w.action == ACT_ALLOW);
	policy_free(q);
}

START_TEST(suggestions_allow)
{
	for (int n = 0; n < POLICIES / 4; n++) {
		struct draft d;
		struct policy *p;

		draft_policy(&d);
		d.n -= d.n == MAX_LINES;
		p = compile(&d);
		for (int i = 0; i < NEVENTS; i++)
			try_suggestion(&d, p, i);
		policy_free(p);
	}
}
END_TEST

/* Names of any bytes: the suggested line parses, and matches just them. */
START_TEST(suggestions_say_any_name)
{
	for (int n = 0; n < 4 * POLICIES; n++) {
		char name[64] = "/", mem[512] = "policy 1\n";
		struct access a = { .kind = ACC_PATH, .rights = R_READ, .path = name };
		struct sysevent ev = { .id = SYS_ID_openat, .wordsize = 8, .access = &a, .naccess = 1 };
		struct verdict v = { .action = ACT_DENY, .reason = WHY_DEFAULT };
		struct strbuf b;
		struct policy *p;
		size_t len = 1 + pick(20);

		for (size_t i = 1; i <= len; i++)
			name[i] = (char)(pick(3) ? "*?[]{}\\\",# $!^-\n\t"[pick(17)] : (char)(1 + pick(255)));
		for (char *s = name + 1; (s = strchr(s, '/'));)
			*s = '_';
		if (!strcmp(name, "/.") || !strcmp(name, "/.."))
			continue;
		strbuf_init(&b, mem + 9, sizeof(mem) - 9);
		ck_assert(policy_suggest(&ev, &v, &b));
		p = rig_load_good(mem);
		v = policy_decide(NULL, &(struct layer){ .policy = p }, 1, &ev);
		ck_assert_msg(v.action == ACT_ALLOW, "%s", mem);
		name[len] ^= 1;
		v = policy_decide(NULL, &(struct layer){ .policy = p }, 1, &ev);
		ck_assert_msg(v.action == ACT_DENY, "%s", mem);
		policy_free(p);
	}
}
END_TEST

/* Bytes at random, and policies with one of theirs replaced: a message, never a crash. */
static const char *const scraps[] = {
	"policy 1\n", "allow ", "deny ", "EPERM ", "read", "write", ",", " ", "/a", "/**", "${", "}", "{", "[", "]", "\"",
	"\\", "\n", "\\\n", "#", " if ", "fd", "==", "&", "|", "(", ")", "not ", "and ", "in ", "syscall ", "close", "let x",
	"=", "${x}", "include \"a\"", "promise stdio", "connect ", "inet:", "block b {", "phase p until ", "exec", "open /x", "after 5s", "mark m", " or ", "use b",
	"children ", "inherit", "ask ", "trap ", " -> ", "drop", "caller ", "exe ", "argv[0] ", "process.uid ", "file", "1.2.3.4", "/8", ":80-", "inet6:[::1]", "guard g {",
	"unsafe ", "program ", "default ", "unknown ", "log", "quiet", "\t", "\r\n", ":-", "*", "?", "$", "'", "\xc3\xa9",
};

START_TEST(random_text_gets_a_message)
{
	for (int n = 0; n < 20 * POLICIES; n++) {
		char text[1024] = "policy 1\n";
		struct policy *p;

		for (unsigned i = pick(40); i && strlen(text) < 900; i--)
			strcat(text, PICK(scraps));
		if (pick(4) == 0)
			text[pick((unsigned)strlen(text))] = (char)pick(256);
		p = rig_load(text);
		ck_assert_msg(p || (rig_errors.count && strchr(rig_errors.text, '\n')), "%s", text);
		policy_free(p);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("policy laws");
	TCase *t = tcase_create("laws");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, order_never_matters);
	tcase_add_test(t, the_most_specific_decides);
	tcase_add_test(t, deciding_twice_is_deciding_once);
	tcase_add_test(t, a_layer_never_allows_more);
	tcase_add_test(t, a_refusing_line_never_allows_more);
	tcase_add_test(t, an_end_never_allows_more);
	tcase_add_test(t, children_are_all_that_is_refused);
	tcase_add_test(t, an_exec_never_allows_more);
	tcase_add_test(t, not_knowing_never_allows_more);
	tcase_add_test(t, a_move_gains_nothing);
	tcase_add_test(t, what_is_shown_decides_the_same);
	tcase_add_test(t, suggestions_allow);
	tcase_add_test(t, suggestions_say_any_name);
	tcase_add_test(t, random_text_gets_a_message);
	suite_add_tcase(s, t);
	return run_suite(s);
}
