/* SPDX-License-Identifier: ISC */
/*
 * What holds for every policy, tried on many: made of a few words each, so
 * that their rules meet, from a seed that is always the same.
 */
#include "tests/unit/policy_rig.h"

#include <stdint.h>

#include "engine/policy_int.h"
#include "tests/unit/run.h"

enum { POLICIES = 400, MAX_LINES = 12, LINE = 160 };

static uint64_t seed;

static unsigned
pick(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

#define PICK(array)	(array)[pick(sizeof(array) / sizeof((array)[0]))]

/* Small enough that rules meet. */
static const char *const actions[] = { "allow", "allow", "deny", "deny ENOENT", "kill" };
static const char *const refusals[] = { "deny", "deny ENOENT", "kill" };
static const char *const flags[] = { "", "", "", " log", " quiet" };
static const char *const path_rights[] = { "read", "write", "read,write", "stat", "exec", "create,delete" };
static const char *const paths[] = {
	"/**", "/a/**", "/a/*", "/a", "/a/b", "/a/?", "/a/[a-m]", "/a/{b,c}", "/a/b/**", "/a/**/c", "/lib/**", "/l*",
};
static const char *const addr_rights[] = { "connect", "send", "connect,bind" };
static const char *const addrs[] = {
	"any", "unix", "inet", "unix:/a/**", "unix:/a/b", "abstract:*", "abstract:x", "inet:10.0.0.0/8", "inet:*:80",
	"inet:10.1.0.0/16:1-100", "inet:10.1.2.3:80", "inet6", "inet6:[fd00::]/8",
};
static const char *const families[] = { "any", "inet", "unix", "inet6" };
static const char *const procs[] = { "self", "tree", "any" };
static const char *const calls[] = {
	"getpid", "close", "close if fd == 1", "close if fd > 0", "close if fd > 0 and fd < 3", "fcntl",
	"fcntl if cmd == 1", "fcntl64", "openat", "openat if flags has O_CREAT", "connect", "kill if sig in 9, 15",
	"close if not (fd == 1 or fd == 2)",
};
static const char *const settings[] = {
	"default allow", "default deny EPERM", "default kill", "unknown allow", "unknown deny EPERM", "unsafe ptrace",
};

static const char *const events[] = {
	"getpid", "none", "ptrace", "close fd=1", "close fd=2", "close fd=7", "fcntl cmd=1", "fcntl64 cmd=1", "fcntl64 cmd=2",
	"openat; read /a", "openat; read /a/b", "openat; read /a/z", "openat; read,write /a/b", "openat; write /a/b/c",
	"openat flags=O_CREAT; write,create /a/b", "openat; read /usr/lib/x", "openat; read /lib/x", "openat; read pipe:[1]",
	"newfstatat; stat /a/b", "execve; exec /a/c", "renameat; create,delete /a/b; create /q", "openat; read /a/q/r/c",
	"connect; connect unix:/a/b", "connect; connect abstract:x", "connect; connect unix", "connect; connect inet:10.1.2.3:80",
	"connect; connect inet:10.2.2.3:80", "connect; connect inet:8.8.8.8:53", "connect; connect inet6:[fd00::1]:80",
	"sendto; send unspec", "sendto; send inet:10.1.0.0:9", "bind; bind inet:10.1.2.3:80", "bind; bind netlink",
	"socket; socket inet", "socket; socket unix", "socket; socket packet",
	"kill sig=9; signal self", "kill sig=1; signal tree", "kill sig=15; signal outside", "kill; signal supervisor",
	"ptrace; trace tree", "getpid foreign", "openat; write /proc/1/mem",
};
enum { NEVENTS = sizeof(events) / sizeof(events[0]) };

static struct rig_call call[NEVENTS];
static struct policy *the_floor;

static void
setup(void)
{
	static const char text[] = "policy 1\nguard ptrace {\ndeny EPERM syscall ptrace\ndeny EPERM write /proc/[0-9]*/mem\n}\n";

	the_floor = policy_load_floor(&rig_host, text, &rig_errors);
	ck_assert_msg(the_floor, "%s", rig_errors.text);
	for (int i = 0; i < NEVENTS; i++)
		rig_event(&call[i], events[i]);
}

static void
teardown(void)
{
	policy_free(the_floor);
}

struct draft {
	char line[MAX_LINES + 1][LINE];
	unsigned n;
};

static void
draft_rule(char *line, const char *action)
{
	switch (pick(5)) {
	case 0:
		snprintf(line, LINE, "%s %s %s, %s%s", action, PICK(path_rights), PICK(paths), PICK(paths), PICK(flags));
		return;
	case 1:
		snprintf(line, LINE, "%s %s %s%s", action, PICK(addr_rights), PICK(addrs), PICK(flags));
		return;
	case 2:
		snprintf(line, LINE, "%s socket %s%s", action, PICK(families), PICK(flags));
		return;
	case 3:
		snprintf(line, LINE, "%s %s %s%s", action, pick(2) ? "signal" : "trace", PICK(procs), PICK(flags));
		return;
	}
	snprintf(line, LINE, "%s syscall %s%s", action, PICK(calls), PICK(flags));
}

static void
draft_policy(struct draft *d)
{
	bool used[sizeof(settings) / sizeof(settings[0])] = { false };

	d->n = 1 + pick(MAX_LINES);
	for (unsigned i = 0; i < d->n; i++) {
		unsigned s = pick(4 * (sizeof(settings) / sizeof(settings[0])));

		/* One `default` and one `unknown` at most. */
		if (s < 6 && !used[s < 3 ? 0 : s < 5 ? 3 : 5]) {
			used[s < 3 ? 0 : s < 5 ? 3 : 5] = true;
			strcpy(d->line[i], settings[s]);
		} else {
			draft_rule(d->line[i], PICK(actions));
		}
	}
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
	for (int n = 0; n < POLICIES; n++) {
		struct draft d, e;
		struct policy *p, *q;

		draft_policy(&d);
		e = d;
		shuffle(&e);
		p = compile(&d);
		q = compile(&e);
		for (int i = 0; i < NEVENTS; i++) {
			struct verdict v = policy_decide(the_floor, &(struct layer){ .policy = p }, 1, &call[i].ev);
			struct verdict w = policy_decide(the_floor, &(struct layer){ .policy = q }, 1, &call[i].ev);

			if (!same(&v, &w))
				dump(&d, events[i]);
			ck_assert(same(&v, &w));
		}
		policy_free(p);
		policy_free(q);
	}
}
END_TEST

/* Found by looking at every rule, not only at those that can match. */
static const struct rule *
most_specific(const struct policy *p, const char *path, unsigned right)
{
	const struct rule *best = NULL;

	for (size_t i = 0; i < p->nrules; i++) {
		const struct rule *r = p->rule[i];

		if (r->kind != OBJ_PATH || !(r->rights & right) || r->path.anonymous != path_anonymous(path, strlen(path)) ||
		    !pattern_match(&r->path, path, strlen(path)))
			continue;
		if (!best || r->rank > best->rank || (r->rank == best->rank && r->action < best->action))
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
			struct sysevent ev = { .id = SYS_ID_rename, .access = &a, .naccess = 1 };
			struct verdict v;
			const struct rule *r;

			snprintf(path, sizeof(path), "/%s%s", PICK(starts), PICK(ends));
			v = policy_decide(NULL, &(struct layer){ .policy = p }, 1, &ev);
			r = most_specific(p, path, a.rights);
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
			struct verdict v = policy_decide(the_floor, &(struct layer){ .policy = p }, 1, &call[i].ev);
			struct verdict w = policy_decide(the_floor, &(struct layer){ .policy = p }, 1, &call[i].ev);

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
		layers[0].policy = compile(&d);
		layers[1].policy = compile(&e);
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
		draft_rule(d.line[d.n++], PICK(refusals));
		q = compile(&d);
		for (int i = 0; i < NEVENTS; i++) {
			struct verdict v = policy_decide(the_floor, &(struct layer){ .policy = p }, 1, &call[i].ev);
			struct verdict w = policy_decide(the_floor, &(struct layer){ .policy = q }, 1, &call[i].ev);

			if (w.action == ACT_ALLOW && v.action != ACT_ALLOW)
				dump(&d, events[i]);
			ck_assert(w.action != ACT_ALLOW || v.action == ACT_ALLOW);
		}
		policy_free(p);
		policy_free(q);
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
	static char mem[1 << 16];

	for (int n = 0; n < POLICIES; n++) {
		struct strbuf b = STRBUF(mem);
		struct draft d;
		struct policy *p, *q;

		draft_policy(&d);
		p = compile(&d);
		policy_show(p, add_line, &b);
		q = rig_load_good(mem);
		for (int i = 0; i < NEVENTS; i++) {
			struct verdict v = policy_decide(the_floor, &(struct layer){ .policy = p }, 1, &call[i].ev);
			struct verdict w = policy_decide(the_floor, &(struct layer){ .policy = q }, 1, &call[i].ev);

			if (!same(&v, &w))
				dump(&d, events[i]);
			ck_assert(same(&v, &w));
		}
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
	part.access = v.access < 0 ? NULL : part.access + v.access;
	part.naccess = v.access >= 0;
	q = compile(&e);
	layers[0].policy = q;
	w = policy_decide(NULL, layers, 1, &part);
	/* One line is about one thing: what it says nothing of can still refuse. */
	if ((v.access >= 0 && w.access < 0) || w.rights != v.rights || w.reason == WHY_FLOOR)
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
	"=", "${x}", "include \"a\"", "promise stdio", "connect ", "inet:", "1.2.3.4", "/8", ":80-", "inet6:[::1]", "guard g {",
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
	tcase_add_test(t, what_is_shown_decides_the_same);
	tcase_add_test(t, suggestions_allow);
	tcase_add_test(t, suggestions_say_any_name);
	tcase_add_test(t, random_text_gets_a_message);
	suite_add_tcase(s, t);
	return run_suite(s);
}
