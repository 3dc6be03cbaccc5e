/* SPDX-License-Identifier: ISC */
#ifndef TG_CONSOLE_H
#define TG_CONSOLE_H

/*
 * Signals sent to tollgate, and the clock.  A thread of its own waits for
 * them, so that the tracing loop never has to touch its signal mask.
 */

#include <stdbool.h>
#include <sys/types.h>

/*
 * Blocks what is to be forwarded; call it first, in the main thread, before
 * anything is forked.
 */
void console_block(void);

/* In the child before exec: the signal mask tollgate was started with. */
void console_restore(void);

/*
 * Forwards INT, TERM, HUP, QUIT, USR1, USR2, WINCH, TSTP and CONT that were
 * sent to tollgate; what the terminal sends reaches the program by itself.
 * After `seconds` (0: never) console_expired() becomes true, and the waiting
 * thread is woken until it has seen so.  0 or -errno.
 */
int console_start(pid_t program, double seconds);

/* For a program that runs already: INT, TERM, HUP and QUIT are tollgate's own and make console_interrupted() true. */
int console_start_attached(void);
bool console_interrupted(void);

/* Every few seconds once: somebody may have been missed. */
bool console_is_time_to_look(void);

/* The time is over. */
bool console_expired(void);

/* The program stopped: by the terminal, then tollgate stops with it; and goes on again. */
void console_stopped(bool by_terminal);
void console_continued(void);

/* It ended, others of the sandbox may run on: nothing is forwarded any more. */
void console_program_ended(void);

#endif
