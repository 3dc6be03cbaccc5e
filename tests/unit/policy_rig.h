/* SPDX-License-Identifier: ISC */
#ifndef TG_POLICY_RIG_H
#define TG_POLICY_RIG_H

/*
 * What the tests of policies share: a host whose files are a table, and calls
 * written as text: "openat flags=O_CREAT; read,write /x; signal tree".  Who
 * makes the call stands among its arguments: caller=/usr/lib/libc.so.6:connect
 * or caller=memory, exe=/usr/bin/mpv, argv0=mpv, uid=0; and phases=0x5 says
 * which phases are open: all, when nothing does.
 */

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/policy.h"
#include "lib/strbuf.h"

/* The text that the policy "test" has; and other files. */
static const char *rig_text;
static size_t rig_text_len;

static const struct {
	const char *name, *text;
} rig_files[] = {
	{ "a", "policy 1\ninclude \"b\"\n" },
	{ "b", "policy 1\ninclude \"a\"\n" },
	{ "self", "policy 1\ninclude \"self\"\n" },
	{ "reads", "policy 1\nprogram other\nallow read /included/**\n" },
	{ "sockets", "policy 1\nallow connect inet\nallow syscall socket if domain == AF_UNIX and protocol == 0\n" },
	{ "diamond", "policy 1\ninclude \"reads\"\n" },
	{ "settled", "policy 1\ndefault deny ENOENT\nallow read /settled/**\n" },
	{ "lets", "policy 1\nlet dir = /own\nallow read ${dir}/**\n" },
	{ "uses", "policy 1\nallow read ${dir}/**\n" },
	{ "wrong", "policy 1\nallow raed /x\n" },
	{ "unsafe", "policy 1\nunsafe mount\n" },
	{ "phased", "policy 1\nphase own until exec {\nallow read /phased/**\n}\n" },
	{ "refuses", "policy 1\nallow read /r/**\ndeny read /r/no\nask read /r/ask\n" },
	{ "blocks", "policy 1\nblock shared {\nallow read /shared/**\n}\nallow read /blocks\n" },
	{ "user", "policy 1\nuse mine\n" },
	{ "first", "policy 1\nallow exec /bin/second -> \"second\"\n" },
	{ "second", "policy 1\nallow exec /bin/first -> \"first\"\n" },
	{ "mirror", "policy 1\nallow exec /** -> \"mirror\"\n" },
	{ "astray", "policy 1\nallow exec /x -> \"wrong\"\n" },
	{ "base/drop", "policy 1\npromise stdio\n" },
};

static const struct {
	const char *name, *text;
} rig_promises[] = {
	{ "rpath", "policy 1\nallow syscall open, openat\n" },
	{ "stdio", "policy 1\nallow syscall read, write\nallow read /dev/null\n" },
	{ "uses", "policy 1\nallow read ${dir}/**\n" },
};

static int
rig_read(void *ctx, const char *name, const char *from, const char **text, size_t *len, const char **shown)
{
	(void)ctx;
	(void)from;
	*shown = name;
	if (!strcmp(name, "test")) {
		*text = rig_text;
		*len = rig_text_len;
		return 0;
	}
	if (!strcmp(name, "locked"))
		return -EACCES;
	if (!strcmp(name, "huge"))
		return -EFBIG;
	for (size_t i = 0; i < sizeof(rig_files) / sizeof(rig_files[0]); i++) {
		if (strcmp(rig_files[i].name, name) != 0)
			continue;
		*shown = rig_files[i].name;
		*text = rig_files[i].text;
		*len = strlen(*text);
		return 0;
	}
	return -ENOENT;
}

static int
rig_read_promise(void *ctx, const char *name, const char **text, size_t *len, const char **shown)
{
	(void)ctx;
	for (size_t i = 0; i < sizeof(rig_promises) / sizeof(rig_promises[0]); i++) {
		if (strcmp(rig_promises[i].name, name) != 0)
			continue;
		*shown = rig_promises[i].name;
		*text = rig_promises[i].text;
		*len = strlen(*text);
		return 0;
	}
	return -ENOENT;
}

static const char *
rig_variable(void *ctx, const char *name)
{
	static const struct {
		const char *name, *value;
	} values[] = {
		{ "HOME", "/home/u" }, { "SLASH", "/home/u/" }, { "ROOT", "/" }, { "EMPTY", "" },
		{ "GLOB", "/g/*[x]{a,b}" }, { "1", "/media/clip one.mkv" }, { "XDG_RUNTIME_DIR", "/run/user/1000" },
	};

	(void)ctx;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (!strcmp(values[i].name, name))
			return values[i].value;
	return NULL;
}

static const char *rig_asked;

/* Links that a program could make: below /w, and by way of others. */
static const struct policy_link *
rig_links(void *ctx)
{
	static struct policy_link link[2];
	static const struct policy_link inner[] = { { "/usr/lib/out", true }, { NULL, false } };
	static const struct policy_link middle[] = { { "/w/dir", false }, { NULL, false } };

	(void)ctx;
	link[0] = (struct policy_link){ rig_asked, true };
	if (!strcmp(rig_asked, "/lib/out"))
		return inner;
	if (!strcmp(rig_asked, "/w/dir/sub"))
		return middle;
	return !strncmp(rig_asked, "/w/", 3) ? link : NULL;
}

static const char *
rig_canonical(void *ctx, const char *path)
{
	static const struct {
		const char *from, *to;
	} links[] = {
		{ "/lib", "/usr/lib" }, { "/var/run/s", "/run/s" }, { "/link", "/target" }, { "/toroot", "/" },
		{ "/proc/self", "/proc/1" }, { "/lib/gcc", "/usr/lib/gcc" },
		{ "/w/out", "/victim" }, { "/w/log", "/home/u/.bashrc" }, { "/w/sock", "/run/sock" }, { "/lib/out", "/victim" }, { "/w/dir/sub", "/victim/sub" },
	};

	(void)ctx;
	rig_asked = path;
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (!strcmp(links[i].from, path))
			return links[i].to;
	return NULL;
}

static const char *const *
rig_promise_names(void *ctx)
{
	static const char *const names[] = { "rpath", "stdio", "uses", NULL };

	(void)ctx;
	return names;
}

static const char *const *
rig_guards(void *ctx)
{
	static const char *const names[] = { "ptrace", "mount", "proc-mem", NULL };

	(void)ctx;
	return names;
}

static const struct policy_host rig_host = {
	.read = rig_read,
	.read_promise = rig_read_promise,
	.variable = rig_variable,
	.canonical = rig_canonical,
	.links = rig_links,
	.promises = rig_promise_names,
	.guards = rig_guards,
};

static struct policy_errors rig_errors;

/* NULL when the text is wrong; rig_errors says why. */
static struct policy *
rig_load(const char *text)
{
	rig_text = text;
	rig_text_len = strlen(text);
	return policy_load(&rig_host, "test", NULL, &rig_errors);
}

static __attribute__((unused)) struct policy *
rig_load_good(const char *text)
{
	struct policy *p = rig_load(text);

	if (!p)
		ck_abort_msg("%s\n%s", text, rig_errors.text);
	return p;
}

/* A call read from text, with room for what it borrows. */
struct rig_call {
	struct sysevent ev;
	struct caller caller;
	struct process process;
	uint32_t phases;
	struct access access[8];
	char text[2048];
};

static void
rig_address(struct access *a, char *s)
{
	char ip[64];
	unsigned port = 0;

	if (!strncmp(s, "unix:", 5) || !strncmp(s, "abstract:", 9)) {
		a->addr.family = NA_UNIX;
		a->addr.abstract = s[0] == 'a';
		s = strchr(s, ':') + 1;
		if (strlen(s) >= sizeof(a->addr.path)) {
			a->path = s;
			return;
		}
		a->addr.pathlen = (uint8_t)strlen(s);
		memcpy(a->addr.path, s, a->addr.pathlen);
	} else if (sscanf(s, "inet:%63[0-9.]:%u", ip, &port) >= 1) {
		a->addr.family = NA_INET;
		a->addr.port = (uint16_t)port;
		ck_assert_int_eq(inet_pton(AF_INET, ip, a->addr.ip), 1);
	} else if (sscanf(s, "inet6:[%63[0-9a-f:]]:%u", ip, &port) >= 1) {
		a->addr.family = NA_INET6;
		a->addr.port = (uint16_t)port;
		ck_assert_int_eq(inet_pton(AF_INET6, ip, a->addr.ip), 1);
	} else {
		ck_assert_msg(family_find(s) >= 0, "%s", s);
		a->addr.family = (uint16_t)family_find(s);
		a->addr.abstract = a->addr.family == NA_UNIX;
	}
}

static void
rig_process(struct access *a, const char *s)
{
	static const char *const names[] = {
		[PROC_SUPERVISOR] = "supervisor", [PROC_OUTSIDE] = "outside", [PROC_TREE] = "tree", [PROC_SELF] = "self",
	};

	for (unsigned i = 0; i <= PROC_SELF; i++) {
		if (!strcmp(names[i], s)) {
			a->proc = i;
			return;
		}
	}
	ck_abort_msg("no such process: %s", s);
}

/* "read,write /x"; "write tree:/x" is of a directory that moves; of "read,exec any:/x" one right is enough */
static void
rig_access(struct access *a, char *s)
{
	char *object = strchr(s, ' '), *save = NULL;

	memset(a, 0, sizeof(*a));
	ck_assert_ptr_nonnull(object);
	*object++ = '\0';
	for (char *w = strtok_r(s, ",", &save); w; w = strtok_r(NULL, ",", &save)) {
		ck_assert_msg(rights_find(w), "right %s", w);
		a->rights |= (uint16_t)rights_find(w);
	}
	if (a->rights & R_PATHS) {
		a->kind = ACC_PATH;
		a->tree = !strncmp(object, "tree:", 5);
		a->any = !strncmp(object, "any:", 4);
		a->path = object + (a->tree ? 5 : a->any ? 4 : 0);
	} else if (a->rights & R_ADDRS) {
		a->kind = ACC_ADDR;
		rig_address(a, object);
	} else {
		a->kind = ACC_PROC;
		rig_process(a, object);
	}
}

/* "flags=O_CREAT" */
static void
rig_argument(struct sysevent *ev, char *s)
{
	char *value = strchr(s, '=');
	const struct constant *c;
	int i;

	ck_assert_ptr_nonnull(value);
	*value++ = '\0';
	i = sysdesc_arg(&sysdesc_table[ev->id], s);
	ck_assert_msg(i >= 0, "argument %s", s);
	c = constant_find(value);
	ev->arg[i].val = c ? c->value : strtoull(value, NULL, 0);
}

/* "/usr/lib/libc.so.6:connect"; "memory" is of no file. */
static void
rig_caller(struct rig_call *c, char *s)
{
	char *function = strrchr(s, ':');

	c->ev.caller = &c->caller;
	if (!strcmp(s, "memory"))
		return;
	if (function)
		*function++ = '\0';
	c->caller = (struct caller){ .module = s, .function = function, .file = true };
}

static uint32_t *
rig_id(struct process *p, const char *name)
{
	return !strcmp(name, "uid") ? &p->uid : !strcmp(name, "euid") ? &p->euid :
	    !strcmp(name, "gid") ? &p->gid : !strcmp(name, "egid") ? &p->egid : NULL;
}

/* Who makes the call, and when; false for an argument of the call. */
static bool
rig_who(struct rig_call *c, char *s)
{
	char name[16];
	char *value = strchr(s, '=') + 1;

	snprintf(name, sizeof(name), "%.*s", (int)(value - 1 - s), s);
	if (!strcmp(name, "caller")) {
		rig_caller(c, value);
		return true;
	}
	if (!strcmp(name, "phases")) {
		c->phases = (uint32_t)strtoul(value, NULL, 0);
		return true;
	}
	if (!strcmp(name, "exe"))
		c->process.exe = value;
	else if (!strcmp(name, "argv0"))
		c->process.argv0 = value;
	else if (rig_id(&c->process, name) && sysdesc_arg(&sysdesc_table[c->ev.id], name) < 0)
		*rig_id(&c->process, name) = (uint32_t)strtoul(value, NULL, 0);
	else
		return false;
	c->ev.process = &c->process;
	return true;
}

static void
rig_head(struct rig_call *call, char *s)
{
	struct sysevent *ev = &call->ev;
	char *save = NULL, *name = strtok_r(s, " ", &save);

	ev->id = strcmp(name, "none") ? sysdesc_find(name) : SYS_ID_none;
	ck_assert_msg(ev->id || !strcmp(name, "none"), "call %s", name);
	for (char *w = strtok_r(NULL, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		if (!strcmp(w, "foreign"))
			ev->foreign = true;
		else if (!strcmp(w, "32bit"))
			ev->wordsize = 4;
		else if (!strchr(w, '=') || !rig_who(call, w))
			rig_argument(ev, w);
	}
}

static __attribute__((unused)) struct sysevent *
rig_event(struct rig_call *c, const char *text)
{
	char *next;

	memset(c, 0, sizeof(*c));
	ck_assert(strlen(text) < sizeof(c->text));
	strcpy(c->text, text);
	c->ev.wordsize = 8;
	c->ev.abi = "x86_64";
	c->ev.access = c->access;
	c->phases = UINT32_MAX;
	next = strstr(c->text, "; ");
	if (next)
		*next = '\0';
	rig_head(c, c->text);
	while (next) {
		char *s = next + 2;

		next = strstr(s, "; ");
		if (next)
			*next = '\0';
		rig_access(&c->access[c->ev.naccess++], s);
	}
	return &c->ev;
}

#endif
