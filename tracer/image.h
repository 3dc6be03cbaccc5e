/* SPDX-License-Identifier: ISC */
#ifndef TG_IMAGE_H
#define TG_IMAGE_H

#include "tracer/resolve.h"
#include "tracer/trace.h"

/*
 * At an exec event.  image_enter() notes the program's ABI and where its first
 * code lies; -errno when the kernel will not say.
 */
int image_enter(struct session *, struct tracee *);

/* The same for a program that has run for a while: at a stop of any of its threads. */
int image_adopt(struct session *, struct tracee *);

/*
 * Whether what runs is what the verdict was about, and the loader that was
 * mapped beside it.  Both paths were looked up again by the kernel after our
 * check: another file behind them is decided on its own, and refused ones are
 * logged.  No instruction of it has run.
 */
bool image_was_decided(struct session *, struct tracee *, const struct task_view *);

#endif
