# SPDX-License-Identifier: ISC
dist_man_MANS += \
	%D%/tollgate.1		\
	%D%/tollgate.policy.5	\
	#

EXTRA_DIST += \
	%D%/glossary.md		\
	%D%/internals.md	\
	%D%/overhead.md		\
	%D%/overhead.svg	\
	#

# Measures anew what overhead.md shows: all that comes after its last heading.
# OVERHEAD_FLAGS=--quick to try it.
.PHONY: overhead
overhead: tollgate$(EXEEXT)
	./tollgate$(EXEEXT) bench --only workloads,memory,bars,calls $(OVERHEAD_FLAGS) \
	    --plot $(srcdir)/%D%/overhead.svg > overhead.txt
	{ sed '/^## A run$$/q' $(srcdir)/%D%/overhead.md && echo && echo '```' && cat overhead.txt && echo '```'; } > overhead.new
	cp overhead.new $(srcdir)/%D%/overhead.md
	rm -f overhead.txt overhead.new
