# SPDX-License-Identifier: ISC

# A policy is one file: everything below this folder that ends in .policy is
# compiled in, distributed and installed without being listed anywhere.
noinst_LIBRARIES += %D%/libtgpolicies.a

policies_libtgpolicies_a_SOURCES = %D%/builtin.h
nodist_policies_libtgpolicies_a_SOURCES = %D%/builtin.c

EXTRA_DIST += %D%/embed.sh
CLEANFILES += %D%/builtin.c

# The recipe always runs; the file only changes when a policy has.
%D%/builtin.c: tg-force
	$(AM_V_GEN)$(MKDIR_P) %D% && \
	$(SHELL) $(top_srcdir)/%D%/embed.sh $(top_srcdir)/%D% > $@.new && \
	if cmp -s $@.new $@; then rm -f $@.new; else mv $@.new $@; fi

tg-force:
.PHONY: tg-force

policydir = $(pkgdatadir)/policies

dist-hook: dist-policies
install-data-local: install-policies
uninstall-local: uninstall-policies

.PHONY: dist-policies install-policies uninstall-policies
dist-policies:
	cd $(top_srcdir)/%D% && find . -name '*.policy' | while read -r f; do \
		d=$(abs_top_builddir)/$(distdir)/%D%/$${f%/*}; \
		$(MKDIR_P) "$$d" && cp -p "$$f" "$$d/" || exit 1; done

install-policies:
	cd $(top_srcdir)/%D% && find . -name '*.policy' | while read -r f; do \
		d=$(DESTDIR)$(policydir)/$${f%/*}; \
		$(MKDIR_P) "$$d" && $(INSTALL_DATA) "$$f" "$$d/" || exit 1; done

uninstall-policies:
	cd $(top_srcdir)/%D% && find . -name '*.policy' | while read -r f; do \
		rm -f "$(DESTDIR)$(policydir)/$$f"; done
	test ! -d "$(DESTDIR)$(policydir)" || \
		find "$(DESTDIR)$(policydir)" -depth -type d -exec rmdir {} \; 2>/dev/null || :
