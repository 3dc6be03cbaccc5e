/* SPDX-License-Identifier: ISC */
/* What ends phases, what an exec adds, who must be known, what belongs to a policy. */
#include "tests/unit/policy_rig.h"

#include "tests/unit/run.h"

/* "exec", "mark ready", "time 5000", "call openat; read /x"; "nothing". */
static uint32_t
ended_by(const struct policy *p, uint32_t phases, const char *text)
{
	struct layer l = { .policy = p, .phases = phases };
	const char *rest = strchr(text, ' ');
	struct moment m = { .exec = !strcmp(text, "exec") };
	struct rig_call call;

	if (!strncmp(text, "mark ", 5))
		m.mark = rest + 1;
	if (!strncmp(text, "time ", 5))
		m.elapsed_ms = strtoull(rest + 1, NULL, 10);
	if (!strncmp(text, "call ", 5))
		m.call = rig_event(&call, rest + 1);
	return policy_phases_ended(&l, &m);
}

static const struct {
	const char *until, *moment;
	bool ends;
} moments[] = {
	{ "exec", "nothing", false },
	{ "exec", "exec", true },
	{ "exec", "call execve; exec /x", false },	/* that it was tried */
	{ "exec", "mark exec", false },
	{ "exec or listen", "exec", true },
	{ "exec or listen", "call listen", true },
	{ "exec or listen", "call bind; bind inet:1.2.3.4:5", false },
	{ "listen if sockfd == 3", "call listen sockfd=3", true },
	{ "listen if sockfd == 3", "call listen sockfd=4", false },
	{ "exec or listen if sockfd == 3 or backlog == 1", "call listen backlog=1", true },
	{ "listen if process.uid == 0", "call listen uid=0", true },
	{ "listen if process.uid == 0", "call listen uid=1", false },
	{ "listen if process.uid == 0", "call listen", true },	/* who knows */
	{ "listen if caller in \"libx.so\"", "call listen caller=/libx.so", true },
	{ "listen if caller in \"libx.so\"", "call listen caller=/liby.so", false },
	{ "fcntl if cmd == F_SETFL", "call fcntl64 cmd=F_SETFL", true },
	{ "fcntl64", "call fcntl", false },
	{ "getpid", "call none", false },
	{ "open /m/**", "call openat; read /m/x", true },
	{ "open /m/**", "call open; read,write /m/x", true },
	{ "open /m/**", "call creat; write,create /m/x", true },
	{ "open /m/**", "call openat2; write /m/x", true },
	{ "open /m/**", "call openat; stat /m/x", false },	/* O_PATH */
	{ "open /m/**", "call openat; read /n/x", false },
	{ "open /m/**", "call newfstatat; stat /m/x", false },
	{ "open /m/**", "call execve; exec /m/x", false },
	{ "open /a, /b/{c,d}", "call openat; read /a", true },
	{ "open /a, /b/{c,d}", "call openat; read /b/d", true },
	{ "open /a, /b/{c,d}", "call openat; read /b/e", false },
	{ "open /lib/*", "call openat; read /usr/lib/x", true },
	{ "open ${HOME}/x", "call openat; read /home/u/x", true },
	{ "open /**", "call openat; read pipe:[7]", false },
	{ "open memfd:*", "call openat; read /x", false },
	{ "mark \"ready\"", "mark ready", true },
	{ "mark ready", "mark ready", true },
	{ "mark ready", "mark ready2", false },
	{ "mark ready", "mark read", false },
	{ "after 5s", "time 4999", false },
	{ "after 5s", "time 5000", true },
	{ "after 250ms", "time 250", true },
	{ "after 2m", "time 119999", false },
	{ "after 2m", "time 120000", true },
	{ "after 1h", "time 3600000", true },
	{ "exec or after 1h or mark x", "mark x", true },
};
enum { NMOMENTS = sizeof(moments) / sizeof(moments[0]) };

static struct policy *
load_until(const char *until)
{
	char text[512];

	snprintf(text, sizeof(text), "policy 1\nphase p until %s {\n\tallow read /p\n}\n", until);
	return rig_load_good(text);
}

START_TEST(ends)
{
	struct policy *p = load_until(moments[_i].until);

	ck_assert_uint_eq(policy_phases(p), 1);
	ck_assert_msg(ended_by(p, 1, moments[_i].moment) == moments[_i].ends, "%s: %s", moments[_i].until, moments[_i].moment);
	/* What has ended does not end again. */
	ck_assert_uint_eq(ended_by(p, 0, moments[_i].moment), 0);
	policy_free(p);
}
END_TEST

static void
add_line(void *ctx, const char *text, const struct origin *o)
{
	(void)o;
	strbuf_addf(ctx, "%s\n", text);
}

static void
show(const struct policy *p, char *mem, size_t size)
{
	struct strbuf b;

	strbuf_init(&b, mem, size);
	policy_show(p, add_line, &b);
	ck_assert(!b.truncated);
}

/* What is shown ends the same, and is shown the same. */
START_TEST(shows_what_ends)
{
	static char first[1 << 15], second[1 << 15];
	struct policy *p = load_until(moments[_i].until), *again;

	show(p, first, sizeof(first));
	again = rig_load_good(first);
	show(again, second, sizeof(second));
	ck_assert_str_eq(first, second);
	ck_assert(ended_by(again, 1, moments[_i].moment) == moments[_i].ends);
	policy_free(p);
	policy_free(again);
}
END_TEST

START_TEST(numbers_phases)
{
	static const char text[] =
		"policy 1\nphase a until exec {\n}\nphase b until after 1s or mark go {\n}\nphase c until exec {\n}\n"
		"include \"phased\"\n";
	const struct origin *where = NULL;
	struct policy *p = rig_load_good(text);

	ck_assert_uint_eq(policy_phases(p), 0xf);
	ck_assert_str_eq(policy_phase_name(p, 0, NULL), "a");
	ck_assert_str_eq(policy_phase_name(p, 1, &where), "b");
	ck_assert_str_eq(where->file, "test");
	ck_assert_uint_eq(where->line, 4);
	ck_assert_str_eq(policy_phase_name(p, 3, &where), "own");
	ck_assert_str_eq(where->file, "phased");
	ck_assert_ptr_null(policy_phase_name(p, 4, NULL));
	ck_assert_uint_eq(ended_by(p, 0xf, "exec"), 0xd);
	ck_assert_uint_eq(ended_by(p, 0x6, "exec"), 0x4);
	ck_assert(policy_is_timed(&(struct layer){ .policy = p, .phases = 0x2 }));
	ck_assert(!policy_is_timed(&(struct layer){ .policy = p, .phases = 0xd }));
	ck_assert(policy_has_mark(p, "go"));
	ck_assert(!policy_has_mark(p, "g"));
	policy_free(p);
}
END_TEST

static char *
many_phases(unsigned n)
{
	char *text = calloc(n + 1, 64), *end = text + sprintf(text, "policy 1\n");

	for (unsigned i = 0; i < n; i++)
		end += sprintf(end, "phase p%u until exec {\nallow read /%u\n}\n", i, i);
	return text;
}

START_TEST(bounds_phases)
{
	char *most = many_phases(MAX_PHASES), *more = many_phases(MAX_PHASES + 1);
	struct policy *p = rig_load_good(most);
	struct rig_call call;

	ck_assert_uint_eq(policy_phases(p), UINT32_MAX);
	ck_assert_uint_eq(ended_by(p, UINT32_MAX, "exec"), UINT32_MAX);
	rig_event(&call, "openat; read /31");
	ck_assert_int_eq(policy_decide(NULL, &(struct layer){ p, 0x80000000 }, 1, &call.ev).action, ACT_ALLOW);
	ck_assert_int_eq(policy_decide(NULL, &(struct layer){ p, 0x7fffffff }, 1, &call.ev).action, ACT_DENY);
	policy_free(p);
	ck_assert_ptr_null(rig_load(more));
	ck_assert_ptr_nonnull(strstr(rig_errors.text, "test:98:7: more than 32 phases\n"));
	free(most);
	free(more);
}
END_TEST

/* Blocks: 1000 of them in a row, each using the next, and one more. */
START_TEST(bounds_blocks)
{
	char *text = calloc(1100, 64), *end = text + sprintf(text, "policy 1\nuse b0\n");
	struct policy *p;

	for (unsigned i = 0; i < 999; i++)
		end += sprintf(end, "block b%u {\nuse b%u\n}\n", i, i + 1);
	end += sprintf(end, "block b999 {\nallow read /x\n}\n");
	p = rig_load_good(text);
	policy_free(p);
	sprintf(end, "block b1000 {\n}\n");
	ck_assert_ptr_null(rig_load(text));
	ck_assert_ptr_nonnull(strstr(rig_errors.text, "more than 1000 blocks\n"));
	free(text);
}
END_TEST

/* What is long when it is written out is refused, or `show` could not print it. */
static const struct {
	const char *head, *piece, *tail, *message;
	unsigned times;
} long_ones[] = {
	{ "allow read /x if exe in \"/", "a", "{b,c,d,e}\"\n", "the condition is too long when its patterns are written out", 1300 },
	{ "phase p until open /{a,b,c,d}/", "x", " {\n}\n", "what ends the phase is too long when its patterns are written out", 4085 },
	{ "allow read /x if exe in \"/{a,b,c,d,e,f,g,h}{a,b,c,d,e,f,g,h}", "", "{a,b}\"\n", "more than 64 patterns in one test", 0 },
};

START_TEST(bounds_what_is_shown)
{
	char text[8192] = "policy 1\n";

	strcat(text, long_ones[_i].head);
	for (unsigned n = 0; n < long_ones[_i].times; n++)
		strcat(text, long_ones[_i].piece);
	strcat(text, long_ones[_i].tail);
	ck_assert_ptr_null(rig_load(text));
	ck_assert_msg(strstr(rig_errors.text, long_ones[_i].message), "%s", rig_errors.text);
}
END_TEST

/* Conditions are shown with what their words came to. */
static const struct {
	const char *line, *shown;
} texts[] = {
	{ "allow read /x if caller \"libc.so.6\"", "allow read /x if caller in \"libc.so.6\"" },
	{ "allow read /x if caller file", "allow read /x if caller file" },
	{ "allow read /x if exe == \"/bin/{a,b}\"", "allow read /x if exe in \"/bin/a\", \"/bin/b\"" },
	{ "allow read /x if exe != \"/bin/a\"", "allow read /x if exe != \"/bin/a\"" },
	{ "allow read /x if exe != \"/bin/{a,b}\" and process.uid == 1", "allow read /x if not exe in \"/bin/a\", \"/bin/b\" and process.uid == 1" },
	{ "allow read /x if caller \"/lib/*:f\"", "allow read /x if caller in \"/lib/*:f\", \"/usr/lib/*:f\"" },
	{ "allow read /x if caller \"a\\:b\"", "allow read /x if caller in \"a\\:b\"" },
	{ "allow read /x if not (caller in \"a\", \"${USR:-b}\" or argv[0] == \"c d\")", "allow read /x if not (caller in \"a\", \"b\" or argv[0] in \"c\\ d\")" },
	{ "allow exec /x -> drop", "allow exec /x -> \"base/drop\"" },
	{ "allow exec /x -> inherit", "allow exec /x" },
	{ "allow exec /x -> \"first\" if process.uid == 0 log", "allow exec /x -> \"first\" if process.uid == 0 log" },
	{ "children deny", "children deny EPERM" },
	{ "phase p until after 5s or listen if sockfd == 1 {\nallow read /p\n}", "phase p until after 5s or listen if sockfd == 1 {" },
	{ "phase p until exec {\nallow read /p\n}", "\tallow read /p" },
};

START_TEST(shows)
{
	static char mem[1 << 15];
	char text[512], line[512];
	struct policy *p;

	snprintf(text, sizeof(text), "policy 1\n%s\n", texts[_i].line);
	snprintf(line, sizeof(line), "\n%s\n", texts[_i].shown);
	p = rig_load_good(text);
	show(p, mem, sizeof(mem));
	ck_assert_msg(strstr(mem, line), "%s", mem);
	policy_free(p);
	policy_free(rig_load_good(mem));
}
END_TEST

/* Which policies an exec adds, by name, in no order. */
static const struct {
	const char *policy, *call, *added;
} transitions[] = {
	{ "allow exec /**", "execve; exec /x", "" },
	{ "allow exec /** -> inherit", "execve; exec /x", "" },
	{ "allow exec /** -> \"first\"", "execve; exec /x", "first" },
	{ "allow exec /** -> drop", "execve; exec /x", "base/drop" },
	{ "allow exec /a, /b -> \"reads\"", "execve; exec /b", "reads" },
	{ "allow exec /** -> \"reads\"\nallow exec /x", "execve; exec /x", "" },
	{ "allow exec /**\nallow exec /x -> \"reads\"", "execve; exec /x", "reads" },
	{ "allow exec /**\nallow exec /x -> \"reads\"", "execve; exec /y", "" },
	{ "allow exec /** -> \"reads\"", "openat; read /x", "" },
	{ "allow exec /** -> \"reads\"\ndeny exec /x", "execve; exec /x", "" },
	/* A script and its interpreter. */
	{ "allow exec /s -> \"reads\"\nallow exec /bin/sh -> drop", "execve; exec /s; exec /bin/sh", "base/drop reads" },
	{ "allow exec /s -> \"reads\"\nallow exec /bin/sh -> \"reads\"", "execve; exec /s; exec /bin/sh", "reads" },
	{ "allow exec /s -> \"reads\"\nallow exec /bin/sh", "execve; exec /s; exec /bin/sh", "reads" },
	/* Lines that are as specific all count, in whatever order they stand. */
	{ "allow exec /x -> \"reads\"\nallow exec /x", "execve; exec /x", "reads" },
	{ "allow exec /x\nallow exec /x -> \"reads\"", "execve; exec /x", "reads" },
	{ "allow exec /x -> \"reads\"\nallow exec /x -> drop", "execve; exec /x", "base/drop reads" },
	{ "allow exec /x -> \"reads\" if process.uid == 0\nallow exec /x -> drop", "execve uid=0; exec /x", "reads" },
	{ "allow exec /x -> \"reads\" if process.uid == 0\nallow exec /x -> drop", "execve uid=1; exec /x", "base/drop" },
	/* The end of a phase takes nothing back that it took. */
	{ "phase p until exec {\nallow exec /x -> drop\n}", "execve; exec /x", "base/drop" },
	{ "phase p until exec {\nallow exec /x -> drop\n}\nallow exec /**", "execve phases=0; exec /x", "base/drop" },
	{ "phase p until exec {\nallow exec /x -> drop\n}\nallow exec /x -> \"reads\"", "execve phases=0; exec /x", "base/drop reads" },
	{ "phase p until exec {\nallow exec /** -> drop\n}\nallow exec /x -> \"reads\"", "execve phases=0; exec /x", "reads" },
};
enum { NTRANSITIONS = sizeof(transitions) / sizeof(transitions[0]) };

static int
compare_names(const void *a, const void *b)
{
	return strcmp(policy_name(*(const struct policy *const *)a), policy_name(*(const struct policy *const *)b));
}

START_TEST(adds_policies)
{
	const struct policy *out[8];
	struct rig_call call;
	char text[512], mem[256];
	struct strbuf b = STRBUF(mem);
	struct policy *p;
	size_t n;

	snprintf(text, sizeof(text), "policy 1\n%s\n", transitions[_i].policy);
	p = rig_load_good(text);
	rig_event(&call, transitions[_i].call);
	n = policy_transitions(&(struct layer){ p, call.phases & policy_phases(p) }, &call.ev, out, 8);
	qsort(out, n, sizeof(*out), compare_names);
	for (size_t i = 0; i < n; i++)
		strbuf_addf(&b, "%s%s", i ? " " : "", policy_name(out[i]));
	ck_assert_str_eq(mem, transitions[_i].added);
	policy_free(p);
}
END_TEST

/* How many there are is said even where there is no room. */
START_TEST(counts_policies)
{
	struct policy *p = rig_load_good("policy 1\nallow exec /x -> drop\nallow exec /x -> \"reads\"\n");
	const struct policy *out[1] = { NULL };
	struct rig_call call;

	rig_event(&call, "execve; exec /x");
	ck_assert_uint_eq(policy_transitions(&(struct layer){ .policy = p }, &call.ev, out, 1), 2);
	ck_assert_ptr_nonnull(out[0]);
	ck_assert_uint_eq(policy_transitions(&(struct layer){ .policy = p }, &call.ev, NULL, 0), 2);
	policy_free(p);
}
END_TEST

static const struct policy *
leads_to(const struct policy *p, const char *exec)
{
	const struct policy *out = NULL;
	struct rig_call call;
	char text[64];

	snprintf(text, sizeof(text), "execve; exec %s", exec);
	rig_event(&call, text);
	ck_assert_uint_eq(policy_transitions(&(struct layer){ .policy = p }, &call.ev, &out, 1), 1);
	return out;
}

/* Policies lead to each other, and to themselves; each is there once. */
START_TEST(leads_in_circles)
{
	struct policy *p = policy_load(&rig_host, "first", NULL, &rig_errors);
	struct policy *m = policy_load(&rig_host, "mirror", NULL, &rig_errors);

	ck_assert_str_eq(policy_name(leads_to(p, "/bin/second")), "second");
	ck_assert_ptr_eq(leads_to(leads_to(p, "/bin/second"), "/bin/first"), p);
	ck_assert_ptr_eq(leads_to(m, "/x"), m);
	policy_free(p);
	policy_free(m);
}
END_TEST

/* The command line's text is a part of what an exec adds. */
START_TEST(adds_the_command_lines_text)
{
	struct policy *p = policy_load(&rig_host, "first", "allow read /extra\n", &rig_errors);
	const struct policy *second = leads_to(p, "/bin/second");
	struct rig_call call;

	rig_event(&call, "openat; read /extra");
	ck_assert_int_eq(policy_decide(NULL, &(struct layer){ .policy = second }, 1, &call.ev).action, ACT_ALLOW);
	policy_free(p);
	ck_assert_ptr_null(policy_load(&rig_host, "first", "allow raed /x\n", &rig_errors));
	ck_assert_uint_eq(rig_errors.count, 1);
}
END_TEST

/* A chain of policies, each leading to the next. */
static int
read_chain(void *ctx, const char *name, const char *from, const char **text, size_t *len, const char **shown)
{
	static char texts_of[100][64], names[100][8];
	int n = atoi(name);

	(void)ctx;
	(void)from;
	snprintf(names[n], sizeof(names[n]), "%d", n);
	snprintf(texts_of[n], sizeof(texts_of[n]), "policy 1\nallow exec /x -> \"%d\"\n", n + 1);
	*shown = names[n];
	*text = texts_of[n];
	*len = strlen(*text);
	return 0;
}

START_TEST(bounds_targets)
{
	const struct policy_host host = { .read = read_chain };

	ck_assert_ptr_null(policy_load(&host, "0", NULL, &rig_errors));
	ck_assert_str_eq(rig_errors.text,
	    "31:2:18: more than 32 policies lead to each other\n"
	    "    allow exec /x -> \"32\"\n"
	    "                     ^\n");
}
END_TEST

static const struct {
	const char *policy, *call;
	unsigned needs;
	enum access_kind about;
} needs[] = {
	{ "allow syscall getpid", "getpid", 0, 0 },
	{ "allow syscall getpid if caller file", "getpid", NEED_CALLER, 0 },
	{ "allow syscall getpid if caller file", "getuid", 0, 0 },
	{ "allow syscall getpid if caller \"x.so\"", "getpid", NEED_CALLER, 0 },
	{ "allow syscall getpid if caller \"x.so:f\"", "getpid", NEED_CALLER | NEED_FUNCTION, 0 },
	{ "allow syscall getpid if exe == \"/x\" or argv[0] == \"x\"", "getpid", NEED_IMAGE, 0 },
	{ "deny syscall getpid if process.uid == 0 and not process.egid == 1", "getpid", NEED_IDS, 0 },
	{ "allow syscall fcntl if process.uid == 0", "fcntl64", NEED_IDS, 0 },
	{ "allow read /x if caller file", "openat", NEED_CALLER, ACC_PATH },
	{ "allow read /x if caller file", "mmap", 0, 0 },
	{ "allow read /x if caller file", "connect", 0, ACC_ADDR },
	{ "allow connect any if exe == \"/x\"", "connect", NEED_IMAGE, ACC_ADDR },
	{ "allow signal any if process.gid == 0", "kill", NEED_IDS, ACC_PROC },
	{ "phase p until listen if caller file {\nallow read /x if process.uid == 0\n}", "listen", NEED_CALLER, 0 },
	{ "phase p until listen if caller file {\nallow read /x if process.uid == 0\n}", "openat", NEED_IDS, ACC_PATH },
	{ "phase p until listen if caller file {\n}", "bind", 0, 0 },
	{ "use b\nblock b {\nallow syscall getpid if caller file\n}", "getpid", NEED_CALLER, 0 },
	{ "block b {\nallow syscall getpid if caller file\n}", "getpid", 0, 0 },
};
enum { NNEEDS = sizeof(needs) / sizeof(needs[0]) };

START_TEST(says_what_it_needs)
{
	const struct access object = { .kind = needs[_i].about, .rights = R_READ, .path = "/x" };
	const struct sysevent ev = { .id = sysdesc_find(needs[_i].call), .access = &object, .naccess = needs[_i].about != 0 };
	char text[512];
	struct policy *p;

	snprintf(text, sizeof(text), "policy 1\n%s\n", needs[_i].policy);
	p = rig_load_good(text);
	ck_assert_uint_eq(policy_needs(p, &ev), needs[_i].needs);
	policy_free(p);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("phases");
	TCase *t = tcase_create("phases");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, ends, 0, NMOMENTS);
	tcase_add_loop_test(t, shows_what_ends, 0, NMOMENTS);
	tcase_add_test(t, numbers_phases);
	tcase_add_test(t, bounds_phases);
	tcase_add_test(t, bounds_blocks);
	tcase_add_loop_test(t, bounds_what_is_shown, 0, sizeof(long_ones) / sizeof(long_ones[0]));
	tcase_add_loop_test(t, shows, 0, sizeof(texts) / sizeof(texts[0]));
	tcase_add_loop_test(t, adds_policies, 0, NTRANSITIONS);
	tcase_add_test(t, counts_policies);
	tcase_add_test(t, leads_in_circles);
	tcase_add_test(t, adds_the_command_lines_text);
	tcase_add_test(t, bounds_targets);
	tcase_add_loop_test(t, says_what_it_needs, 0, NNEEDS);
	suite_add_tcase(s, t);
	return run_suite(s);
}
