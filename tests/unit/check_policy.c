/* SPDX-License-Identifier: ISC */
#include "tests/unit/policy_rig.h"

#include <stdint.h>
#include "tests/unit/run.h"

static const struct {
	const char *policy, *call, *verdict;
} decisions[] = {
#define DECIDE(policy, call, verdict)	{ policy, call, verdict },
#include "tests/cases/decide.def"
#include "tests/cases/language.def"
#undef DECIDE
};
enum { NDECISIONS = sizeof(decisions) / sizeof(decisions[0]) };

static const struct {
	const char *policy, *finding;
} findings[] = {
#define LINT(policy, finding)	{ policy, finding },
#include "tests/cases/lint.def"
#undef LINT
};
enum { NFINDINGS = sizeof(findings) / sizeof(findings[0]) };

static const char floor_text[] =
	"policy 1\n"
	"guard ptrace {\n"
	"	deny EPERM syscall ptrace, process_vm_writev\n"
	"}\n"
	"guard mount {\n"
	"	kill syscall mount\n"
	"}\n"
	"guard proc-mem {\n"
	"	deny EPERM write /proc/[0-9]*/mem\n"
	"}\n";

static struct policy *the_floor;

static void
load_floor(void)
{
	the_floor = policy_load_floor(&rig_host, floor_text, &rig_errors);
	ck_assert_msg(the_floor, "%s", rig_errors.text);
}

static void
free_floor(void)
{
	policy_free(the_floor);
	the_floor = NULL;
}

/* The policy of a row, whose head is not written. */
static struct policy *
load_row(const char *text)
{
	char *full;
	struct policy *p;

	ck_assert_int_ge(asprintf(&full, "policy 1\n%s\n", text), 0);
	p = rig_load(full);
	free(full);
	return p;
}

static struct verdict
decide_in(const struct policy *p, uint32_t phases, const struct sysevent *ev)
{
	return policy_decide(the_floor, &(struct layer){ .policy = p, .phases = phases & policy_phases(p) }, 1, ev);
}

static struct verdict
decide(const struct policy *p, const struct sysevent *ev)
{
	return decide_in(p, UINT32_MAX, ev);
}

static struct verdict
decide_row(const struct policy *p, struct rig_call *call, const char *text)
{
	rig_event(call, text);
	return decide_in(p, call->phases, &call->ev);
}

/* "deny EACCES 3 read quiet": the action, why, the right, the flags. */
static const char *
verdict_text(const struct verdict *v, char *mem, size_t size)
{
	static const char *const actions[] = { "kill", "trap", "deny", "ask", "allow" };
	struct strbuf b;

	strbuf_init(&b, mem, size);
	strbuf_add(&b, actions[v->action]);
	if (v->action == ACT_DENY)
		strbuf_addf(&b, " %s", errno_name(v->err));
	if (v->reason == WHY_RULE)
		strbuf_addf(&b, " %u", v->origin->line);
	else
		strbuf_addf(&b, " %s", v->reason == WHY_DEFAULT ? "default" : v->reason == WHY_UNKNOWN ? "unknown" :
		    v->reason == WHY_FLOOR ? "floor" : v->reason == WHY_CHILDREN ? "children" :
		    v->reason == WHY_MOVE ? "move" : "unreadable");
	if (v->unsafe)
		strbuf_addf(&b, ":%s", v->unsafe);
	if (v->rights && v->action != ACT_ALLOW)
		strbuf_addf(&b, " %s", rights_name(v->rights));
	strbuf_add(&b, v->log ? " log" : "");
	strbuf_add(&b, v->quiet ? " quiet" : "");
	return mem;
}

START_TEST(decides)
{
	struct policy *p = load_row(decisions[_i].policy);
	struct rig_call call;
	struct verdict v;
	char text[256];

	if (!strcmp(decisions[_i].verdict, "error")) {
		ck_assert_ptr_null(p);
		return;
	}
	ck_assert_msg(p, "%s\n%s", decisions[_i].policy, rig_errors.text);
	v = decide_row(p, &call, decisions[_i].call);
	if (strcmp(verdict_text(&v, text, sizeof(text)), decisions[_i].verdict) != 0)
		ck_abort_msg("%s\n%s: is %s, not %s", decisions[_i].policy, decisions[_i].call, text,
		    decisions[_i].verdict);
	policy_free(p);
}
END_TEST

/* A loader's text, added to line by line. */
struct lines {
	char text[1 << 16];
	struct strbuf b;
};

static void
add_line(void *ctx, const char *text, const struct origin *o)
{
	struct lines *l = ctx;

	(void)o;
	strbuf_addf(&l->b, "%s\n", text);
}

static const char *
shown(const struct policy *p, struct lines *l)
{
	strbuf_init(&l->b, l->text, sizeof(l->text));
	policy_show(p, add_line, l);
	ck_assert(!l->b.truncated);
	return l->text;
}

/* What `show` prints is a policy, and decides the same; printing it again changes nothing. */
START_TEST(shows_what_it_is)
{
	static struct lines first, second;
	struct policy_host nowhere = { .ctx = NULL };
	struct policy *p = load_row(decisions[_i].policy), *again;
	struct rig_call call;
	struct verdict v, w;

	if (!p)
		return;
	nowhere.read = rig_read;
	rig_text = shown(p, &first);
	rig_text_len = strlen(rig_text);
	again = policy_load(&nowhere, "test", NULL, &rig_errors);
	ck_assert_msg(again, "%s", rig_errors.text);
	v = decide_row(p, &call, decisions[_i].call);
	w = decide_row(again, &call, decisions[_i].call);
	ck_assert_int_eq(v.action, w.action);
	ck_assert_int_eq(v.err, w.err);
	ck_assert_int_eq(v.reason, w.reason);
	ck_assert_int_eq(v.rights, w.rights);
	ck_assert_int_eq(v.log, w.log);
	ck_assert_int_eq(v.quiet, w.quiet);
	ck_assert_str_eq(first.text, shown(again, &second));
	policy_free(p);
	policy_free(again);
}
END_TEST

/* The part of a call that a suggestion is about. */
static struct sysevent
only(const struct sysevent *ev, int access)
{
	struct sysevent part = *ev;

	part.access = access < 0 ? NULL : ev->access + access;
	part.naccess = access >= 0;
	return part;
}

static void
check_suggestion(const char *policy, uint32_t phases, const struct sysevent *ev, const struct verdict *v)
{
	char mem[2048], *full;
	struct strbuf b = STRBUF(mem);
	struct sysevent part = only(ev, v->access);
	struct policy *p;
	struct verdict after;

	if (!policy_suggest(ev, v, &b)) {
		ck_assert_str_eq(mem, "");
		return;
	}
	ck_assert_int_ge(asprintf(&full, "%s\n%s", policy, mem), 0);
	p = load_row(full);
	ck_assert_msg(p, "%s\n%s", full, rig_errors.text);
	after = decide_in(p, phases, &part);
	if (v->reason == WHY_FLOOR)
		ck_assert_msg(after.reason != WHY_FLOOR || (after.unsafe && strcmp(after.unsafe, v->unsafe)), "%s", full);
	else
		ck_assert_msg(after.action == ACT_ALLOW || after.reason == WHY_FLOOR, "%s", full);
	policy_free(p);
	free(full);
}

START_TEST(suggests_what_allows)
{
	struct policy *p = load_row(decisions[_i].policy);
	struct rig_call call;
	struct verdict v;

	if (!p)
		return;
	v = decide_row(p, &call, decisions[_i].call);
	check_suggestion(decisions[_i].policy, call.phases, &call.ev, &v);
	policy_free(p);
}
END_TEST

static const struct {
	const char *policy, *call, *line;
} suggestions[] = {
	{ "",				"openat; read /home/u/x",		"allow read /home/u/x" },
	{ "allow read /x",		"openat; read,write /x",		"allow read,write /x" },
	{ "",				"newfstatat; stat /x",			"allow stat /x" },
	{ "",				"openat; read,stat /x",			"allow read /x" },
	{ "",				"openat; read /a b",			"allow read /a\\ b" },
	{ "",				"openat; read /a b ",			"allow read /a\\ b\\ " },
	{ "",				"openat; read /a\"b\\c#d,e*f?g[h]{i}$j",	"allow read /a\\\"b\\\\c\\#d\\,e\\*f\\?g\\[h\\]\\{i\\}\\$j" },
	{ "",				"openat; read /n\nt\tr\r\x1b\xff",	"allow read /n\\nt\\tr\\r\\x1b\\xff" },
	{ "",				"openat; read pipe:[7]",		"allow read pipe:\\[7\\]" },
	{ "",				"openat; read /memfd:x (deleted)",	"allow read memfd:x\\ (deleted)" },
	{ "",				"connect; connect inet:1.2.3.4:80",	"allow connect inet:1.2.3.4:80" },
	{ "",				"connect; connect inet6:[fd00:0:0:1::1]:80",	"allow connect inet6:[fd00:0:0:1::1]:80" },
	{ "",				"connect; connect unix:/run/a b",	"allow connect unix:/run/a\\ b" },
	{ "",				"connect; connect abstract:x y",	"allow connect abstract:x\\ y" },
	{ "",				"connect; connect unix",		"allow connect unix" },
	{ "",				"bind; bind netlink",			"allow bind netlink" },
	{ "",				"socket; socket inet",			"allow socket inet" },
	{ "",				"kill; signal tree",			"allow signal tree" },
	{ "",				"kill; signal outside",			"allow signal any" },
	{ "",				"getpid",				"allow syscall getpid" },
	{ "",				"ptrace",				"unsafe ptrace" },
	{ "",				"getpid foreign",			"unsafe foreign-abi" },
	{ "",				"none",					NULL },
	{ "",				"kill; signal supervisor",		NULL },
	{ "allow read /x",		"openat; read /x",			NULL },
	{ "deny read /x",		"openat; read /x",			NULL },
	{ "deny read /x/**",		"openat; read /x/y",			"allow read /x/y" },
	{ "deny syscall getpid",	"getpid",				NULL },
	{ "deny syscall fcntl",		"fcntl64",				"allow syscall fcntl64 if cmd == F_DUPFD" },
	{ "",				"mmap prot=5",				"allow syscall mmap if prot == PROT_READ|PROT_EXEC" },
	{ "",				"mmap prot=0",				"allow syscall mmap if prot == PROT_NONE" },
	{ "",				"ioctl cmd=0x5401",			"allow syscall ioctl if cmd == TCGETS" },
	{ "",				"ioctl cmd=0xdeadbeef",			"allow syscall ioctl if cmd == 0xdeadbeef" },
	{ "allow syscall prctl if option == PR_SET_NAME", "prctl option=4",	"allow syscall prctl if option == PR_SET_DUMPABLE" },
	{ "deny socket inet",		"socket; socket inet",			NULL },
	{ "deny socket any",		"socket; socket inet",			"allow socket inet" },
	{ "deny connect inet",		"connect; connect inet:1.2.3.4:80",	"allow connect inet:1.2.3.4:80" },
	{ "deny signal any",		"kill; signal tree",			"allow signal tree" },
};
enum { NSUGGESTIONS = sizeof(suggestions) / sizeof(suggestions[0]) };

START_TEST(suggests)
{
	struct policy *p = load_row(suggestions[_i].policy);
	char mem[1024];
	struct strbuf b = STRBUF(mem);
	struct rig_call call;
	struct verdict v;
	bool any;

	ck_assert_ptr_nonnull(p);
	v = decide(p, rig_event(&call, suggestions[_i].call));
	any = policy_suggest(&call.ev, &v, &b);
	ck_assert_int_eq(any, suggestions[_i].line != NULL);
	ck_assert_str_eq(mem, any ? suggestions[_i].line : "");
	check_suggestion(suggestions[_i].policy, call.phases, &call.ev, &v);
	policy_free(p);
}
END_TEST

/* A host that can do nothing is enough for a policy that asks for nothing. */
START_TEST(needs_no_host)
{
	struct policy_host host = { .ctx = NULL };
	struct policy *p = policy_load(&host, NULL, "allow read /x/**\nunsafe whatever", &rig_errors);

	ck_assert_msg(p, "%s", rig_errors.text);
	policy_free(p);
	ck_assert_ptr_null(policy_load(&rig_host, "locked", NULL, &rig_errors));
	ck_assert_str_eq(rig_errors.text, "cannot read policy \"locked\": Permission denied\n");
	ck_assert_ptr_null(policy_load(&rig_host, "huge", NULL, &rig_errors));
	ck_assert_str_eq(rig_errors.text, "cannot read policy \"huge\": too large\n");
	ck_assert_ptr_null(policy_load(&host, "test", NULL, &rig_errors));
	ck_assert_str_eq(rig_errors.text, "there is no policy \"test\"\n");
	ck_assert_ptr_null(policy_load(&host, NULL, NULL, &rig_errors));
	ck_assert_ptr_null(policy_load(&host, NULL, "promise stdio", &rig_errors));
	ck_assert_ptr_nonnull(strstr(rig_errors.text, "command line:1:9: unknown promise \"stdio\"\n"));
}
END_TEST

START_TEST(takes_the_command_lines_text)
{
	struct policy *p;
	struct rig_call call;
	struct verdict v;

	rig_text = "policy 1\nlet dir = /d\ndefault deny EPERM\n";
	rig_text_len = strlen(rig_text);
	p = policy_load(&rig_host, "test", "allow read ${dir}/**\n", &rig_errors);
	ck_assert_msg(p, "%s", rig_errors.text);
	v = decide(p, rig_event(&call, "openat; read /d/x"));
	ck_assert_int_eq(v.action, ACT_ALLOW);
	ck_assert_str_eq(v.origin->file, "command line");
	policy_free(p);
	ck_assert_ptr_null(policy_load(&rig_host, "test", "default allow", &rig_errors));
	ck_assert_ptr_nonnull(strstr(rig_errors.text, "command line:1:1: a second \"default\" line; the first is in test\n"));
}
END_TEST

START_TEST(keeps_origins)
{
	struct policy *p = load_row("promise stdio\ninclude \"reads\"");
	struct rig_call call;
	struct verdict v = decide(p, rig_event(&call, "read"));

	ck_assert_str_eq(v.origin->file, "stdio");
	ck_assert_str_eq(v.origin->via, "promise stdio");
	v = decide(p, rig_event(&call, "openat; read /included/x"));
	ck_assert_str_eq(v.origin->file, "reads");
	ck_assert_str_eq(v.origin->via, "include reads");
	/* No line says `default`: the one that says which language this is does. */
	v = decide(p, rig_event(&call, "getpid"));
	ck_assert_int_eq(v.reason, WHY_DEFAULT);
	ck_assert_str_eq(v.origin->file, "test");
	ck_assert_uint_eq(v.origin->line, 1);
	policy_free(p);
}
END_TEST

START_TEST(names_programs)
{
	struct policy *p = load_row("program mpv, /usr/bin/mpv\nprogram \"a b\"\ninclude \"reads\"");
	const char *const *names = policy_programs(p);

	ck_assert_str_eq(names[0], "mpv");
	ck_assert_str_eq(names[1], "/usr/bin/mpv");
	ck_assert_str_eq(names[2], "a b");
	ck_assert_ptr_null(names[3]);
	policy_free(p);
}
END_TEST

START_TEST(shows_expanded)
{
	static struct lines l;
	struct policy *p = load_row("program mpv\ndefault deny EPERM\nunsafe mount\n"
	    "allow read ${HOME}/{a,b}/*, /lib/** log\ndeny connect inet:10.0.0.0/8 quiet\n"
	    "allow connect unix:/x\nkill syscall fsync, close if fd==1 and( fd  in 2,3 )\nallow syscall fcntl");

	ck_assert_str_eq(shown(p, &l),
	    "policy 1\n"
	    "program mpv\n"
	    "default deny EPERM\n"
	    "unknown deny ENOSYS\n"
	    "unsafe mount\n"
	    "allow read /home/u/a/* log\n"
	    "allow read /home/u/b/* log\n"
	    "allow read /lib/** log\n"
	    "allow read /usr/lib/** log\n"
	    "deny EPERM connect inet:10.0.0.0/8 quiet\n"
	    "allow connect unix:/x\n"
	    "kill syscall fsync if fd == 1 and (fd in 2, 3)\n"
	    "kill syscall close if fd == 1 and (fd in 2, 3)\n"
	    "allow syscall fcntl\n");
	policy_free(p);
}
END_TEST

START_TEST(shows_the_floor)
{
	static struct lines l;
	struct policy *again;

	ck_assert_str_eq(policy_guards(the_floor)[2], "proc-mem");
	ck_assert_ptr_null(policy_guards(the_floor)[3]);
	again = policy_load_floor(&rig_host, shown(the_floor, &l), &rig_errors);
	ck_assert_msg(again, "%s", rig_errors.text);
	policy_free(again);
}
END_TEST

static const struct {
	const char *text, *message;
} floor_mistakes[] = {
	{ "policy 1\ndeny syscall mount\n", "floor:2:1: the floor's rules stand in \"guard\" blocks" },
	{ "policy 1\nguard x {\nallow syscall mount\n}\n", "floor:3:1: a guard only refuses" },
	{ "policy 1\nguard x {\ndeny syscall mount\n", "floor:2:7: guard \"x\" is not closed with \"}\"" },
	{ "policy 1\nguard x {\nguard y {\n}\n}\n", "floor:3:7: a guard inside a guard" },
	{ "policy 1\nguard x\n", "floor:2:8: unexpected end of the line, expected \"{\"" },
};

START_TEST(reports_mistakes_of_the_floor)
{
	ck_assert_ptr_null(policy_load_floor(&rig_host, floor_mistakes[_i].text, &rig_errors));
	ck_assert_msg(!strncmp(rig_errors.text, floor_mistakes[_i].message, strlen(floor_mistakes[_i].message)),
	    "%s", rig_errors.text);
}
END_TEST

static void
add_finding(void *ctx, const char *kind, const struct origin *o, const char *text)
{
	struct lines *l = ctx;

	ck_assert(kind[0]);
	strbuf_addf(&l->b, "%u: %s\n", o->line, text);
}

START_TEST(lints)
{
	static struct lines l;
	struct policy *p = load_row(findings[_i].policy);

	ck_assert_msg(p, "%s", rig_errors.text);
	strbuf_init(&l.b, l.text, sizeof(l.text));
	policy_lint(p, NULL, add_finding, &l);
	if (findings[_i].finding)
		ck_assert_msg(strstr(l.text, findings[_i].finding), "%s\n%s", findings[_i].policy, l.text);
	else
		ck_assert_msg(!l.text[0], "%s\n%s", findings[_i].policy, l.text);
	policy_free(p);
}
END_TEST

/* Nothing is allowed by nobody, and what no loader ever made is killed. */
START_TEST(fails_closed)
{
	struct policy *p = load_row("default allow\nunknown allow");
	const struct layer layers[] = { { .policy = p } };
	struct access nothing = { .rights = R_READ }, nameless = { .kind = ACC_PATH, .rights = R_READ };
	struct sysevent ev = { .id = SYS_ID_openat, .access = &nothing, .naccess = 1 };

	ck_assert_int_eq(policy_decide(the_floor, NULL, 0, &ev).action, ACT_KILL);
	ck_assert_int_eq(policy_decide(the_floor, layers, 1, &ev).action, ACT_KILL);
	ev.access = &nameless;
	ck_assert_int_eq(policy_decide(the_floor, layers, 1, &ev).action, ACT_KILL);
	ev = (struct sysevent){ .id = SYS_IDS };
	ck_assert_int_eq(policy_decide(the_floor, layers, 1, &ev).action, ACT_KILL);
	policy_free(p);
}
END_TEST

START_TEST(takes_the_strictest_layer)
{
	struct policy *allow = load_row("default allow"), *deny = load_row("deny read /x"), *kill = load_row("kill read /x");
	const struct layer layers[] = { { .policy = allow }, { .policy = deny }, { .policy = kill } };
	struct rig_call call;
	struct verdict v = policy_decide(NULL, layers, 1, rig_event(&call, "openat; read /x"));

	ck_assert_int_eq(v.action, ACT_ALLOW);
	v = policy_decide(NULL, layers, 2, &call.ev);
	ck_assert_int_eq(v.action, ACT_DENY);
	ck_assert_uint_eq(v.layer, 1);
	v = policy_decide(NULL, layers, 3, &call.ev);
	ck_assert_int_eq(v.action, ACT_KILL);
	ck_assert_uint_eq(v.layer, 2);
	policy_free(allow);
	policy_free(deny);
	policy_free(kill);
}
END_TEST

/* `unsafe` holds for the layer that says it, and every layer has to. */
START_TEST(lifts_guards_per_layer)
{
	struct policy *lifts = load_row("unsafe ptrace\nallow syscall ptrace"), *not = load_row("allow syscall ptrace");
	const struct layer layers[] = { { .policy = lifts }, { .policy = not } };
	struct rig_call call;

	ck_assert_int_eq(policy_decide(the_floor, layers, 1, rig_event(&call, "ptrace")).action, ACT_ALLOW);
	ck_assert_int_eq(policy_decide(the_floor, layers, 2, &call.ev).action, ACT_DENY);
	policy_free(lifts);
	policy_free(not);
}
END_TEST

static const struct {
	const char *word, *nearest;
} words[] = {
	{ "opneat", "openat" }, { "OPENAT", "openat" }, { "openat", "openat" }, { "opena", "openat" },
	{ "openatt", "openat" }, { "rd", NULL }, { "x", NULL }, { "", NULL }, { "zebra", NULL },
	{ "raed", "read" }, { "writ", "write" },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL },
};

START_TEST(finds_near_words)
{
	static const char *const list[] = {
		"openat", "read", "write", "", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", NULL
	};
	const char *got = nearest_word(words[_i].word, list);

	ck_assert_pstr_eq(got, words[_i].nearest);
	ck_assert_ptr_null(nearest_word(words[_i].word, NULL));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("policy");
	TCase *t = tcase_create("policy");

	tcase_add_checked_fixture(t, load_floor, free_floor);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, decides, 0, NDECISIONS);
	tcase_add_loop_test(t, shows_what_it_is, 0, NDECISIONS);
	tcase_add_loop_test(t, suggests_what_allows, 0, NDECISIONS);
	tcase_add_loop_test(t, suggests, 0, NSUGGESTIONS);
	tcase_add_test(t, needs_no_host);
	tcase_add_test(t, takes_the_command_lines_text);
	tcase_add_test(t, keeps_origins);
	tcase_add_test(t, names_programs);
	tcase_add_test(t, shows_expanded);
	tcase_add_test(t, shows_the_floor);
	tcase_add_loop_test(t, reports_mistakes_of_the_floor, 0, sizeof(floor_mistakes) / sizeof(floor_mistakes[0]));
	tcase_add_loop_test(t, lints, 0, NFINDINGS);
	tcase_add_test(t, fails_closed);
	tcase_add_test(t, takes_the_strictest_layer);
	tcase_add_test(t, lifts_guards_per_layer);
	tcase_add_loop_test(t, finds_near_words, 0, sizeof(words) / sizeof(words[0]));
	suite_add_tcase(s, t);
	return run_suite(s);
}
