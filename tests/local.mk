# SPDX-License-Identifier: ISC

# Unit tests: one program per module, one line each.  Check writes TAP.
UNIT_TESTS = \
	%D%/unit/check_calltext		\
	%D%/unit/check_decode		\
	%D%/unit/check_describe		\
	%D%/unit/check_exposure		\
	%D%/unit/check_fmt		\
	%D%/unit/check_export		\
	%D%/unit/check_export_formats	\
	%D%/unit/check_halves		\
	%D%/unit/check_lib		\
	%D%/unit/check_maps		\
	%D%/unit/check_messages		\
	%D%/unit/check_netaddr		\
	%D%/unit/check_opt		\
	%D%/unit/check_pattern		\
	%D%/unit/check_phases		\
	%D%/unit/check_plan		\
	%D%/unit/check_policy		\
	%D%/unit/check_policy_laws	\
	%D%/unit/check_promises		\
	%D%/unit/check_remote		\
	%D%/unit/check_resolve		\
	%D%/unit/check_tables		\
	#

# Shell scripts that print TAP: first what needs no tracee, then end to end.
SHELL_TESTS = \
	%D%/layering.sh		\
	%D%/manlint.sh		\
	%D%/e2e/help.sh		\
	%D%/e2e/affinity.sh		\
	%D%/e2e/engines.sh		\
	%D%/e2e/documents.sh	\
	%D%/e2e/cli.sh		\
	%D%/e2e/check.sh	\
	%D%/e2e/fmt.sh		\
	%D%/e2e/export.sh	\
	%D%/e2e/bench.sh	\
	%D%/e2e/programs.sh	\
	%D%/e2e/promises.sh	\
	%D%/e2e/returns.sh	\
	%D%/e2e/phases.sh	\
	%D%/e2e/transitions.sh	\
	%D%/e2e/callers.sh	\
	%D%/e2e/crowd.sh	\
	%D%/e2e/drops.sh	\
	%D%/e2e/faults.sh	\
	%D%/e2e/hostile.sh	\
	%D%/e2e/links.sh	\
	%D%/e2e/misled.sh		\
	%D%/e2e/moves.sh	\
	%D%/e2e/reach.sh	\
	%D%/e2e/window.sh	\
	%D%/tables.sh		\
	%D%/e2e/attacks.sh	\
	%D%/e2e/attach.sh	\
	%D%/e2e/gains.sh	\
	%D%/e2e/loss.sh		\
	%D%/e2e/chaos.sh	\
	%D%/e2e/memory.sh	\
	%D%/e2e/transparent.sh	\
	%D%/e2e/jobcontrol.sh	\
	#

# Likewise, but these take their time: they play films, or make hundreds of calls.
SLOW_TESTS = \
	%D%/e2e/explain.sh	\
	%D%/e2e/players.sh	\
	%D%/static.sh		\
	%D%/kernels/levels.sh	\
	%D%/kernels/short.sh	\
	%D%/escapes/escapes.sh	\
	%D%/boundary/boundary.sh	\
	%D%/mutants.sh		\
	#

# What tracees do: tests/tracee/NAME.c becomes NAME.tracee, plain and without
# the flags of tollgate's own build, and NAME.tracee32 for the machine's 32-bit ABI.
TRACEES = \
	%D%/escapes/calls.tracee	\
	%D%/escapes/deputies.tracee	\
	%D%/escapes/links.tracee	\
	%D%/escapes/memory.tracee	\
	%D%/escapes/messages.tracee	\
	%D%/escapes/names.tracee	\
	%D%/escapes/plain.tracee	\
	%D%/escapes/races.tracee	\
	%D%/escapes/renames.tracee	\
	%D%/escapes/seen.tracee		\
	%D%/escapes/shelf.tracee	\
	%D%/escapes/signals.tracee	\
	%D%/escapes/tasks.tracee	\
	%D%/tracee/attached.tracee	\
	%D%/tracee/callers.tracee	\
	%D%/tracee/callone.tracee	\
	%D%/tracee/cores.tracee	\
	%D%/tracee/changes.tracee	\
	%D%/tracee/chaos.tracee		\
	%D%/tracee/children.tracee	\
	%D%/tracee/drops.tracee		\
	%D%/tracee/faces.tracee		\
	%D%/tracee/filtered.tracee	\
	%D%/tracee/floor.tracee		\
	%D%/tracee/futile.tracee	\
	%D%/tracee/gates.tracee		\
	%D%/tracee/killexec.tracee	\
	%D%/tracee/loops.tracee		\
	%D%/tracee/lost.tracee		\
	%D%/tracee/odd.tracee		\
	%D%/tracee/orphans.tracee	\
	%D%/tracee/prepared.tracee	\
	%D%/tracee/promised.tracee	\
	%D%/tracee/returns.tracee	\
	%D%/tracee/runs.tracee		\
	%D%/tracee/segments.tracee	\
	%D%/tracee/sends.tracee		\
	%D%/tracee/sink.tracee		\
	%D%/tracee/spellings.tracee	\
	%D%/tracee/steps.tracee		\
	%D%/tracee/supervisor.tracee	\
	%D%/tracee/takeover.tracee	\
	%D%/tracee/traps.tracee		\
	%D%/tracee/unreadable.tracee	\
	#

# A launcher that makes the kernel answer as an older one would.
check_PROGRAMS += %D%/kernels/oldkernel
tests_kernels_oldkernel_SOURCES = %D%/kernels/oldkernel.c
tests_kernels_oldkernel_LDADD =

# The first process of a machine that boot.sh starts: of use in a static build.
EXTRA_PROGRAMS = %D%/kernels/init
tests_kernels_init_SOURCES = %D%/kernels/init.c
tests_kernels_init_LDADD =
CLEANFILES += $(EXTRA_PROGRAMS)

# Drivers of what tollgate goes through: its own death, and a program that does
# everything at once.  fault.so and ptfail.so, loaded into tollgate, make it fail by itself, oldexec.so is an older kernel to it.
check_PROGRAMS += %D%/chaos/loss
tests_chaos_loss_SOURCES = %D%/chaos/loss.c
tests_chaos_loss_LDADD = -lutil

# What unit tests include: shared parts, and decisions as rows.
noinst_HEADERS = \
	%D%/cases/decide.def	\
	%D%/cases/describe.def	\
	%D%/cases/errors.def	\
	%D%/cases/exposure.def	\
	%D%/cases/fmt.def	\
	%D%/cases/language.def	\
	%D%/cases/lint.def	\
	%D%/cases/patterns.def	\
	%D%/cases/promises.def	\
	%D%/chaos/tasks.h	\
	$(TRACEE_INCLUDES)	\
	%D%/unit/policy_draft.h	\
	%D%/unit/export_rig.h	\
	%D%/unit/policy_rig.h	\
	%D%/unit/run.h		\
	#

EXTRA_DIST += \
	%D%/e2e/explain.cases	\
	%D%/escapes/deputies.policy	\
	%D%/escapes/escapes.policy	\
	%D%/escapes/plain.policy	\
	%D%/escapes/rows	\
	%D%/watched.sh		\
	%D%/e2e/lib.sh		\
	%D%/e2e/policies/connect.policy	\
	%D%/e2e/policies/forbid.policy	\
	%D%/e2e/policies/look.policy	\
	%D%/e2e/policies/net.policy	\
	%D%/e2e/policies/open.policy	\
	%D%/e2e/policies/run.policy	\
	%D%/e2e/policies/strict.policy	\
	%D%/kernels/arch.sh	\
	%D%/kernels/boot.sh	\
	%D%/kernels/check.sh	\
	%D%/kernels/guest.sh	\
	%D%/kernels/kernel.sh	\
	%D%/kernels/more.config	\
	%D%/kernels/pack.sh	\
	%D%/kernels/small.config	\
	%D%/kernels/suite.sh	\
	%D%/suites/everything.policy	\
	%D%/suites/known	\
	%D%/suites/lib.sh	\
	%D%/suites/ltp.policy	\
	%D%/suites/ltp.sh	\
	%D%/suites/programs.sh	\
	%D%/suites/python.sh	\
	%D%/suites/shells.sh	\
	%D%/media/clip.mkv	\
	%D%/media/make.sh	\
	%D%/static-build.sh	\
	#

# Default for every unit test.
LDADD = $(TG_LIBS) $(CHECK_LIBS) $(JANSSON_LIBS) $(LIBELF_LIBS) $(LIBSECCOMP_LIBS)

if HAVE_CHECK
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
endif

include %D%/fuzz/local.mk
include %D%/boundary/local.mk

dist_check_SCRIPTS += $(SHELL_TESTS) $(SLOW_TESTS)
TESTS += $(SHELL_TESTS) $(SLOW_TESTS)

TRACEE_CFLAGS = -std=gnu11 -D_GNU_SOURCE -O1 -g -Wall -pthread
TRACEES32 = $(TRACEES:.tracee=.tracee32)
# The static build of static.sh.
clean-local:
	rm -rf static

SUFFIXES = .tracee .tracee32
FAULTS = %D%/chaos/fault.so %D%/chaos/oldexec.so %D%/chaos/ptfail.so
CLEANFILES += $(TRACEES) $(TRACEES32) $(FAULTS)
EXTRA_DIST += %D%/chaos/fault.c %D%/chaos/oldexec.c %D%/chaos/ptfail.c
check_DATA = $(TRACEES) $(FAULTS)
if HAVE_M32
check_DATA += $(TRACEES32)
endif
dist-hook: dist-tracees

# Its heap lies low.
%D%/tracee/prepared.tracee: TRACEE_CFLAGS += -no-pie

.c.tracee:
	$(AM_V_CC)$(MKDIR_P) $(@D) && $(TRACEE_CC) $(TRACEE_CFLAGS) -o $@ $<
.c.tracee32:
	$(AM_V_CC)$(MKDIR_P) $(@D) && $(TRACEE32_CC) $(TRACEE_CFLAGS) -o $@ $<

TRACEE_INCLUDES = %D%/escapes/escape.h %D%/escapes/found.h %D%/escapes/frames.h %D%/tracee/attempt.h %D%/tracee/rawcall.h %D%/tracee/shared.h
$(TRACEES) $(TRACEES32): $(TRACEE_INCLUDES)

TRACER_CC = $(AM_V_CC)$(MKDIR_P) $(@D) && $(CC) $(TRACEE_CFLAGS) -I$(top_srcdir) -fPIC -shared -o $@
%D%/chaos/fault.so: %D%/chaos/fault.c %D%/tracee/shared.h
	$(TRACER_CC) $(top_srcdir)/tests/chaos/fault.c -ldl
%D%/chaos/oldexec.so: %D%/chaos/oldexec.c
	$(TRACER_CC) $(top_srcdir)/tests/chaos/oldexec.c
%D%/chaos/ptfail.so: %D%/chaos/ptfail.c
	$(TRACER_CC) $(top_srcdir)/tests/chaos/ptfail.c -ldl

.PHONY: check-arch check-chaos check-escapes check-faults check-kernels check-levels check-loss check-memory check-quick check-suites check-unit dist-tracees
dist-tracees:
	for t in $(TRACEES); do \
		$(MKDIR_P) "$(distdir)/$${t%/*}" && \
		cp -p "$(top_srcdir)/$${t%.tracee}.c" "$(distdir)/$${t%.tracee}.c" || exit 1; done

# The unit tests alone; and all but what takes its time, which is what runs
# under the sanitizers.
check-unit:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(UNIT_TESTS)' check_DATA=
check-quick:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(UNIT_TESTS) $(FUZZERS) $(SHELL_TESTS)'

# tollgate dies, 200 times in each way at each state of the program.
check-loss:
	ROUNDS=$${ROUNDS:-200} $(MAKE) $(AM_MAKEFLAGS) check TESTS='%D%/e2e/loss.sh'

# Each request of ptrace(2) fails once, every single one.
check-faults:
	FAULTS=all $(MAKE) $(AM_MAKEFLAGS) check TESTS='%D%/e2e/faults.sh'

# Everything at once, for as long as CHAOS_SECONDS says, eight times.
check-chaos:
	CHAOS_SECONDS=$${CHAOS_SECONDS:-600} $(MAKE) $(AM_MAKEFLAGS) check TESTS='%D%/e2e/chaos.sh'

# tollgate's memory after one and after ten million stops, and after 20,000 tasks of each kind.
check-memory:
	CALLS=$${CALLS:-5000000} TASKS=$${TASKS:-20000} $(MAKE) $(AM_MAKEFLAGS) check TESTS='%D%/e2e/memory.sh'

# Everything end to end at every simulated level of the kernel.
check-levels:
	LEVELS=all $(MAKE) $(AM_MAKEFLAGS) check TESTS='%D%/kernels/levels.sh'

# The same on real kernels, in qemu.  TOLLGATE_KERNEL names one more.
# Another architecture in qemu: make check-arch ARCH=arm64
check-arch:
	ARCH='$(ARCH)' $(MAKE) $(AM_MAKEFLAGS) check TESTS='%D%/kernels/arch.sh' check_DATA=
check-kernels:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='%D%/kernels/check.sh'

# Tests that others wrote, with and without tollgate: what of them is there.
# The variables are in the heads of the scripts.  One that fails does not keep
# back the next.
SUITES = python shells programs ltp
check-suites: all
	@$(AM_TESTS_ENVIRONMENT) failed=0; for suite in $(SUITES); do \
		$(SHELL) $(srcdir)/%D%/suites/$$suite.sh || failed=1; done; exit $$failed
# All attempts to escape, in every mode and at every simulated level; hours.
check-escapes:
	MODES="$${MODES:-all}" $(MAKE) $(AM_MAKEFLAGS) check TESTS='%D%/escapes/escapes.sh'

TAP_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
TEST_EXTENSIONS = .sh
LOG_DRIVER = $(TAP_DRIVER)
SH_LOG_DRIVER = $(TAP_DRIVER)
# A test that does not end is ended: see watched.sh.
LOG_COMPILER = $(SHELL) $(top_srcdir)/%D%/watched.sh
SH_LOG_COMPILER = $(LOG_COMPILER) $(SHELL)
AM_TESTS_ENVIRONMENT = \
	TOLLGATE='$(abs_top_builddir)/tollgate'; export TOLLGATE; \
	TG_SRCDIR='$(abs_top_srcdir)'; export TG_SRCDIR; \
	TG_BUILDDIR='$(abs_top_builddir)'; export TG_BUILDDIR; \
	NM='$(NM)'; export NM; \
	CC='$(CC)'; export CC; \
	CPPFLAGS='$(CPPFLAGS)'; CFLAGS='$(CFLAGS)'; LDFLAGS='$(LDFLAGS)'; CHECK_LIBS='$(CHECK_LIBS)'; \
	export CPPFLAGS CFLAGS LDFLAGS CHECK_LIBS; \
	CK_TAP_LOG_FILE_NAME=-; export CK_TAP_LOG_FILE_NAME;
