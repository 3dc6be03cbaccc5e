/* SPDX-License-Identifier: ISC */
#include "tracer/canonical.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/xalloc.h"

enum { MAX_LINKS = 40 };

/* The directory that was reached, "" for the root. */
struct walk {
	char *at;
	struct route *route;
	unsigned followed;
};

static int go_along(struct walk *, const char *path, bool last);

static void
climb(struct walk *w)
{
	char *last = strrchr(w->at, '/');

	if (last)
		*last = '\0';
}

/* Who owns a directory can make it his to write. */
static bool
is_changeable(const char *dir)
{
	struct stat st;

	return access(dir, W_OK) == 0 || (stat(dir, &st) == 0 && st.st_uid == geteuid());
}

static void
note_link(struct walk *w, const char *name, bool last)
{
	struct route *r = w->route;

	if (!is_changeable(*w->at ? w->at : "/"))
		return;
	xgrow(&r->link, r->nlinks + 1, &r->cap, sizeof(*r->link));
	r->link[r->nlinks++] = (struct policy_link){ xstrdup(name), last };
	r->link[r->nlinks] = (struct policy_link){ NULL, false };
}

/* One component; is it the last of all that there is to go? */
static int
step(struct walk *w, const char *name, size_t len, bool last)
{
	cleanup_free char *next = NULL;
	char target[PATH_MAX];
	ssize_t n;

	if (len == 0 || (len == 1 && name[0] == '.'))
		return 0;
	if (len == 2 && name[0] == '.' && name[1] == '.') {
		climb(w);
		return 0;
	}
	next = xasprintf("%s/%.*s", w->at, (int)len, name);
	n = readlink(next, target, sizeof(target) - 1);
	if (n < 0 && errno != EINVAL)
		return -errno;
	if (n < 0) {
		free(w->at);
		w->at = steal_ptr(&next);
		return 0;
	}
	if (w->followed++ == MAX_LINKS)
		return -ELOOP;
	target[n] = '\0';
	note_link(w, next, last);
	if (target[0] == '/')
		w->at[0] = '\0';
	return go_along(w, target, last);
}

/* Does no name come behind this place? */
static bool
is_end(const char *path)
{
	while (*path == '/' || (*path == '.' && (path[1] == '/' || !path[1])))
		path++;
	return !*path;
}

static int
go_along(struct walk *w, const char *path, bool last)
{
	int err = 0;

	while (!err && *path) {
		size_t n;

		path += strspn(path, "/");
		n = strcspn(path, "/");
		err = step(w, path, n, last && is_end(path + n));
		path += n;
	}
	return err;
}

static void
forget_links(struct route *r, size_t from)
{
	while (r->nlinks > from) {
		free((char *)(uintptr_t)r->link[--r->nlinks].name);
		r->link[r->nlinks] = (struct policy_link){ NULL, false };
	}
}

/* A link that leads nowhere is a name like others. */
void
route_find(struct route *r, const char *path)
{
	struct walk w = { .at = xstrdup(""), .route = r };
	const char *rest = path;

	memset(r, 0, sizeof(*r));
	while (*rest) {
		cleanup_free char *before = xstrdup(w.at);
		size_t known = r->nlinks, slashes = strspn(rest, "/"), n = strcspn(rest + slashes, "/");

		if (step(&w, rest + slashes, n, is_end(rest + slashes + n)) < 0) {
			free(w.at);
			w.at = steal_ptr(&before);
			forget_links(r, known);
			break;
		}
		rest += slashes + n;
	}
	r->path = *w.at || *rest ? xasprintf("%s%s", w.at, rest) : xstrdup("/");
	free(w.at);
}

void
route_free(struct route *r)
{
	forget_links(r, 0);
	free(r->link);
	free(r->path);
	memset(r, 0, sizeof(*r));
}
