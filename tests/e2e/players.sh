#!/bin/sh
# SPDX-License-Identifier: ISC
# Real players under their shipped policies: the same exit status and, where a
# player can tell, the same decoded frames as without tollgate.
. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"
needs ffmpeg mpv
needs_trace

media=$work/media
if ! sh "$TG_SRCDIR/tests/media/make.sh" "$media" h264.mp4 vp9.webm sound.mp3 sound.flac sound.ogg > make.log 2>&1; then
	note "$(tail -n 5 make.log)"
	skip_all "this ffmpeg cannot make the test media"
fi
cp "$TG_SRCDIR/tests/media/clip.mkv" "$media/"
cd "$media" || exit 99
clips='h264.mp4 vp9.webm clip.mkv sound.mp3 sound.flac sound.ogg'


for f in $clips; do
	ffmpeg -nostdin -v error -i "$f" -f framemd5 - > "$work/plain" 2>/dev/null
	plain=$?
	tg run -p ffmpeg -- ffmpeg -nostdin -v error -i "$f" -f framemd5 -
	is "$status" "$plain" "ffmpeg ends with the same status on $f"
	holds "ffmpeg decodes the same frames of $f" cmp -s "$work/plain" "$work/.out"
	is "$err" '' "ffmpeg is refused nothing on $f"
done

tg run -p ffmpeg -- ffprobe -v error -show_entries format=format_name -of csv=p=0 h264.mp4
is "$status $out" '0 "mov,mp4,m4a,3gp,3g2,mj2"' 'ffprobe tells the format'

for f in $clips; do
	mpv --no-config --vo=null --ao=null --untimed --no-terminal "$f" > /dev/null 2>&1
	plain=$?
	tg run -p mpv -- mpv --no-config --vo=null --ao=null --untimed --no-terminal "$f"
	is "$status" "$plain" "mpv ends with the same status on $f"
done

# What mpv decodes, frame by frame; one stream at a time, since which of two
# comes first depends on which of its threads does.
for f in h264.mp4 vp9.webm; do
	for only in --no-audio --no-video; do
		set -- mpv --no-config --really-quiet $only --o=- --of=framemd5 --ovc=rawvideo --oac=pcm_s16le "$f"
		"$@" > "$work/plain" 2>/dev/null
		tg run -p mpv -- "$@"
		holds "mpv decodes the same frames of $f ($only)" cmp -s "$work/plain" "$work/.out"
		holds "and there are some" test -s "$work/plain"
	done
done

if command -v mplayer >/dev/null 2>&1; then
	for f in $clips; do
		mplayer -really-quiet -vo null -ao null -benchmark "$f" > /dev/null 2>&1 < /dev/null
		plain=$?
		tg run -p mplayer -- mplayer -really-quiet -vo null -ao null -benchmark "$f" < /dev/null
		is "$status" "$plain" "mplayer ends with the same status on $f"
	done
	for f in h264.mp4 clip.mkv; do
		mkdir -p sums
		mplayer -really-quiet -vo md5sum:outfile=sums/plain -nosound -benchmark "$f" >/dev/null 2>&1 < /dev/null
		tg run -p mplayer --rw sums -- mplayer -really-quiet -vo md5sum:outfile=sums/guarded -nosound -benchmark "$f" < /dev/null
		holds "mplayer decodes the same frames of $f" cmp -s sums/plain sums/guarded
		holds "and there are some" test -s sums/plain
	done
else
	skip 'mplayer plays under its policy' 'mplayer is not installed'
fi

# Without -p the policy that names the program is taken.
tg run -- ffprobe -v error -show_entries format=format_name -of csv=p=0 sound.flac
is "$status $out" '0 flac' 'the policy is found by the name of the program'

# Outputs must be named.
tg run -p ffmpeg -- ffmpeg -nostdin -v error -i sound.flac denied.wav
holds 'an output that nobody named is not written' test ! -e denied.wav
like "$err" '^tollgate: ffmpeg\[[0-9]+\] openat\(.*denied\.wav.* = EACCES: (write|create).*; to allow: allow ' 'and its refusal says how to allow it'
mkdir out
tg run -p ffmpeg --rw out -- ffmpeg -nostdin -v error -i sound.flac out/allowed.wav
is "$status" 0 'an output below --rw is written'
holds 'and is there' test -s out/allowed.wav

finish
