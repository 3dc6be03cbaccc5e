#!/bin/sh
# SPDX-License-Identifier: ISC
# make.sh FOLDER [NAME]...: makes the media that the tests play, all from
# ffmpeg's own generators; without names all of them.  clip.mkv is kept beside
# this script so that a fresh checkout needs no encoder to show something.
set -eu
[ $# -gt 0 ] || { echo "usage: ${0##*/} FOLDER [NAME]..." >&2; exit 2; }
out=$1
shift
[ $# -gt 0 ] || set -- clip.mkv h264.mp4 vp9.webm sound.mp3 sound.flac sound.ogg
mkdir -p "$out"

video='testsrc2=size=256x144:rate=12:duration=2.5'
sound='sine=frequency=440:beep_factor=2:duration=2.5'

ff()
{
	ffmpeg -nostdin -v error -y -bitexact "$@"
}

subtitles()
{
	cat <<'SRT'
1
00:00:00,200 --> 00:00:01,200
This clip is a stranger's.

2
00:00:01,300 --> 00:00:02,400
It may look, it may not touch.
SRT
}

for name; do
	case $name in
	clip.mkv)
		subtitles > "$out/.clip.srt"
		ff -f lavfi -i "$video" -f lavfi -i "$sound" -i "$out/.clip.srt" \
		    -map 0:v -map 1:a -map 2:s -c:v libx264 -preset veryslow -crf 34 -pix_fmt yuv420p \
		    -c:a aac -b:a 32k -ac 1 -c:s srt -metadata:s:s:0 language=eng \
		    -metadata title='tollgate test clip' "$out/$name"
		rm -f "$out/.clip.srt"
		;;
	h264.mp4)
		ff -f lavfi -i "$video" -f lavfi -i "$sound" -c:v libx264 -crf 34 -pix_fmt yuv420p \
		    -c:a aac -b:a 32k -movflags +faststart "$out/$name"
		;;
	vp9.webm)
		ff -f lavfi -i "$video" -f lavfi -i "$sound" -c:v libvpx-vp9 -crf 50 -b:v 0 -cpu-used 8 \
		    -c:a libopus -b:a 32k "$out/$name"
		;;
	sound.mp3)  ff -f lavfi -i "$sound" -c:a libmp3lame -b:a 32k "$out/$name" ;;
	sound.flac) ff -f lavfi -i "$sound" -c:a flac -ac 1 "$out/$name" ;;
	sound.ogg)  ff -f lavfi -i "$sound" -c:a libvorbis -q:a 0 -ac 1 "$out/$name" ;;
	*) echo "${0##*/}: no medium is called $name" >&2; exit 2 ;;
	esac
done
