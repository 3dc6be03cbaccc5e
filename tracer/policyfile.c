/* SPDX-License-Identifier: ISC */
#include "tracer/policyfile.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/xalloc.h"
#include "policies/builtin.h"

#ifndef TG_SYSCONFDIR
#define TG_SYSCONFDIR	"/etc"
#endif

enum { SIZE_LIMIT = 1 << 20 };

const char *const place_names[PLACES] = {
	[PLACE_USER]	= "user",
	[PLACE_SYSTEM]	= "system",
	[PLACE_BUILTIN]	= "built in",
};

/* Reading */

/* Without waiting: a named pipe without a writer would hold tollgate up for good. */
static int
open_regular(const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))
		return -EINVAL;
	if (fcntl(fd, F_SETFL, 0) < 0)
		return -errno;
	return steal_fd(&fd);
}

int
host_read_file(struct host *h, const char *path, const char **text, size_t *len)
{
	cleanup_close int fd = open_regular(path);
	cleanup_free char *mem = NULL;
	size_t n = 0, cap = 0;

	if (fd < 0)
		return fd;
	for (;;) {
		ssize_t r;

		if (cap - n < 2) {
			cap = cap ? cap * 2 : 4096;
			mem = xreallocarray(mem, cap, 1);
		}
		r = read(fd, mem + n, cap - n - 1);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		if (r == 0)
			break;
		n += (size_t)r;
		if (n > SIZE_LIMIT)
			return -EFBIG;
	}
	mem[n] = '\0';
	*len = n;
	*text = host_own(h, steal_ptr(&mem));
	return 0;
}

const struct builtin *
builtin_find(const char *name)
{
	for (size_t i = 0; i < nbuiltins; i++)
		if (!strcmp(builtins[i].name, name))
			return &builtins[i];
	return NULL;
}

static int
read_builtin(const char *name, const char **text, size_t *len, const char **shown)
{
	const struct builtin *b = builtin_find(name);

	if (!b)
		return -ENOENT;
	*text = b->text;
	*len = b->len;
	*shown = b->name;
	return 0;
}

int
policyfile_read_promise(void *ctx, const char *name, const char **text, size_t *len, const char **shown)
{
	cleanup_free char *full = xasprintf(PROMISE_PREFIX "%s", name);

	(void)ctx;
	return read_builtin(full, text, len, shown);
}

/* Finding */

/* The folder of a place; NULL when there is none.  The caller frees it. */
static char *
place_dir(struct host *h, enum place place)
{
	const char *config;

	if (place == PLACE_SYSTEM)
		return xstrdup(TG_SYSCONFDIR "/tollgate");
	config = h->iface.variable(h, "XDG_CONFIG_HOME");
	return config ? xasprintf("%s/tollgate", config) : NULL;
}

static bool
same_file(const char *a, const char *b)
{
	struct stat sa, sb;

	return stat(a, &sa) == 0 && stat(b, &sb) == 0 && sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

static int
read_path(struct host *h, const char *path, const char *from, const char **text, size_t *len, const char **shown)
{
	int r;

	if (from && same_file(path, from))
		return -ENOENT;
	r = host_read_file(h, path, text, len);
	if (r == 0)
		*shown = host_own(h, xstrdup(path));
	return r == -ENOTDIR ? -ENOENT : r;
}

static int
read_in(struct host *h, const char *dir, size_t dirlen, const char *name, const char *from,
    const char **text, size_t *len, const char **shown)
{
	cleanup_free char *path = xasprintf("%.*s/%s.policy", (int)dirlen, dir, name);

	return read_path(h, path, from, text, len, shown);
}

/* By its bare name, in the places in order.  What is there and cannot be read is not passed over. */
static int
read_named(struct host *h, const char *name, const char *from, const char **text, size_t *len, const char **shown)
{
	for (enum place place = PLACE_USER; place < PLACE_BUILTIN; place++) {
		cleanup_free char *dir = place_dir(h, place);
		int r = dir ? read_in(h, dir, strlen(dir), name, from, text, len, shown) : -ENOENT;

		if (r != -ENOENT)
			return r;
	}
	return from && !strcmp(from, name) ? -ENOENT : read_builtin(name, text, len, shown);
}

/* "../x" would leave the folders that names are looked for in. */
static bool
climbs(const char *name)
{
	for (const char *p = name; *p; p += strcspn(p, "/"), p += *p == '/')
		if (!strncmp(p, "..", 2) && (p[2] == '/' || p[2] == '\0'))
			return true;
	return false;
}

static bool
is_path(const char *name)
{
	return name[0] == '/' || !strncmp(name, "./", 2) || climbs(name);
}

/*
 * A path from where the including file is.  The same file must get the same
 * name however it is reached, or a cycle of includes would never look like one.
 */
static char *
beside(const char *from, const char *name)
{
	const char *slash = builtin_find(from) ? NULL : strrchr(from, '/');
	cleanup_free char *path = NULL, *dir = NULL, *real = NULL;
	char *last;

	while (!strncmp(name, "./", 2))
		name += 2 + strspn(name + 2, "/");
	path = xasprintf("%.*s/%s", slash ? (int)(slash - from) : 1, slash ? from : ".", name);
	if (!climbs(name))
		return steal_ptr(&path);
	last = strrchr(path, '/');
	dir = xstrndup(path, (size_t)(last - path));
	real = realpath(dir, NULL);
	return real ? xasprintf("%s%s", strcmp(real, "/") ? real : "", last) : steal_ptr(&path);
}

/* What a file includes: a path, or a name. */
static int
read_included(struct host *h, const char *name, const char *from, const char **text, size_t *len, const char **shown)
{
	const char *slash = builtin_find(from) ? NULL : strrchr(from, '/');
	cleanup_free char *path = NULL;
	int r = -ENOENT;

	if (name[0] == '/')
		return read_path(h, name, NULL, text, len, shown);
	if (is_path(name)) {
		path = beside(from, name);
		return read_path(h, path, NULL, text, len, shown);
	}
	if (slash)
		r = read_in(h, from, (size_t)(slash - from), name, from, text, len, shown);
	return r == -ENOENT ? read_named(h, name, from, text, len, shown) : r;
}

int
policyfile_read(void *ctx, const char *name, const char *from, const char **text, size_t *len, const char **shown)
{
	struct host *h = ctx;
	int r;

	if (from)
		return read_included(h, name, from, text, len, shown);
	if (!strchr(name, '/'))
		return read_named(h, name, NULL, text, len, shown);
	r = read_path(h, name, NULL, text, len, shown);
	if (r == -ENOENT && !is_path(name))
		return read_builtin(name, text, len, shown);
	return r;
}

int
policyfile_read_local(void *ctx, const char *name, unsigned n, const char **text, size_t *len, const char **shown)
{
	struct host *h = ctx;
	cleanup_free char *dir = NULL, *path = NULL;
	int r = -ENOENT;

	if (is_path(name))
		return -ENOENT;
	/* A place without such a file is passed over. */
	for (unsigned place = PLACE_USER, found = 0; place < PLACE_BUILTIN && r == -ENOENT; place++) {
		free(dir);
		free(path);
		dir = place_dir(h, place);
		path = dir ? xasprintf("%s/%s.local", dir, name) : NULL;
		if (!path || access(path, F_OK) != 0 || found++ < n)
			continue;
		r = host_read_file(h, path, text, len);
		*shown = host_own(h, xstrdup(path));
		return r == -ENOENT ? -EIO : r;
	}
	return -ENOENT;
}

/* Is there something of that name to add, in any place? */
static bool
has_local(struct host *h, const char *name)
{
	for (enum place place = PLACE_USER; place < PLACE_BUILTIN; place++) {
		cleanup_free char *dir = place_dir(h, place);
		cleanup_free char *path = dir ? xasprintf("%s/%s.local", dir, name) : NULL;

		if (path && access(path, F_OK) == 0)
			return true;
	}
	return false;
}

const char *
policyfile_unused_local(struct host *h, const char *name)
{
	const char *last = strrchr(name, '/'), *end;
	char *bare;

	if (!last || (!is_path(name) && access(name, F_OK) != 0))
		return NULL;
	last++;
	end = strstr(last, ".policy");
	bare = host_own(h, xstrndup(last, end && !end[7] ? (size_t)(end - last) : strlen(last)));
	return has_local(h, bare) ? bare : NULL;
}

/* Listing */

/* What host_each_policy() has on its way. */
struct listing {
	struct host *host;
	const char **seen;
	size_t nseen, cap;
	host_policy *put;
	void *ctx;
};

static int
list_one(struct listing *l, const struct policy_file *file)
{
	for (size_t i = 0; i < l->nseen; i++)
		if (!strcmp(l->seen[i], file->name))
			return 0;
	xgrow(&l->seen, l->nseen, &l->cap, sizeof(*l->seen));
	l->seen[l->nseen++] = file->name;
	return l->put(l->ctx, file);
}

static int
is_policy_file(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > strlen(".policy") && d->d_name[0] != '.' && !strcmp(d->d_name + n - strlen(".policy"), ".policy");
}

static int
list_dir(struct listing *l, const char *dir, enum place place)
{
	struct dirent **entry = NULL;
	int n = scandir(dir, &entry, is_policy_file, alphasort), r = 0;

	for (int i = 0; i < n; i++) {
		cleanup_free char *path = xasprintf("%s/%s", dir, entry[i]->d_name);
		size_t len = strlen(entry[i]->d_name) - strlen(".policy");
		struct policy_file file = { .place = place };

		file.name = host_own(l->host, xstrndup(entry[i]->d_name, len));
		if (r == 0 && host_read_file(l->host, path, &file.text, &file.len) == 0)
			r = list_one(l, &file);
		free(entry[i]);
	}
	free(entry);
	return r;
}

static bool
is_policy(const struct builtin *b)
{
	return strncmp(b->name, PROMISE_PREFIX, strlen(PROMISE_PREFIX)) && strcmp(b->name, FLOOR_NAME);
}

static int
list_builtins(struct listing *l)
{
	int r = 0;

	for (size_t i = 0; i < nbuiltins && r == 0; i++) {
		const struct builtin *b = &builtins[i];

		if (is_policy(b))
			r = list_one(l, &(struct policy_file){ b->name, PLACE_BUILTIN, b->text, b->len });
	}
	return r;
}

int
host_each_policy(struct host *h, host_policy *put, void *ctx)
{
	struct listing l = { .host = h, .put = put, .ctx = ctx };
	int r = 0;

	for (enum place place = PLACE_USER; place < PLACE_BUILTIN && r == 0; place++) {
		cleanup_free char *dir = place_dir(h, place);

		if (dir)
			r = list_dir(&l, dir, place);
	}
	if (r == 0)
		r = list_builtins(&l);
	free(l.seen);
	return r;
}
