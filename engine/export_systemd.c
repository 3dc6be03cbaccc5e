/* SPDX-License-Identifier: ISC */
/* A drop-in for a service: lists of calls, and what systemd can do to paths and addresses by other means. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "engine/export_int.h"
#include "lib/strbuf.h"

enum {
	WIDTH = 100, MAX_TREES = 256,
	PROT_W = 2, PROT_X = 4, SHM_X = 0100000,	/* PROT_WRITE, PROT_EXEC, SHM_EXEC */
	CHANGES = R_WRITE | R_CREATE | R_DELETE | R_ATTR,
	NO_FAMILY = 0xfff,
};

/*
 * What systemd adds to every list of calls that are let in, its set @default:
 * those that the policy refuses are taken off again.
 */
static const char *const added[] = {
	"arch_prctl", "brk", "cacheflush", "clock_getres", "clock_getres_time64", "clock_gettime",
	"clock_gettime64", "clock_nanosleep", "clock_nanosleep_time64", "exit", "exit_group", "futex",
	"futex_time64", "futex_waitv", "get_robust_list", "get_thread_area", "getegid", "getegid32", "geteuid",
	"geteuid32", "getgid", "getgid32", "getgroups", "getgroups32", "getpgid", "getpgrp", "getpid",
	"getppid", "getrandom", "getresgid", "getresgid32", "getresuid", "getresuid32", "getrlimit", "getsid",
	"gettid", "gettimeofday", "getuid", "getuid32", "map_shadow_stack", "membarrier", "mmap", "mmap2",
	"mprotect", "mseal", "munmap", "nanosleep", "pause", "prlimit64", "restart_syscall", "rseq",
	"rt_sigreturn", "sched_getaffinity", "sched_yield", "set_robust_list", "set_thread_area",
	"set_tid_address", "sigreturn", "time", "ugetrlimit", "uprobe", "uretprobe",
};

/* A setting with many words, on several lines. */
struct list {
	const struct export_out *out;
	const char *setting, *mark;
	size_t column;
};

static void
list_add(struct list *l, const char *word)
{
	if (l->column + strlen(word) + 1 > WIDTH) {
		export_text(l->out, "\n");
		l->column = 0;
	}
	if (!l->column)
		export_text(l->out, "%s=%s", l->setting, l->mark);
	else
		export_text(l->out, " ");
	export_text(l->out, "%s", word);
	l->column += (l->column ? 1 : strlen(l->setting)) + strlen(word);
}

static void
list_end(const struct list *l)
{
	if (l->column)
		export_text(l->out, "\n");
}

/* Calls. */

static const struct answer *
answer_to(const struct export_input *in, const struct export_out *out, const char *name)
{
	return export_answer(out->pool, in, &in->abi[0], sysdesc_find(name));
}

/* Is there a way to let it in, where this register has these bits? */
static bool
may_pass(const struct export_input *in, const struct export_out *out, const char *name,
    unsigned reg, uint64_t mask, uint64_t value)
{
	const struct cube c = { mask, value };
	const struct regtest t = { reg, 1, &c };

	return answer_may_pass(answer_to(in, out, name), &t);
}

static bool
may_pass_at_all(const struct export_input *in, const struct export_out *out, const char *name)
{
	for (size_t a = 0; a < in->nabis; a++)
		for (size_t i = 0; i < in->abi[a].ncalls; i++)
			if (!strcmp(in->abi[a].call[i].name, name) &&
			    answer_may_pass(export_answer(out->pool, in, &in->abi[a], in->abi[a].call[i].id), NULL))
				return true;
	return false;
}

static bool
is_first_of_name(const struct export_input *in, size_t abi, const char *name)
{
	for (size_t a = 0; a < abi; a++)
		for (size_t i = 0; i < in->abi[a].ncalls; i++)
			if (!strcmp(in->abi[a].call[i].name, name))
				return false;
	return true;
}

static bool
is_plain_error(const struct answer *a)
{
	return !a->test && a->class == ANSWER_REFUSE && a->action == ACT_DENY && a->err == 38;
}

static void
lose_details(const struct export_out *out, const char *name, const struct answer *a)
{
	static const char error[] = "calls that get ENOSYS instead of what the policy says; systemd has one error for all";

	if (a->test && answer_may_pass(a, NULL))
		out->lost(out->ctx, "calls that are let in whatever their arguments", name, NULL);
	else if (!answer_may_pass(a, NULL) && !is_plain_error(a))
		out->lost(out->ctx, error, name, NULL);
}

static void
write_calls(const struct export_input *in, const struct export_out *out)
{
	struct list allowed = { out, "SystemCallFilter", "", 0 }, off = { out, "SystemCallFilter", "~", 0 };

	for (size_t a = 0; a < in->nabis; a++) {
		for (size_t i = 0; i < in->abi[a].ncalls; i++) {
			const struct export_call *c = &in->abi[a].call[i];

			if (!is_first_of_name(in, a, c->name))
				continue;
			lose_details(out, c->name, export_answer(out->pool, in, &in->abi[a], c->id));
			if (may_pass_at_all(in, out, c->name))
				list_add(&allowed, c->name);
		}
	}
	list_end(&allowed);
	for (size_t i = 0; i < sizeof(added) / sizeof(added[0]); i++)
		if (sysdesc_find(added[i]) != SYS_ID_none && !may_pass_at_all(in, out, added[i]))
			list_add(&off, added[i]);
	list_end(&off);
	export_text(out, "SystemCallErrorNumber=ENOSYS\n");
}

static void
write_families(const struct export_input *in, const struct export_out *out)
{
	bool others = may_pass(in, out, "socket", 0, UINT32_MAX, NO_FAMILY), any = false;
	struct list l = { out, "RestrictAddressFamilies", others ? "~" : "", 0 };

	for (size_t i = 0; i < nconstants; i++) {
		const struct constant *c = &constants[i];

		/* AF_UNSPEC is none to systemd, nor to the kernel. */
		if (c->vocab != V_AF || !c->value || constant_name(V_AF, c->value, NULL) != c->name ||
		    may_pass(in, out, "socket", 0, UINT32_MAX, c->value) == others)
			continue;
		list_add(&l, c->name);
		any = true;
	}
	list_end(&l);
	if (!any && !others)
		export_text(out, "RestrictAddressFamilies=none\n");
}

/* systemd refuses more than memory that is both: making memory executable at all. */
static void
write_memory(const struct export_input *in, const struct export_out *out)
{
	static const struct {
		const char *name;
		uint64_t bits;
	} ways[] = {
		{ "mprotect", PROT_X }, { "pkey_mprotect", PROT_X }, { "shmat", SHM_X }, { "mmap", PROT_W | PROT_X }
	};
	bool any = false;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		any |= may_pass(in, out, ways[i].name, 2, ways[i].bits, ways[i].bits);
	if (!any)
		export_text(out, "MemoryDenyWriteExecute=yes\n");
}

static void
write_namespaces(const struct export_input *in, const struct export_out *out)
{
	if (may_pass_at_all(in, out, "unshare") || may_pass_at_all(in, out, "setns"))
		return;
	for (size_t i = 0; i < nconstants; i++) {
		const struct constant *c = &constants[i];

		if (c->vocab == V_CLONE && !strncmp(c->name, "CLONE_NEW", 9) && c->value > 0xff &&
		    may_pass(in, out, "clone", 0, c->value, c->value))
			return;
	}
	export_text(out, "RestrictNamespaces=yes\n");
}

/* Paths. */

struct trees {
	const char *path[MAX_TREES];
	size_t n;
	bool whole;			/* the root, or more than there is room for: no list is worth it */
};

static bool
covers(const char *dir, const char *path)
{
	size_t n = strlen(dir);

	return !strncmp(dir, path, n) && (!path[n] || path[n] == '/' || !strcmp(dir, "/"));
}

/* /proc/self would be systemd's own. */
static void
add_tree(struct trees *t, const char *path)
{
	if (covers("/proc/self", path))
		path = "/proc";
	for (size_t i = 0; i < t->n; i++)
		if (covers(t->path[i], path))
			return;
	if (!strcmp(path, "/") || t->n == MAX_TREES)
		t->whole = true;
	else
		t->path[t->n++] = path;
}

/* The directory or file that a pattern is about, or the directory above; up: one more, for what comes and goes. */
static const char *
root_of(struct pool *pool, const struct pattern *p, bool up)
{
	size_t n = p->prefix_len;
	char *text = pool_text(pool, p->prefix, n), *slash;

	while (n > 1 && text[n - 1] == '/' && p->shape == PAT_TREE)
		text[--n] = '\0';
	if (p->shape == PAT_TREE)
		return n ? text : "/";
	slash = strrchr(text, '/');
	if (p->shape == PAT_EXACT && !up)
		return text;
	if (!slash || slash == text)
		return "/";
	*slash = '\0';
	return text;
}

/* Where the layer may have any of these rights on files. */
static void
find_trees(const struct export_out *out, const struct policy *p, unsigned rights, unsigned entries, struct trees *t)
{
	for (size_t i = 0; i < p->nsorted[OBJ_PATH]; i++) {
		const struct rule *r = p->sorted[OBJ_PATH][i];

		if (r->action == ACT_ALLOW && r->rights & rights && !r->path.anonymous)
			add_tree(t, root_of(out->pool, &r->path, r->rights & entries));
	}
	t->whole |= p->fallback.action == ACT_ALLOW;
}

/* Binding a unix socket makes a name. */
static void
find_bound(const struct export_out *out, const struct policy *p, struct trees *t)
{
	for (size_t i = 0; i < p->nsorted[OBJ_ADDR]; i++) {
		const struct rule *r = p->sorted[OBJ_ADDR][i];

		if (r->action != ACT_ALLOW || !(r->rights & R_BIND))
			continue;
		if (r->addr.shape == ADDR_UNIX)
			add_tree(t, root_of(out->pool, &r->addr.name, true));
		else if (r->addr.shape == ADDR_ANY || (r->addr.shape == ADDR_FAMILY && r->addr.family == NA_UNIX))
			t->whole = true;
	}
}

/* A path as unit files have it: specifiers, and bytes of no ordinary name, escaped. */
static void
write_path(const struct export_out *out, const char *setting, const char *path)
{
	char mem[4 * PATTERN_MAX];
	struct strbuf b = STRBUF(mem);

	for (const unsigned char *c = (const unsigned char *)path; *c; c++) {
		if (*c == '%')
			strbuf_add(&b, "%%");
		else if (*c <= ' ' || *c >= 127 || strchr("\"'\\", *c))
			strbuf_addf(&b, "\\x%02x", *c);
		else
			strbuf_addc(&b, (char)*c);
	}
	export_text(out, "%s=-", setting);
	out->text(out->ctx, b.s);
	export_text(out, "\n");
}

static bool
is_inside_another(const struct trees *t, size_t i)
{
	for (size_t k = 0; k < t->n; k++)
		if (k != i && covers(t->path[k], t->path[i]))
			return true;
	return false;
}

static void
write_trees(const struct export_out *out, const char *setting, const struct trees *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (!is_inside_another(t, i))
			write_path(out, setting, t->path[i]);
}

/* The first layer that says where files may be changed: no other lets in more than it. */
static void
write_changes(const struct export_input *in, const struct export_out *out)
{
	for (size_t i = 0; i < in->nlayers; i++) {
		struct trees *t = pool_alloc(out->pool, 1, sizeof(*t));

		find_trees(out, in->layer[i].policy, CHANGES, R_CREATE | R_DELETE, t);
		find_bound(out, in->layer[i].policy, t);
		if (t->whole)
			continue;
		export_text(out, "ReadOnlyPaths=/\n");
		write_trees(out, "ReadWritePaths", t);
		return;
	}
}

/* What is mapped to be executed has to lie where that is possible, not only what is executed. */
static void
write_programs(const struct export_input *in, const struct export_out *out)
{
	for (size_t i = 0; in->program && i < in->nlayers; i++) {
		struct trees *t = pool_alloc(out->pool, 1, sizeof(*t));

		add_tree(t, in->program);
		find_trees(out, in->layer[i].policy, R_READ | R_EXEC, 0, t);
		if (t->whole)
			continue;
		export_text(out, "NoExecPaths=/\n");
		write_trees(out, "ExecPaths", t);
		return;
	}
}

static bool
meets(const struct trees *t, const char *dir)
{
	for (size_t i = 0; i < t->n; i++)
		if (covers(dir, t->path[i]) || covers(t->path[i], dir))
			return true;
	return t->whole;
}

static void
write_homes(const struct export_input *in, const struct export_out *out)
{
	for (size_t i = 0; i < in->nlayers; i++) {
		struct trees *t = pool_alloc(out->pool, 1, sizeof(*t));

		find_trees(out, in->layer[i].policy, R_PATHS, R_CREATE | R_DELETE, t);
		find_bound(out, in->layer[i].policy, t);
		if (in->program)
			add_tree(t, in->program);
		if (meets(t, "/home") || meets(t, "/root") || meets(t, "/run/user"))
			continue;
		export_text(out, "ProtectHome=yes\n");
		return;
	}
}

/* A place that a rule closes, and that no other rule opens again somewhere inside. */
static bool
stays_closed(const struct export_out *out, const struct policy *p, const struct rule *closing, unsigned rights)
{
	const char *dir = root_of(out->pool, &closing->path, false);

	for (size_t i = 0; i < p->nsorted[OBJ_PATH]; i++) {
		const struct rule *r = p->sorted[OBJ_PATH][i];
		const char *other = root_of(out->pool, &r->path, false);

		if (r->action != ACT_ALLOW || !(r->rights & rights) || r->path.anonymous)
			continue;
		if (covers(dir, other) || (r->path.shape == PAT_GLOB && covers(other, dir)))
			return false;
	}
	return true;
}

/* A place by its name, which the rule closes at any time. */
static bool
is_closing(const struct rule *r, unsigned rights)
{
	return r->action != ACT_ALLOW && (r->rights & rights) == rights && !r->phase && !r->cond.n &&
	    !r->path.anonymous && r->path.shape != PAT_GLOB && r->path.prefix_len;
}

static void
write_closed(const struct export_input *in, const struct export_out *out, unsigned layer, const char *setting,
    unsigned rights)
{
	const struct policy *p = in->layer[layer].policy;

	for (size_t i = 0; i < p->nsorted[OBJ_PATH]; i++) {
		const struct rule *r = p->sorted[OBJ_PATH][i];

		if (!is_closing(r, rights) || !stays_closed(out, p, r, rights))
			continue;
		if (strcmp(root_of(out->pool, &r->path, false), "/"))
			write_path(out, setting, root_of(out->pool, &r->path, false));
	}
}

static void
write_paths(const struct export_input *in, const struct export_out *out)
{
	write_homes(in, out);
	write_changes(in, out);
	write_programs(in, out);
	for (unsigned i = 0; i < in->nlayers; i++) {
		write_closed(in, out, i, "InaccessiblePaths", R_PATHS);
		write_closed(in, out, i, "ReadOnlyPaths", CHANGES);
	}
}

/* Addresses. */

static void
print_network(const struct export_out *out, const char *setting, const struct rule *r)
{
	char text[64];
	unsigned family = r->addr.family == NA_INET6 ? AF_INET6 : AF_INET;

	if (inet_ntop((int)family, r->addr.ip, text, sizeof(text)))
		export_text(out, "%s=%s/%u\n", setting, text, r->addr.bits);
}

static bool
is_internet(const struct rule *r)
{
	if (r->addr.shape == ADDR_ANY)
		return true;
	return (r->addr.shape == ADDR_FAMILY || r->addr.shape == ADDR_IP) &&
	    (r->addr.family == NA_INET || r->addr.family == NA_INET6);
}

/* Whom one may be reached by is not said by any rule: who binds talks to everyone. */
static bool
talks_to_anyone(const struct policy *p)
{
	if (p->fallback.action == ACT_ALLOW)
		return true;
	for (size_t i = 0; i < p->nsorted[OBJ_ADDR]; i++) {
		const struct rule *r = p->sorted[OBJ_ADDR][i];

		if (r->action == ACT_ALLOW && is_internet(r) && (r->rights & R_BIND ||
		    (r->addr.shape != ADDR_IP && r->rights & (R_CONNECT | R_SEND))))
			return true;
	}
	return false;
}

static void
write_addresses(const struct export_input *in, const struct export_out *out)
{
	for (size_t i = 0; i < in->nlayers; i++) {
		const struct policy *p = in->layer[i].policy;

		if (talks_to_anyone(p))
			continue;
		for (size_t k = 0; k < p->nsorted[OBJ_ADDR]; k++) {
			const struct rule *r = p->sorted[OBJ_ADDR][k];

			if (r->action == ACT_ALLOW && r->addr.shape == ADDR_IP && r->rights & (R_CONNECT | R_SEND))
				print_network(out, "IPAddressAllow", r);
		}
		export_text(out, "IPAddressDeny=any\n");
		return;
	}
}

void
export_systemd(const struct export_input *in, const struct export_out *out)
{
	export_text(out, "[Service]\nNoNewPrivileges=yes\nSystemCallArchitectures=");
	for (size_t i = 0; i < in->nabis; i++)
		export_text(out, "%s%s", i ? " " : "", in->abi[i].systemd);
	export_text(out, "\n");
	write_calls(in, out);
	write_families(in, out);
	write_memory(in, out);
	write_namespaces(in, out);
	write_paths(in, out);
	write_addresses(in, out);
	export_lost_rules(in, out);
}
