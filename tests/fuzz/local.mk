# SPDX-License-Identifier: ISC

# Harnesses for a fuzzer, which the test suite runs over tests/fuzz/corpus.
FUZZERS = \
	%D%/fuzz_explain	\
	%D%/fuzz_fmt		\
	%D%/fuzz_import		\
	%D%/fuzz_match		\
	%D%/fuzz_policy		\
	#

# What they share; with replay.c they have a main(), with libFuzzer another.
check_LIBRARIES = %D%/libfuzz.a
tests_fuzz_libfuzz_a_SOURCES = \
	%D%/events.c	\
	%D%/fuzz.h	\
	%D%/host.c	\
	#

FUZZ_LIBS = %D%/libfuzz.a $(TG_LIBS)
FUZZ_LDADD = $(FUZZ_LIBS) $(JANSSON_LIBS) $(LIBELF_LIBS)
tests_fuzz_fuzz_explain_SOURCES = %D%/fuzz_explain.c %D%/replay.c
tests_fuzz_fuzz_explain_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_fmt_SOURCES = %D%/fuzz_fmt.c %D%/replay.c
tests_fuzz_fuzz_fmt_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_import_SOURCES = %D%/fuzz_import.c %D%/replay.c
tests_fuzz_fuzz_import_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_match_SOURCES = %D%/fuzz_match.c %D%/replay.c
tests_fuzz_fuzz_match_LDADD = $(FUZZ_LDADD)
tests_fuzz_fuzz_policy_SOURCES = %D%/fuzz_policy.c %D%/replay.c
tests_fuzz_fuzz_policy_LDADD = $(FUZZ_LDADD)

check_PROGRAMS += $(FUZZERS)
TESTS += $(FUZZERS)

EXTRA_DIST += \
	%D%/corpus	\
	%D%/dict.sh	\
	%D%/run.sh	\
	#

# For run.sh, which links the harnesses with a fuzzer in a build of its own.
.PHONY: fuzz fuzz-parts fuzz-names fuzz-libs
fuzz:
	TG_SRCDIR='$(abs_top_srcdir)' $(SHELL) '$(srcdir)/%D%/run.sh' '$(abs_top_builddir)/fuzz-build'
fuzz-parts: $(FUZZERS)
fuzz-names:
	@echo $(FUZZERS)
fuzz-libs:
	@echo $(FUZZ_LDADD)
