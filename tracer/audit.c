/* SPDX-License-Identifier: ISC */
#include "tracer/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/strbuf.h"
#include "lib/xalloc.h"
#include "tracer/audit_json.h"
#include "tracer/supervisor.h"
#include "tracer/wording.h"

enum {
	LINE	= 4096,		/* PIPE_BUF: a line this long is written whole or not at all */
	BURST	= 500,		/* lines that may come at once */
	RATE	= 200,		/* and then per second */
	RECENT	= 256,		/* lines that are remembered, so as not to be said again */
};

struct audit {
	int fd;
	bool own;		/* fd is ours to close */
	bool named;		/* a file that was asked for, not standard error */
	enum audit_format format;
	double tokens;
	struct timespec filled;
	unsigned long refusals, dropped, repeated;
	uint64_t recent[RECENT];	/* hashes, by their low bits; 0 is free */
};

/*
 * Standard error is shared with the program, and O_NONBLOCK would be too: a
 * description of our own is opened where there is a way to.
 */
static int
reopen_stderr(bool *own)
{
	struct stat st;
	int fd = -1;

	if (fstat(STDERR_FILENO, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)))
		fd = open("/proc/self/fd/2", O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	*own = fd >= 0;
	return fd >= 0 ? fd : STDERR_FILENO;
}

struct audit *
audit_open(const char *path, enum audit_format format)
{
	struct audit *a = xcalloc(1, sizeof(*a));

	a->format = format;
	a->tokens = BURST;
	clock_gettime(CLOCK_MONOTONIC, &a->filled);
	if (!path) {
		a->fd = reopen_stderr(&a->own);
		return a;
	}
	a->own = a->named = true;
	a->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	if (a->fd >= 0) {
		supervisor_set_log(a->fd);
		return a;
	}
	free(a);
	return NULL;
}

static bool
has_room(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, 0) == 1 && (p.revents & POLLOUT);
}

static bool
put(struct audit *a, struct strbuf *line)
{
	if (line->truncated || line->len + 1 >= line->size)
		line->len = line->size - 2;	/* keep room for the end of the line */
	line->s[line->len++] = '\n';
	return has_room(a->fd) && write(a->fd, line->s, line->len) == (ssize_t)line->len;
}

/* A token bucket, filled by the clock. */
static bool
take_token(struct audit *a)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	a->tokens += RATE * ((double)(now.tv_sec - a->filled.tv_sec) + (double)(now.tv_nsec - a->filled.tv_nsec) / 1e9);
	a->filled = now;
	if (a->tokens > BURST)
		a->tokens = BURST;
	if (a->tokens < 1)
		return false;
	a->tokens--;
	return true;
}

/* Says a count, in the words of the log's format, and forgets it when it was taken. */
static void
say_count(struct audit *a, unsigned long *count, const char *key, const char *one, const char *many)
{
	char text[LINE];
	struct strbuf b = STRBUF(text);

	if (!*count)
		return;
	if (a->format == AUDIT_JSON)
		strbuf_addf(&b, "{\"%s\": %lu}", key, *count);
	else
		strbuf_addf(&b, "tollgate: %lu more %s", *count, *count == 1 ? one : many);
	if (put(a, &b))
		*count = 0;
}

static void
say_dropped(struct audit *a)
{
	say_count(a, &a->dropped, "dropped", "line not shown: too many at once", "lines not shown: too many at once");
}

static uint64_t
hash(const char *text)
{
	uint64_t h = UINT64_C(14695981039346656037);	/* FNV-1a */

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * UINT64_C(1099511628211);
	return h ? h : 1;
}

/*
 * The same call refused on the same object for the same reason: once is enough
 * for people.  A log for machines has every one.
 */
static bool
is_repeated(struct audit *a, const struct sysevent *ev, const struct verdict *v)
{
	char text[LINE];
	struct strbuf b = STRBUF(text);
	uint64_t h, *slot;

	if (a->format == AUDIT_JSON || v->action == ACT_ALLOW)
		return false;
	strbuf_addf(&b, "%s %d ", sysdesc_table[ev->id].name ? sysdesc_table[ev->id].name : "", v->err);
	wording_object(ev, v, &b);
	wording_reason(v, &b);
	if (v->access < 0 && ev->id != SYS_ID_none)
		policy_suggest(ev, v, &b);	/* which ioctl */
	h = hash(text);
	slot = &a->recent[h % RECENT];
	if (*slot == h)
		return true;
	*slot = h;
	return false;
}

static void
read_comm(pid_t tid, char *comm, size_t size)
{
	cleanup_close int fd = -1;
	char path[48];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/comm", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, comm, size - 1);
	comm[n > 0 ? n : 0] = '\0';
	comm[strcspn(comm, "\n")] = '\0';
}

static void
text_start(struct strbuf *b, pid_t tid, const char *comm)
{
	strbuf_add(b, "tollgate: ");
	strbuf_escape(b, comm, strlen(comm), "\\[]");
	strbuf_addf(b, "[%d] ", tid);
}

static void
text_line(struct strbuf *b, pid_t tid, const char *comm, const struct sysevent *ev, const struct verdict *v, bool spared)
{
	text_start(b, tid, comm);
	if (spared)
		strbuf_add(b, "dry run: ");
	wording_line(ev, v, b);
}

static bool
wants_line(const struct verdict *v)
{
	return v->action == ACT_ALLOW ? v->log : !v->quiet;
}

void
audit_verdict(struct audit *a, pid_t tid, const struct sysevent *ev, const struct verdict *v, bool spared)
{
	char text[LINE], comm[32];
	struct strbuf b = STRBUF(text);

	a->refusals += v->action != ACT_ALLOW && !v->quiet;	/* those the kernel may refuse by itself */
	if (!wants_line(v))
		return;
	if (is_repeated(a, ev, v)) {
		a->repeated++;
		return;
	}
	if (!take_token(a)) {
		a->dropped++;
		return;
	}
	say_dropped(a);
	read_comm(tid, comm, sizeof(comm));
	if (a->format == AUDIT_JSON)
		audit_json(&b, tid, comm, ev, v, spared);
	else
		text_line(&b, tid, comm, ev, v, spared);
	if (!put(a, &b))
		a->dropped++;
}

void
audit_phase(struct audit *a, pid_t tid, const char *policy, const char *phase, const char *why)
{
	char text[LINE], comm[32];
	struct strbuf b = STRBUF(text);

	if (!a || !a->named || !take_token(a))
		return;
	read_comm(tid, comm, sizeof(comm));
	if (a->format == AUDIT_JSON) {
		audit_json_phase(&b, tid, comm, policy, phase, why);
	} else {
		text_start(&b, tid, comm);
		strbuf_addf(&b, "phase %s of ", phase);
		strbuf_escape(&b, policy, strlen(policy), "");
		strbuf_addf(&b, " ended: %s", why);
	}
	put(a, &b);
}

void
audit_note(struct audit *a, pid_t tid, const char *words)
{
	char text[LINE], comm[32];
	struct strbuf b = STRBUF(text);

	if (!take_token(a))
		return;
	read_comm(tid, comm, sizeof(comm));
	if (a->format == AUDIT_JSON) {
		audit_json_note(&b, tid, comm, words);
	} else {
		text_start(&b, tid, comm);
		strbuf_add(&b, words);
	}
	put(a, &b);
}

unsigned long
audit_refusals(const struct audit *a)
{
	return a->refusals;
}

void
audit_close(struct audit *a)
{
	if (!a)
		return;
	say_dropped(a);
	say_count(a, &a->repeated, "repeated", "refusal, of a call and an object that are shown already",
	    "refusals, of calls and objects that are shown already");
	if (a->own)
		close(a->fd);
	free(a);
}
