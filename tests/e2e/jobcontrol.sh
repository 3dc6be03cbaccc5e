#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Job control, as people use it: shells on terminals do the same alone, under
# tollgate, and in a tmux that is under tollgate as a whole.
#
# Nothing here rests on how fast anything is.  Keys are sent when the screen says
# that they are waited for, and what the screen then shows is written down; the
# transcripts are compared.
#
#	SHELLS		which, of those that are installed

. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"

needs tmux
needs_trace
open=$TG_SRCDIR/tests/e2e/policies/open.policy
TMUX_TMPDIR=$work
PS1='ask#'
export TMUX_TMPDIR PS1
unset TMUX ENV BASH_ENV
trap 'for how in alone under inside; do tmux_ kill-server 2> /dev/null; done; cd /; rm -rf "$work"' EXIT

tmux_() { tmux -f /dev/null -L "$how" "$@"; }
screen() { tmux_ capture-pane -p -J | grep -v '^$'; }
keys() { tmux_ send-keys "$@"; }

# soon COMMAND...: waits until it is true, for up to two minutes; false when it never was.
soon()
{
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt 1200 ] || return 1
		sleep 0.1
	done
}

shows() { screen | grep -qE -e "$1"; }
asks() { [ "$(screen | tail -n 1)" = "$PS1" ]; }
hello_twice() { [ "$(screen | grep -c '^hello$')" = 2 ]; }
has_typed() { screen | tail -n 1 | grep -qF -e "$1"; }

never()
{
	echo "never: $*"
	screen | tail -n 12
	return 1
}

# see REGEX: waits for it and says it again.  Numbers of processes are not the same twice, and some
# shells tell of a job on their own where it is asked for just before.
see()
{
	if soon shows "$1"; then
		screen | grep -E -e "$1" | sed -E 's/^(\[[0-9]+\] *[+-]? *)[0-9]+/\1N/; s/ +$//; s/  +/ /g' | sort -u
	else
		never see "$1"
	fi
}

# types TEXT: and waits until it is there, so that the next prompt that is seen is a new one.
types()
{
	keys -l "$1"
	soon has_typed "$1" && keys Enter
}

# enter COMMAND: on a screen that shows nothing else.
enter()
{
	soon asks || never ask before "$1"
	keys -R
	keys Enter
	soon asks
	types "$1"
}

# until_shown COMMAND REGEX: a shell tells of its jobs when it has heard of them; so it is asked again.
until_shown()
{
	for _ in $(seq 200); do
		enter "$1"
		soon asks
		shows "$2" && break
		sleep 0.1
	done
	see "$2"
}

stopped='^[^a].*([Ss]topped|[Ss]uspended)'

session()
{
	echo '# stop, look, go on, read from the terminal, end'
	enter ./reads
	see '^ready'
	keys C-z
	see "$stopped"
	until_shown jobs "$stopped"
	enter 'fg; echo ended with $?'
	see '^([^a].*)?\./reads'
	types hello
	see '^got hello'
	see '^ended with'

	echo '# a pipeline in the background, stopped and continued from there'
	enter './naps | cat'
	see '^ready'
	keys C-z
	see "$stopped"
	enter bg
	until_shown jobs '^[^a].*[Rr]unning'
	enter 'kill -STOP %1'
	until_shown jobs "$stopped"
	enter 'kill -CONT %1; fg'
	see '^([^a].*)?\./naps'
	keys C-c
	until_shown 'echo was $?' '^was'

	echo '# signals of the keyboard'
	enter ./naps
	see '^ready'
	keys C-c
	until_shown 'echo was $?' '^was'
	enter ./naps
	see '^ready'
	keys 'C-\'
	until_shown 'echo was $?' '^was'

	echo '# reads from the background, writes from there'
	enter 'cat &'
	until_shown jobs "$stopped"
	# Not killed: bash misses now and then, with and without tollgate, that a stopped job died.
	enter fg
	see '^([^a].*)?cat'
	types hello
	soon hello_twice
	keys C-d
	until_shown 'echo was $?' '^was'
	enter 'stty tostop; ./writes &'
	until_shown jobs "$stopped"
	enter 'stty -tostop; fg'
	see '^written'

	echo '# a shell in the shell, with a job of its own, stopped as a whole'
	enter 'env PS1=inner: dash -i'
	see '^inner:$'
	types './naps > /dev/null & jobs; kill -STOP $$'
	see "$stopped"
	enter 'fg'
	see '^([^a].*)?dash -i'
	see '^inner:$'
	types 'kill %1; wait %1; echo waited $?; exit 7'
	see '^waited'
	until_shown 'echo inner was $?' '^inner was'

	echo '# many at once'
	enter 'set --; for i in 1 2 3 4 5 6; do ./naps > /dev/null & set -- "$@" $!; done'
	enter ./stops
	see "$stopped"
	enter 'kill -STOP $3'
	until_shown jobs '^[^a].*([Ss]topped|[Ss]uspended).*naps'
	enter 'kill -CONT $3; fg %./stops'
	see '^went on'
	enter 'kill "$@"; wait; echo all gone'
	see '^all gone'

	echo '# the end'
	enter 'trap "echo told" EXIT; exit 5'
	see '^told'
	see '^the shell is gone'
}

cat > naps << 'END'
#!/bin/sh
echo ready
exec sleep 1000
END
cat > reads << 'END'
#!/bin/sh
echo ready
read -r line
echo "got $line"
exit 3
END
cat > writes << 'END'
#!/bin/sh
echo written
END
cat > stops << 'END'
#!/bin/sh
kill -STOP 0
echo went on
END
# What a window runs: a shell, and then says so.
cat > window << 'END'
#!/bin/sh
trap : INT QUIT TSTP
"$@"
echo "the shell is gone: $?"
exec sleep 1000
END
chmod +x naps reads writes stops window

# begin HOW SHELL ARGUMENT...: a terminal with that shell.
begin()
{
	how=$1
	shift
	case $how in
	alone) tmux_ new-session -d -x 160 -y 50 ./window "$@" ;;
	under) tmux_ new-session -d -x 160 -y 50 ./window "$TOLLGATE" run -p "$open" -o refusals -- "$@" ;;
	inside)
		"$TOLLGATE" run -p "$open" -o refusals -- tmux -f /dev/null -L inside \
			new-session -d -x 160 -y 50 ./window "$@" < /dev/null > /dev/null 2>&1 &
		soon tmux_ has-session 2> /dev/null
		;;
	esac
	soon asks
}

# compared SHELL ARGUMENT...
compared()
{
	shell=$1
	if ! command -v "$shell" > /dev/null; then
		skip "$shell" 'not installed'
		return
	fi
	for how in alone under inside; do
		begin $how "$@"
		session > "$how.said"
		tmux_ kill-server
	done
	wait
	if grep -q '^never' alone.said; then
		not_ok "$shell: alone, it does all that is asked"
		note "$(cat alone.said)"
	else
		ok "$shell: alone, it does all that is asked"
	fi
	is "$(diff alone.said under.said)" '' "$shell: the same under tollgate"
	is "$(diff alone.said inside.said)" '' "$shell: the same in a tmux that is under tollgate"
}

for shell in ${SHELLS:-bash dash zsh mksh}; do
	case $shell in
	bash) compared bash --norc --noprofile -i ;;
	zsh) compared zsh -f -i ;;
	*) compared "$shell" -i ;;
	esac
done
finish
