/* SPDX-License-Identifier: ISC */
#include "tracer/turns.h"

#include <stddef.h>

/* Calls on names are of the kind PATH where they are not listed. */
static const struct {
	enum sys_id id;
	enum turn turn;
} kinds[] = {
	{ SYS_ID_rename, TURN_RENAME }, { SYS_ID_renameat, TURN_RENAME }, { SYS_ID_renameat2, TURN_RENAME },
	{ SYS_ID_link, TURN_NAMES }, { SYS_ID_linkat, TURN_NAMES }, { SYS_ID_symlink, TURN_NAMES }, { SYS_ID_symlinkat, TURN_NAMES },
	{ SYS_ID_unlink, TURN_NAMES }, { SYS_ID_unlinkat, TURN_NAMES }, { SYS_ID_rmdir, TURN_NAMES },
	{ SYS_ID_mkdir, TURN_MKDIR }, { SYS_ID_mkdirat, TURN_MKDIR }, { SYS_ID_mknod, TURN_NAMES }, { SYS_ID_mknodat, TURN_NAMES },
	{ SYS_ID_chdir, TURN_NAMES }, { SYS_ID_fchdir, TURN_NAMES },
	{ SYS_ID_bind, TURN_BIND },
	{ SYS_ID_chroot, TURN_ROOT },
};

#define BIT(kind)	(1U << TURN_##kind)

static const unsigned waits_for[TURNS] = {
	[TURN_PATH]	= BIT(ROOT),
	[TURN_NAMES]	= BIT(ROOT) | BIT(BIND),
	[TURN_MKDIR]	= BIT(ROOT) | BIT(BIND) | BIT(RENAME),
	[TURN_RENAME]	= BIT(ROOT) | BIT(BIND) | BIT(RENAME) | BIT(MKDIR),
	[TURN_BIND]	= BIT(ROOT) | BIT(NAMES) | BIT(RENAME) | BIT(MKDIR),
	[TURN_ROOT]	= BIT(ROOT),	/* and not for calls on names, which may take for ever: trace.c refuses it meanwhile */
};

static bool
is_on_name(const struct argdesc *a)
{
	bool named = a->kind == A_PATH || a->kind == A_LPATH || a->kind == A_ENTRY || a->kind == A_SOCKADDR ||
	    a->kind == A_MSGHDR || a->kind == A_MMSGHDR;

	return named && a->rights;
}

bool
turn_only_looks(enum sys_id id)
{
	for (unsigned i = 0; i < SYS_MAXARGS; i++)
		if (is_on_name(&sysdesc_table[id].arg[i]) && sysdesc_table[id].arg[i].rights != R_STAT)
			return false;
	return turn_of(id) == TURN_PATH;
}

enum turn
turn_of(enum sys_id id)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].id == id)
			return kinds[i].turn;
	for (unsigned i = 0; i < SYS_MAXARGS; i++)
		if (is_on_name(&sysdesc_table[id].arg[i]))
			return TURN_PATH;
	return TURN_NONE;
}

bool
turn_changes_names(enum turn t)
{
	return t == TURN_NAMES || t == TURN_MKDIR || t == TURN_RENAME;
}

bool
turn_has_come(enum turn t, const unsigned under_way[TURNS])
{
	for (unsigned k = 0; k < TURNS; k++)
		if (under_way[k] && waits_for[t] >> k & 1)
			return false;
	return true;
}
