#!/bin/sh
# SPDX-License-Identifier: ISC
# A task that makes many calls shares tollgate's core, and does not see it.
. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"
needs_trace

cores=$TG_BUILDDIR/tests/tracee/cores.tracee
[ -x "$cores" ] || { echo "Bail out! $cores is not built"; exit 99; }
last=$("$cores" seen | sed -n 's/^set: //p')
policy all.policy 'default allow' 'unknown allow'

tg run --affinity 4711 -p ./all.policy -- true
is "$status" 125 'a core that is not there'
like "$err" 'affinity: "4711" is no core' 'is told of'
tg run --affinity near -p ./all.policy -- true
is "$status" 125 'something else'
like "$err" 'affinity: "near" is neither auto nor off nor the number of a core' 'is told of, too'
[ "$("$cores" moved)" = several ] || { note 'this machine has one core'; finish; }

"$cores" seen > plain
for engine in ptrace auto; do
	for how in auto off "$last"; do
		"$TOLLGATE" run --engine $engine --affinity "$how" -p ./all.policy -- "$cores" seen > under
		is "$(diff plain under)" '' "what it sees of its cores is its own (--engine $engine --affinity $how)"
	done
done
is "$("$TOLLGATE" run --engine ptrace --affinity off -p ./all.policy -- "$cores" moved)" several 'off: nobody is moved'
is "$("$TOLLGATE" run --engine ptrace --affinity "$last" -p ./all.policy -- "$cores" moved)" one 'a core: who is busy is moved there'
finish
