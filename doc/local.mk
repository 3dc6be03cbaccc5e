# SPDX-License-Identifier: ISC
dist_man_MANS += \
	%D%/tollgate.1		\
	%D%/tollgate.policy.5	\
	#

EXTRA_DIST += \
	%D%/glossary.md		\
	%D%/internals.md	\
	#
