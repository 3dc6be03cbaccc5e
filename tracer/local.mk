# SPDX-License-Identifier: ISC

# All but main.c in an archive, so that unit tests can link what they test.
noinst_LIBRARIES += %D%/libtgtracer.a

tracer_libtgtracer_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) $(LIBELF_CFLAGS)
tracer_libtgtracer_a_SOURCES = \
	%D%/advance.c		\
	%D%/advance.h		\
	%D%/attach.c		\
	%D%/attach.h		\
	%D%/audit.c		\
	%D%/audit.h		\
	%D%/audit_json.c	\
	%D%/audit_json.h	\
	%D%/bench.h		\
	%D%/bench_calls.c	\
	%D%/bench_deciding.c	\
	%D%/calltext.c		\
	%D%/calltext.h		\
	%D%/calltext_addr.c	\
	%D%/calltext_args.c	\
	%D%/calltext_read.c	\
	%D%/calltext_read.h	\
	%D%/callstop.c		\
	%D%/callstop.h		\
	%D%/check_json.c	\
	%D%/check_json.h	\
	%D%/choice.c		\
	%D%/choice.h		\
	%D%/cmd_attach.c	\
	%D%/cmd_bench.c		\
	%D%/cmd_check.c		\
	%D%/cmd_explain.c	\
	%D%/cmd_export.c	\
	%D%/cmd_import.c	\
	%D%/cmd_fmt.c		\
	%D%/cmd_list.c		\
	%D%/cmd_probe.c		\
	%D%/cmd_run.c		\
	%D%/cmd_show.c		\
	%D%/command.h		\
	%D%/canonical.c		\
	%D%/canonical.h		\
	%D%/confine.c		\
	%D%/confine.h		\
	%D%/console.c		\
	%D%/console.h		\
	%D%/decode.c		\
	%D%/decode.h		\
	%D%/enforce.c		\
	%D%/enforce.h		\
	%D%/enforce_int.h	\
	%D%/enforce_objects.c	\
	%D%/enforce_pins.c	\
	%D%/environ.c		\
	%D%/environ.h		\
	%D%/features.c		\
	%D%/features.h		\
	%D%/halves.c		\
	%D%/halves.h		\
	%D%/host.c		\
	%D%/host.h		\
	%D%/image.c		\
	%D%/image.h		\
	%D%/ids.c		\
	%D%/ids.h		\
	%D%/inject.c		\
	%D%/inject.h		\
	%D%/launch.c		\
	%D%/launch.h		\
	%D%/layers.c		\
	%D%/lifecycle.c		\
	%D%/lifecycle.h		\
	%D%/opt.c		\
	%D%/opt.h		\
	%D%/limits.c		\
	%D%/limits.h		\
	%D%/linediff.c		\
	%D%/linediff.h		\
	%D%/orphan.c		\
	%D%/orphan.h		\
	%D%/policyfile.c	\
	%D%/policyfile.h	\
	%D%/procs.c		\
	%D%/procs.h		\
	%D%/profile.h		\
	%D%/profile_json.c	\
	%D%/profile_numbers.c	\
	%D%/profile_policy.c	\
	%D%/pins.h		\
	%D%/pt.c		\
	%D%/pt.h		\
	%D%/ranges.c		\
	%D%/ranges.h		\
	%D%/registers.c		\
	%D%/registers.h		\
	%D%/remote.c		\
	%D%/remote.h		\
	%D%/resolve.c		\
	%D%/resolve.h		\
	%D%/resolve_int.h	\
	%D%/resolve_path.c	\
	%D%/resolve_peer.c	\
	%D%/scrub.c		\
	%D%/scrub.h		\
	%D%/shelf.c		\
	%D%/shelf.h		\
	%D%/script.c		\
	%D%/script.h		\
	%D%/setup.c		\
	%D%/setup.h		\
	%D%/status.c		\
	%D%/status.h		\
	%D%/sticky.c		\
	%D%/sticky.h		\
	%D%/stop.c		\
	%D%/stop.h		\
	%D%/supervisor.c	\
	%D%/supervisor.h	\
	%D%/symbols.c		\
	%D%/symbols.h		\
	%D%/sysmap.c		\
	%D%/sysmap.h		\
	%D%/trace.c		\
	%D%/trace.h		\
	%D%/tracee.c		\
	%D%/tracee.h		\
	%D%/trap.c		\
	%D%/trap.h		\
	%D%/turns.c		\
	%D%/turns.h		\
	%D%/unfold.c		\
	%D%/unfold.h		\
	%D%/walk.c		\
	%D%/walk.h		\
	%D%/watchdog.c		\
	%D%/watchdog.h		\
	%D%/who.c		\
	%D%/who.h		\
	%D%/window.c		\
	%D%/window.h		\
	%D%/wording.c		\
	%D%/wording.h		\
	#

TG_LIBS = \
	%D%/libtgtracer.a		\
	policies/libtgpolicies.a	\
	engine/libtgengine.a		\
	engine/libtgdecide.a		\
	arch/libtgarch.a		\
	lib/libtg.a			\
	#

bin_PROGRAMS += tollgate
tollgate_SOURCES = %D%/main.c
tollgate_LDADD = $(TG_LIBS) $(JANSSON_LIBS) $(LIBELF_LIBS)
