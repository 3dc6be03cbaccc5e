/* SPDX-License-Identifier: ISC */
#include "tracer/host.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/diag.h"
#include "lib/strbuf.h"
#include "lib/xalloc.h"
#include "policies/builtin.h"
#include "tracer/policyfile.h"

static const char *host_variable(void *ctx, const char *name);
static const char *host_canonical(void *ctx, const char *path);
static const struct policy_link *host_links(void *ctx);
static const char *const *host_promises(void *ctx);
static const char *const *host_guards(void *ctx);
static void find_operands(struct host *, char *const *argv);

void
host_init(struct host *h, char *const *argv)
{
	const char *path;

	memset(h, 0, sizeof(*h));
	h->iface = (struct policy_host){
		.ctx = h,
		.read = policyfile_read,
		.read_local = policyfile_read_local,
		.read_promise = policyfile_read_promise,
		.variable = host_variable,
		.canonical = host_canonical,
		.links = host_links,
		.promises = host_promises,
		.guards = host_guards,
	};
	h->cwd = getcwd(NULL, 0);
	if (!argv || !argv[0])
		return;
	path = host_find_program(h, argv[0]);
	if (path)
		h->program = host_own(h, realpath(path, NULL));
	find_operands(h, argv + 1);
}

void
host_free(struct host *h)
{
	if (h->floor)
		policy_free(h->floor);
	for (size_t i = 0; i < h->nowned; i++)
		free(h->owned[i]);
	free(h->owned);
	free(h->promises);
	free(h->operand);
	free(h->cwd);
	route_free(&h->route);
	memset(h, 0, sizeof(*h));
}

char *
host_own(struct host *h, char *text)
{
	if (!text)
		return NULL;
	xgrow(&h->owned, h->nowned, &h->cap, sizeof(*h->owned));
	h->owned[h->nowned++] = text;
	return text;
}

/* Paths */

/* Absolute, without "." components and doubled slashes; ".." is the file system's business. */
static char *
make_absolute(const struct host *h, const char *path)
{
	char *joined, *out;

	if (path[0] != '/' && !h->cwd)
		return NULL;
	joined = path[0] == '/' ? xstrdup(path) : xasprintf("%s/%s", h->cwd, path);
	out = joined;
	for (const char *p = joined; *p;) {
		size_t n = strcspn(p + 1, "/") + 1;

		if (!(n == 1 || (n == 2 && p[1] == '.'))) {
			memmove(out, p, n);
			out += n;
		}
		p += n;
	}
	if (out == joined)
		*out++ = '/';
	*out = '\0';
	return joined;
}

static const char *
host_canonical(void *ctx, const char *path)
{
	struct host *h = ctx;

	route_free(&h->route);
	route_find(&h->route, path);
	return strcmp(h->route.path, path) ? host_own(h, xstrdup(h->route.path)) : NULL;
}

static const struct policy_link *
host_links(void *ctx)
{
	struct host *h = ctx;

	return h->route.nlinks ? h->route.link : NULL;
}

static char *
real_path(const char *path)
{
	struct route r;
	char *real;

	route_find(&r, path);
	real = steal_ptr(&r.path);
	route_free(&r);
	return real;
}

/* The end of the last ".." of a path; NULL when it has none. */
static const char *
last_climb(const char *path)
{
	const char *last = NULL;

	for (const char *p = path; (p = strstr(p, "/..")); p += 3)
		if (p[3] == '/' || p[3] == '\0')
			last = p + 3;
	return last;
}

const char *
host_path(struct host *h, const char *name)
{
	cleanup_free char *path = make_absolute(h, name), *up = NULL, *real = NULL;
	const char *rest = path ? last_climb(path) : NULL;

	if (!path || !rest)
		return host_own(h, steal_ptr(&path));
	/* Where ".." leads the file system says; what comes behind it is a name like others. */
	up = xstrndup(path, (size_t)(rest - path));
	real = real_path(up);
	return host_own(h, xasprintf("%s%s", strcmp(real, "/") || !*rest ? real : "", rest));
}

static void
find_operands(struct host *h, char *const *argv)
{
	for (; *argv; argv++) {
		if (!**argv || (**argv == '-' && access(*argv, F_OK) != 0))
			continue;
		xgrow(&h->operand, h->noperands, &h->operands_cap, sizeof(*h->operand));
		h->operand[h->noperands++] = host_path(h, *argv);
	}
}

static const char *
executable_in(struct host *h, const char *dir, size_t len, const char *name)
{
	cleanup_free char *path = len ? xasprintf("%.*s/%s", (int)len, dir, name) : xstrdup(name);
	struct stat st;

	if (stat(path, &st) < 0)
		return NULL;
	if (!S_ISREG(st.st_mode) || access(path, X_OK) < 0) {
		errno = EACCES;
		return NULL;
	}
	return host_own(h, make_absolute(h, path));
}

const char *
host_find_program(struct host *h, const char *name)
{
	const char *dirs = getenv("PATH");
	int err = ENOENT;

	if (strchr(name, '/'))
		return executable_in(h, "", 0, name);
	if (!dirs)
		dirs = "/usr/local/bin:/bin:/usr/bin";
	for (; *name; dirs++) {
		size_t n = strcspn(dirs, ":");
		const char *path = n ? executable_in(h, dirs, n, name) : executable_in(h, ".", 1, name);

		if (path)
			return path;
		if (errno == EACCES)
			err = EACCES;
		dirs += n;
		if (!*dirs)
			break;
	}
	errno = err;
	return NULL;
}

/* Variables */

/* A value as policies take it: NULL when empty or not to be trusted in a message or a pattern. */
static const char *
checked(struct host *h, const char *name, const char *value)
{
	size_t n = value ? strlen(value) : 0;

	if (n == 0)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)value[i] >= 0x20 && value[i] != 0x7f)
			continue;
		warn("the value of ${%s} has control characters; taken as undefined", name);
		return NULL;
	}
	while (n > 1 && value[n - 1] == '/')
		n--;
	return host_own(h, xstrndup(value, n));
}

static const char *
from_environment(struct host *h, const char *name)
{
	return checked(h, name, getenv(name));
}

static const char *
below_home(struct host *h, const char *dir)
{
	const char *home = from_environment(h, "HOME");

	if (!home)
		return NULL;
	return host_own(h, xasprintf("%s%s", strcmp(home, "/") ? home : "", dir));
}

static const char *
var_operand(struct host *h, const char *name)
{
	unsigned long n = strtoul(name, NULL, 10);

	return n && n <= h->noperands ? checked(h, name, h->operand[n - 1]) : NULL;
}

static const char *
var_program(struct host *h)
{
	return checked(h, "PROGRAM", h->program);
}

static const char *
var_cwd(struct host *h)
{
	return checked(h, "CWD", h->cwd);
}

static const char *
var_uid(struct host *h)
{
	return host_own(h, xasprintf("%u", (unsigned)getuid()));
}

/* Where tollgate knows better than the environment, and where the environment has a default. */
static const struct variable {
	const char *name;
	const char *(*value)(struct host *);
	const char *below_home;
} variables[] = {
	{ "PROGRAM",		var_program,	NULL },
	{ "CWD",		var_cwd,	NULL },
	{ "UID",		var_uid,	NULL },
	{ "XDG_CONFIG_HOME",	NULL,		"/.config" },
	{ "XDG_CACHE_HOME",	NULL,		"/.cache" },
	{ "XDG_DATA_HOME",	NULL,		"/.local/share" },
	{ "XDG_STATE_HOME",	NULL,		"/.local/state" },
};

static const struct variable *
variable_find(const char *name)
{
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		if (!strcmp(variables[i].name, name))
			return &variables[i];
	return NULL;
}

/*
 * One line of user-dirs.dirs: NAME="$HOME/dir" or NAME="/dir", backslashes as
 * in a shell.  "$HOME/" switches a directory off; as a value it would open
 * the whole home directory to a policy that means the videos in it.
 */
static char *
user_dir_value(const char *line, size_t len, const char *home)
{
	cleanup_free char *value = xmalloc(len + 1);
	size_t n = 0, i = 0;
	bool below = len > 6 && !strncmp(line, "\"$HOME/", 7);

	if (len < 2 || line[0] != '"' || !(below || line[1] == '/'))
		return NULL;
	for (i = below ? 6 : 1; i < len && line[i] != '"'; i++) {
		if (line[i] == '\\' && i + 1 < len)
			i++;
		value[n++] = line[i];
	}
	while (n > 0 && value[n - 1] == '/')
		n--;
	value[n] = '\0';
	if (i >= len || n == 0)
		return NULL;
	if (!below)
		return strcmp(value, home) ? steal_ptr(&value) : NULL;
	return xasprintf("%s%s", strcmp(home, "/") ? home : "", value);
}

static const char *
from_user_dirs(struct host *h, const char *name)
{
	const char *config = host_variable(h, "XDG_CONFIG_HOME");
	const char *home = from_environment(h, "HOME");
	cleanup_free char *path = NULL, *value = NULL;
	size_t len, n = strlen(name);
	const char *text;

	if (!config || !home)
		return NULL;
	path = xasprintf("%s/user-dirs.dirs", config);
	if (host_read_file(h, path, &text, &len))
		return NULL;
	for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n') {
		p += strspn(p, " \t");
		if (!strncmp(p, name, n) && p[n] == '=') {
			free(value);
			value = user_dir_value(p + n + 1, strcspn(p + n + 1, "\n"), home);
		}
	}
	return checked(h, name, value);
}

static const char *
host_variable(void *ctx, const char *name)
{
	const struct variable *v = variable_find(name);
	struct host *h = ctx;
	size_t len = strlen(name);
	const char *value;

	if (name[0] >= '1' && name[0] <= '9')
		return var_operand(h, name);
	if (v && v->value)
		return v->value(h);
	value = from_environment(h, name);
	if (value)
		return value;
	if (v)
		return below_home(h, v->below_home);
	if (len > 8 && !strncmp(name, "XDG_", 4) && !strcmp(name + len - 4, "_DIR") && strcmp(name, "XDG_RUNTIME_DIR"))
		return from_user_dirs(h, name);
	return NULL;
}

static const char *const *
host_promises(void *ctx)
{
	struct host *h = ctx;
	size_t n = 0;

	if (h->promises)
		return h->promises;
	h->promises = xcalloc(nbuiltins + 1, sizeof(*h->promises));
	for (size_t i = 0; i < nbuiltins; i++)
		if (!strncmp(builtins[i].name, PROMISE_PREFIX, strlen(PROMISE_PREFIX)))
			h->promises[n++] = builtins[i].name + strlen(PROMISE_PREFIX);
	return h->promises;
}

static const char *const *
host_guards(void *ctx)
{
	struct policy *floor = host_floor(ctx);

	return floor ? policy_guards(floor) : NULL;
}
