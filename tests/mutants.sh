#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Would the laws of policies notice?  Breaks one file of the engine at a time,
# in a copy, and runs the tests of the laws against it: the one that is named
# must fail.  A row whose expression changes nothing fails as well.
# Slow, and about the tests, not about the program.

: "${TG_SRCDIR:?}" "${TG_BUILDDIR:?}" "${CC:=cc}" "${CHECK_LIBS:=-lcheck}"

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT INT TERM
n=0
failed=0

# LAW FILE EXPRESSION: what sed does to the file must make the law's test fail.
mutant()
{
	n=$((n + 1))
	law=$1
	sed "$3" "$TG_SRCDIR/engine/$2" > "$work/mutant.c"
	if cmp -s "$work/mutant.c" "$TG_SRCDIR/engine/$2"; then
		why="the expression changes nothing"
	elif ! build; then
		why="does not compile"
	elif CK_VERBOSITY=normal CK_DEFAULT_TIMEOUT=60 "$work/laws" > "$work/out" 2>&1; then
		why="no law notices"
	elif ! grep -q "[FE]:laws:$law:" "$work/out"; then
		why="noticed by others only: $(sed -n 's/.*[FE]:laws:\([a-z_]*\):.*/\1/p' "$work/out" | tr '\n' ' ')"
	else
		echo "ok $n - $law: $2 $3"
		return
	fi
	failed=$((failed + 1))
	echo "not ok $n - $law: $2 $3"
	echo "# $why"
}

# What is linked by name comes before what an archive has.
build()
{
	$CC $CPPFLAGS $CFLAGS -I"$TG_SRCDIR" -I"$TG_BUILDDIR" -c -o "$work/mutant.o" "$work/mutant.c" 2> "$work/err" &&
	$CC $CFLAGS $LDFLAGS -o "$work/laws" "$TG_BUILDDIR/tests/unit/check_policy_laws.o" "$work/mutant.o" \
	    "$TG_BUILDDIR/engine/libtgengine.a" "$TG_BUILDDIR/engine/libtgdecide.a" "$TG_BUILDDIR/lib/libtg.a" \
	    $CHECK_LIBS 2>> "$work/err"
}

mutant order_never_matters		index.c 's/r = r ? r : compare(a->action, b->action);/return r ? r : compare(a->seq, b->seq);/'
mutant order_never_matters		decide.c 's/if (decides && (r->rank != decides->rank.*/if (decides)/'
mutant the_most_specific_decides	index.c 's/compare(b->rank, a->rank)/compare(a->rank, b->rank)/'
mutant the_most_specific_decides	index.c 's/compare(b->terms, a->terms)/compare(a->terms, b->terms)/'
mutant the_most_specific_decides	match.c 's/ && rule_is_open(r, w->phases)//'
mutant deciding_twice_is_deciding_once	decide.c 's/v.layer = (unsigned)i;/static unsigned calls; v.quiet ^= ++calls \& 1;/'
mutant a_layer_never_allows_more	decide.c 's/for (size_t i = 0; i < n; i++) {/for (size_t i = n > 1; i < n; i++) {/'
mutant a_refusing_line_never_allows_more	decide.c 's/.action = r->action, .err/.action = r->action == ACT_ASK ? ACT_ALLOW : r->action, .err/'
mutant an_end_never_allows_more		compile.c 's/line->action == ACT_ALLOW ? src->phase : 0/src->phase/'
mutant an_end_never_allows_more		decide.c 's/rulewalk_start(&w, &all, OBJ_PATH/rulewalk_start(\&w, l, OBJ_PATH/'
mutant children_are_all_that_is_refused	decide.c 's/!(ev->arg\[flags\].val & THREAD_FLAG)/true/'
mutant children_are_all_that_is_refused	decide.c 's/ev->id == SYS_ID_fork || ev->id == SYS_ID_vfork/ev->id == SYS_ID_fork/'
mutant an_exec_never_allows_more	decide.c 's/for (size_t i = 0; i < n; i++) {/for (size_t i = n > 1; i < n; i++) {/'
mutant not_knowing_never_allows_more	decide.c 's/consider(s, &unmet);/(void)s; (void)unmet;/'
mutant a_move_gains_nothing		move.c 's/return !alike \&\& from->refused/return !alike \&\& false \&\& from->refused/'
mutant a_move_gains_nothing		move.c 's/EXTENT_ALL \&\& !r->cond.n \&\& !r->phase/EXTENT_ALL/'
mutant a_move_gains_nothing		move.c 's/pattern_covers_tree(p, a->path, len) ?/pattern_match(p, a->path, len) ?/'
mutant a_move_gains_nothing		move.c 's/{ R_CONNECT, R_SEND }/{ R_SEND }/'
mutant what_is_shown_decides_the_same	show.c 's/if (r->when)/if (r->when \&\& r->kind == OBJ_CALL)/'
mutant what_is_shown_decides_the_same	show.c 's/target_print(p, r, b);/(void)target_print;/'
mutant what_is_shown_decides_the_same	show.c 's/if (p->rule\[i\]->phase == phase)/if (!phase)/'
mutant what_is_shown_decides_the_same	condition.c 's/for (uint32_t i = 0; i < x.n; i++)/for (uint32_t i = 0; i < 1; i++)/'
mutant suggestions_allow		suggest.c 's/strbuf_add(b, "allow ");/strbuf_add(b, "ask ");/'
mutant suggestions_say_any_name		pattern.c '/^print_literal_byte/,/^}/s/?\[\]{}/?{}/g'
mutant random_text_gets_a_message	errors.c 's/^		add_failure(&b, /		(void)add_failure, (void)(/'

echo "1..$n"
[ "$failed" -eq 0 ]
