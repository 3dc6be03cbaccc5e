/* SPDX-License-Identifier: ISC */
#ifndef TG_SETUP_H
#define TG_SETUP_H

/*
 * What is made ready alike for a program to start and for one that runs
 * already: policies, what the kernel has, the log.
 */

#include <stdbool.h>

#include "tracer/host.h"
#include "tracer/opt.h"
#include "tracer/trace.h"

struct setup_options {
	struct opt_list policies, ro, rw, connect, without;
	const char *log;
	const char *affinity;
	int format;
	bool dry_run;
	int on_loss;		/* an enum supervisor_loss */
	int status_fd;		/* 0: none; it cannot be standard input */
};

/* Their rows in a command's table; AT(member) is the offset of a member. */
#define SETUP_OPTIONS(AT) \
	{ .name = "policy", .letter = 'p', .kind = OPT_LIST, .offset = AT(policies), .arg = "POLICY", \
	  .help = "a policy by name or path; all of several must allow" }, \
	{ .name = "ro", .kind = OPT_LIST, .offset = AT(ro), .arg = "PATH", \
	  .help = "also allow reading PATH and all below it" }, \
	{ .name = "rw", .kind = OPT_LIST, .offset = AT(rw), .arg = "PATH", \
	  .help = "also allow reading, writing, creating and deleting there" }, \
	{ .name = "connect", .kind = OPT_LIST, .offset = AT(connect), .arg = "ADDRESS", \
	  .help = "also allow connecting to ADDRESS (inet:127.0.0.1:80, unix:/run/x)" }, \
	{ .name = "output", .letter = 'o', .kind = OPT_STRING, .offset = AT(log), .arg = "FILE", \
	  .help = "write the log of refusals to FILE, not to standard error" }, \
	{ .name = "log", .kind = OPT_CHOICE, .offset = AT(format), .arg = "FORMAT", .choices = "text|json", \
	  .help = "how the log is written" }, \
	{ .name = "affinity", .kind = OPT_STRING, .offset = AT(affinity), .arg = "auto|off|CORE", \
	  .help = "share a core with tasks that make many calls: when it pays, never, that one" }, \
	{ .name = "dry-run", .kind = OPT_FLAG, .offset = AT(dry_run), \
	  .help = "decide and log, but refuse nothing that a policy could allow" }, \
	{ .name = "on-supervisor-loss", .kind = OPT_CHOICE, .offset = AT(on_loss), .arg = "ACTION", .choices = "kill|detach", \
	  .help = "what becomes of the program when tollgate dies; detach takes unsafe supervisor-loss" }, \
	{ .name = "status-fd", .kind = OPT_INT, .offset = AT(status_fd), .arg = "FD", .min = 1, .max = 1 << 20, \
	  .help = "write JSON lines there that say how the program ended" }, \
	{ .name = "without", .kind = OPT_LIST, .offset = AT(without), .arg = "FEATURE", \
	  .help = "as if the kernel had not this feature; see tollgate probe" }

struct setup {
	const struct setup_options *o;
	struct host host;
	struct layers layers;
	struct session session;
	unsigned without;	/* features of the kernel that are not to be used */
};

/*
 * Call it before anything is forked: signals are blocked from here on.  argv is
 * as host_init() has it.  The struct must not move until setup_end(), which
 * writes what the log still has to say.
 */
void setup_begin(struct setup *, const struct setup_options *, char *const *argv);
void setup_end(struct setup *);

/* Loads the policies that were asked for, or the one that names the program.  0 or -errno after a message. */
int setup_policies(struct setup *, const char *program);

/* The rest, when all else is known to be right: probes the kernel and opens the log.  0 or -errno after a message. */
int setup_session(struct setup *);

/* The status descriptor; -1: none. */
int setup_status_fd(const struct setup *);

#endif
