#!/bin/sh
# SPDX-License-Identifier: ISC
# What `explain` says of a call is what `run` decides.  Every row of
# explain.cases is a call twice: as arguments for the program callone, which
# makes it, and as text.  Both verdicts, the objects, the rules and the lines
# that would allow it must be the same, and the verdict the one in the row.
. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"
needs_trace

umask 022
W=$work/fix
export W

# What the calls are about.  It is made anew where a call that is let in changes it.
mkdir -p pristine/r/sub pristine/w/dir pristine/x pristine/n
for f in r/a r/secret r/sub/b w/f w/keep n/a x/plain; do
	echo "$f" > "pristine/$f"
done
cp /bin/true pristine/x/true
cp pristine/x/true pristine/x/no
printf '#!/bin/sh\n' > pristine/x/script
chmod +x pristine/x/script pristine/x/plain
ln -s a pristine/r/link
ln -s ../w/f pristine/r/out
ln -s ../n/a pristine/r/away
ln -s ../n pristine/r/awaydir
ln -s nothing pristine/r/dangling
ln -s loop pristine/r/loop
ln -s ../r/a pristine/n/back
ln -s f pristine/w/link
ln -s new pristine/w/dangling

afresh() { rm -rf "$W" && cp -a "$work/pristine" "$W" && cd "$W" || exit 99; }

policy rules.policy \
    'include "base/libraries"' \
    'promise stdio prot_exec' \
    'allow read ${W}/r/**' \
    'deny ENOENT read,stat ${W}/r/secret' \
    'deny ENXIO read ${W}/r/sub/**' \
    'allow read,write,create,delete,attr ${W}/w/**' \
    'deny EROFS write,delete,create ${W}/w/keep' \
    'allow exec ${W}/x/**' \
    'deny EPERM exec ${W}/x/no' \
    'allow connect inet:127.0.0.1:80, inet:10.0.0.0/8:1000-2000, inet6:[fd00::]/8:443' \
    'deny ENETUNREACH connect inet:10.1.0.0/16:1000-2000' \
    'allow connect unix:${W}/w/sock, abstract:tg-*' \
    'allow bind inet:127.0.0.1' \
    'allow send inet:127.0.0.1:53' \
    'allow socket netlink' \
    'allow syscall mkdir, mkdirat' \
    'deny EINVAL syscall mkdir, mkdirat if mode == 0777' \
    'kill syscall sethostname'
policy denylist.policy \
    'default allow' \
    'deny read ${W}/n/**' \
    'deny EROFS write ${W}/r/**' \
    'deny EPERM socket packet' \
    'deny ECONNREFUSED connect inet:*:25' \
    'deny EPERM syscall mkdir if mode & 0070 != 0' \
    'unsafe ptrace'

options()
{
	case $1 in
	layers) echo "-p $work/rules.policy -p $work/denylist.policy" ;;
	*) echo "-p $work/$1.policy" ;;
	esac
}

# The rows: policy, number of the call, its arguments, the wanted verdict, its text.
sed 's/^#.*//; /^ *$/d' "$TG_SRCDIR/tests/e2e/explain.cases" | sed "s,\\\$W,$W,g" > rows

# prepare CALLONE COLUMN: what an ABI can be asked; COLUMN of `list syscalls` has its numbers.
prepare()
{
	"$TOLLGATE" list syscalls | awk -v column="$2" '
		NR == FNR { if ($column ~ /^[0-9]+$/) nr[$1] = $column; next }
		$1 == "policy" { policy = $2; next }
		{
			bar = index($0, " | ")
			text = substr($0, bar + 3)
			n = split(substr($0, 1, bar - 1), word, " ")
			number = word[2] in nr ? nr[word[2]] : word[2]
			if (number !~ /^(0x)?[0-9a-f]+$/)
				next
			args = number
			for (i = 3; i <= n; i++)
				args = args " " word[i]
			print policy "\t" args "\t" word[1] "\t" text
		}' - "$work/rows" > "$work/$1.calls"
	: > "$work/.err"
	for p in rules denylist layers; do
		afresh
		awk -F '\t' -v p=$p '$1 == p { print $4 }' "$work/$1.calls" > "$work/$p.in"
		# shellcheck disable=SC2046
		"$TOLLGATE" explain $(options $p) --abi "$3" -f "$work/$p.in" \
		    < /dev/null > "$work/$p.said" 2>> "$work/.err"
		cut -f 1-3 "$work/$1.calls" | awk -v p=$p '$1 == p' | paste - "$work/$p.in" "$work/$p.said"
	done > "$work/$1.rows"
	is "$(cat "$work/.err")" '' "$3: explain understands every call"
	[ ! -s "$work/.err" ] || finish		# the rows would not be beside what was said of them
}

# A line without the words that pointers are: the call's name, and all behind its arguments.
essence() { sed 's/^tollgate: [^ ]*\[[0-9]*\] //; s/^\([^(]*\)(.*) = /\1 = /'; }

# both ABI POLICY WANTED CALL SAID NUMBER ARGUMENT...
both()
{
	abi=$1 p=$2 wanted=$3 text=$4 said=$5
	shift 5
	afresh
	: > "$work/log"
	# shellcheck disable=SC2046
	"$TOLLGATE" run $(options "$p") -o "$work/log" -- "$callone" "$@" > "$work/.out" 2> "$work/.err" < /dev/null
	status=$?
	said=$(printf '%s\n' "$said" | essence)
	did=$(essence < "$work/log")
	case $said in
	*' = allow: '*) verdict=allow said='' ;;
	*) verdict=$(printf '%s\n' "$said" | sed 's/^[^=]* = \([^:]*\):.*/\1/') ;;
	esac
	claim="$abi, $p: $(printf '%s\n' "$text" | sed "s,$W,\$W,g")"
	is "$verdict" "$wanted" "$claim: $wanted"
	is "$did" "$said" "$claim: run decides what explain says"
	if [ "$wanted" = kill ]; then
		is $status 159 "$claim: and kills"
	fi
}

# table ABI COLUMN: every row.
table()
{
	prepare "$1" "$2" "$1"
	callone=$work/callone.$1
	for p in rules denylist layers; do
		# shellcheck disable=SC2046
		"$TOLLGATE" run $(options $p) -o "$work/log" -- "$callone" < /dev/null > "$work/.out" 2> "$work/.err"
		is "$?$(cat "$work/log")" 0 "$1, $p: the program itself is let in"
	done
	tab=$(printf '\t')
	while IFS=$tab read -r p args wanted text said; do
		# shellcheck disable=SC2086
		both "$1" "$p" "$wanted" "$text" "$said" $args
	done < "$work/$1.rows"
}

# build ABI FLAG...
build()
{
	abi=$1
	shift
	"${CC:-cc}" -D_GNU_SOURCE "$@" -o "$work/callone.$abi" "$TG_SRCDIR/tests/tracee/callone.c" 2> "$work/.err"
}

case $(uname -m) in
x86_64) ;;
*) skip_all 'the rows have the numbers of x86-64' ;;
esac
build x86_64 || skip_all 'there is no C compiler'
table x86_64 2
if build i386 -m32 || build i386 -m32 -idirafter "/usr/include/$("${CC:-cc}" -print-multiarch 2>/dev/null)"; then
	table i386 3
else
	skip 'the same calls through the i386 ABI' 'the C compiler makes no i386 programs'
fi

finish
