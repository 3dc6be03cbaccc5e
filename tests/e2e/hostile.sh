#!/bin/sh
# SPDX-License-Identifier: ISC
# Hostile input made only of the players' own features.  Each piece works
# without tollgate, gets nothing with it, and leaves a line in the log that
# names the call, the object and the rule.
. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"
needs ffmpeg mpv python3
needs_trace

cp "$TG_SRCDIR/tests/media/clip.mkv" .
mkdir -p "$HOME/.ssh" "$HOME/private"
echo 'THE-SECRET-KEY' > "$HOME/.ssh/id_rsa"
echo '# shell' > "$HOME/.bashrc"
printf '1\n00:00:00,000 --> 00:00:02,000\nTHE-SECRET-DIARY\n' > "$HOME/private/diary.srt"
sh "$TG_SRCDIR/tests/media/make.sh" "$HOME/private" sound.flac >/dev/null 2>&1 ||
	skip_all 'this ffmpeg cannot make the test media'
ffmpeg -nostdin -v error -i "$HOME/private/sound.flac" -f mpegts "$HOME/private/memo.ts" 2>/dev/null

# A server that counts who came.
cat > server.py <<'PY'
import http.server, sys
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        open(sys.argv[1], "a").write(self.path + "\n")
        self.send_response(404)
        self.end_headers()
    def log_message(self, *a):
        pass
s = http.server.HTTPServer(("127.0.0.1", 0), H)
open(sys.argv[2], "w").write(str(s.server_port) + "\n")
s.serve_forever()
PY
: > visits
python3 server.py visits port > /dev/null 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null; cd /; rm -rf "$work"' EXIT
soon test -s port
port=$(cat port)

# line REGEX CLAIM: the log has a line for it, with call, object and rule.  A
# player's status line has no end, and the log goes on behind it.
line() { like "$err" "tollgate: [a-zA-Z0-9 /_.:-]+\[[0-9]+\] $1" "$2"; }

# --- ffmpeg: a concat playlist that names a secret

printf 'ffconcat version 1.0\nfile %s\n' "$HOME/private/diary.srt" > holiday.ffconcat
set -- ffmpeg -nostdin -v error -f concat -safe 0 -i holiday.ffconcat -f srt -
plain=$("$@" 2>/dev/null)
like "$plain" THE-SECRET-DIARY 'control: a concat playlist gives the secret away'
tg run -p ffmpeg -- "$@"
unlike "$out$err" THE-SECRET-DIARY 'under tollgate it does not'
line 'openat\(.*diary\.srt", O_RDONLY.*\) = EACCES: read .*/private/diary\.srt, (default|rule) \(ffmpeg:[0-9]+.*to allow: allow read ' 'the refusal is logged'

# --- ffmpeg: an HLS playlist that names a secret recording

printf '#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:2.5,\n%s\n#EXT-X-ENDLIST\n' "$HOME/private/memo.ts" > live.m3u8
set -- ffmpeg -nostdin -v error -i live.m3u8 -f framemd5 -
plain=$("$@" 2>/dev/null | grep -c '^0,')
holds 'control: an HLS playlist gives the recording away' test "$plain" -gt 10
tg run -p ffmpeg -- "$@"
unlike "$out" '^0,' 'under tollgate it does not'
line 'openat\(.*memo\.ts".*\) = EACCES: read .*/private/memo\.ts, ' 'the refusal is logged'

# --- ffmpeg: an HLS playlist that calls home

printf '#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:2.5,\nhttp://127.0.0.1:%s/ffmpeg.ts\n#EXT-X-ENDLIST\n' "$port" > home.m3u8
set -- ffmpeg -nostdin -v error -protocol_whitelist file,http,tcp,crypto,data -i home.m3u8 -f null -
"$@" >/dev/null 2>&1
like "$(cat visits)" '^/ffmpeg\.ts' 'control: an HLS playlist reaches the server'
: > visits
tg run -p ffmpeg -- "$@"
is "$(cat visits)" '' 'under tollgate nobody comes'
line 'socket\(AF_INET, .*\) = [A-Z]+: socket inet, ' 'the refusal is logged'

# --- mpv: an m3u and an EDL that point elsewhere

printf '#EXTM3U\nhttp://127.0.0.1:%s/mpv.mkv\n' "$port" > list.m3u
set -- mpv --no-config --vo=null --ao=null --msg-level=all=warn
"$@" list.m3u >/dev/null 2>&1
like "$(cat visits)" '^/mpv\.mkv' 'control: an m3u makes mpv visit the server'
: > visits
tg run -p mpv -- "$@" list.m3u
is "$(cat visits)" '' 'under tollgate nobody comes'
line 'socket\(AF_INET6?, .*\) = [A-Z]+: socket inet6?, ' 'the refusal is logged'

printf '%s\n' "$HOME/private/sound.flac" > other.m3u
plain=$(mpv --no-config --vo=null --ao=null other.m3u 2>&1)
like "$plain" 'Exiting\.\.\. \(End of file\)' 'control: an m3u plays a file elsewhere'
tg run -p mpv -- mpv --no-config --vo=null --ao=null other.m3u
unlike "$out" 'End of file' 'under tollgate it does not'
line 'openat\(.*sound\.flac".*\) = EACCES: read .*/private/sound\.flac, ' 'the refusal is logged'

printf '# mpv EDL v0\n%s\n' "$HOME/private/sound.flac" > cut.edl
plain=$(mpv --no-config --vo=null --ao=null cut.edl 2>&1)
like "$plain" 'End of file' 'control: an EDL plays a file elsewhere'
tg run -p mpv -- mpv --no-config --vo=null --ao=null cut.edl
unlike "$out" 'End of file' 'under tollgate it does not'
line 'openat\(.*sound\.flac".*\) = EACCES: read ' 'the refusal is logged'

# --- mpv: a subtitle that is a link to something else

ln -s "$HOME/private/diary.srt" clip.srt
set -- mpv --no-config --vo=null --ao=null --frames=10 --msg-level=all=warn,statusline=status --sub-files=clip.srt \
    --sid=2 '--term-status-msg=${sub-text}' clip.mkv
plain=$("$@" 2>&1)
like "$plain" THE-SECRET-DIARY 'control: a linked subtitle shows the secret'
tg run -p mpv -- "$@"
unlike "$out$err" THE-SECRET-DIARY 'under tollgate it does not'
line 'openat\(.*clip\.srt".*\) = EACCES: read .*/private/diary\.srt, ' 'the refusal names what the link leads to'

# --- mpv: a Lua script

cat > evil.lua <<'LUA'
local function report(what, good) print("EVIL " .. what .. " " .. (good and "reached" or "refused")) end
local home = os.getenv("HOME")
local f = io.open(home .. "/.ssh/id_rsa")
report("read", f and f:read("*a"):find("THE%-SECRET") ~= nil)
local r = os.execute("touch " .. home .. "/executed")
report("execute", io.open(home .. "/executed") ~= nil)
local w = io.open(home .. "/.bashrc", "a")
if w then w:write("# owned\n") w:close() end
report("write", w)
local p = io.popen("echo popen-worked")
report("popen", p and p:read("*a"):find("popen%-worked") ~= nil)
LUA
set -- mpv --no-config --vo=null --ao=null --frames=5 --script=evil.lua clip.mkv
plain=$("$@" 2>&1)
for what in read execute write popen; do
	like "$plain" "EVIL $what reached" "control: a Lua script can $what"
done
rm -f "$HOME/executed"
echo '# shell' > "$HOME/.bashrc"
tg run -p mpv --ro evil.lua -- "$@"
for what in read execute write popen; do
	like "$out" "EVIL $what refused" "under tollgate it cannot $what"
done
holds 'nothing was executed' test ! -e "$HOME/executed"
is "$(cat "$HOME/.bashrc")" '# shell' 'the shell is not owned'
line 'openat\(.*id_rsa", O_RDONLY.*\) = EACCES: read .*/\.ssh/id_rsa, ' 'reading is logged'
line 'openat\(.*\.bashrc", O_WRONLY.*\) = EACCES: .*/\.bashrc, ' 'writing is logged'
line '(clone|clone3|vfork|fork)\(.*\) = [A-Z]+: syscall (clone|clone3|vfork|fork), ' 'executing is logged'

# --- mpv: a Lua script that plays the network

cat > call.lua <<LUA
mp.register_event("file-loaded", function() end)
mp.commandv("loadfile", "http://127.0.0.1:$port/lua.mkv", "append-play")
LUA
: > visits
set -- mpv --no-config --vo=null --ao=null --frames=5 --script=call.lua clip.mkv
"$@" >/dev/null 2>&1
like "$(cat visits)" '^/lua\.mkv' 'control: a Lua script opens a socket'
: > visits
tg run -p mpv --ro call.lua -- "$@"
is "$(cat visits)" '' 'under tollgate nobody comes'
line 'socket\(AF_INET6?, ' 'the refusal is logged'

# --- mpv: what it was configured with is out of reach once a film is open

mkdir -p "$HOME/.config/mpv"
echo 'osd-level=1' > "$HOME/.config/mpv/mpv.conf"
cat > late.lua <<'LUA'
local function try(when)
	local f = io.open(os.getenv("HOME") .. "/.config/mpv/mpv.conf")
	print("SETTINGS " .. when .. " " .. (f and "read" or "refused"))
end
try("before")
mp.register_event("file-loaded", function() try("after") end)
LUA
set -- mpv --vo=null --ao=null --frames=5 --script=late.lua clip.mkv
plain=$("$@" 2>&1)
like "$plain" 'SETTINGS after read' 'control: a script reads the settings while a film is playing'
tg run -p mpv --ro late.lua -- "$@"
like "$out" 'SETTINGS before read' 'under tollgate it reads them before'
like "$out" 'SETTINGS after refused' 'and not after'
line 'openat\(.*mpv\.conf".*\) = EACCES: read .*/\.config/mpv/mpv\.conf, ' 'the refusal is logged'

# --- the same facts for machines

tg run -p ffmpeg --log=json -o log.json -- ffmpeg -nostdin -v error -f concat -safe 0 -i holiday.ffconcat -f srt -
if [ "$status" = 125 ]; then
	skip 'the JSON log has the same facts' 'built without jansson'
else
	python3 - log.json > facts <<'PY'
import json, sys
for line in open(sys.argv[1]):
    o = json.loads(line)
    if "diary.srt" in o.get("object", ""):
        print(o["syscall"], o["verdict"], o["reason"], o["rule"]["file"], o["allow"])
PY
	like "$(cat facts)" '^openat EACCES (default|rule) ffmpeg allow read .*diary\.srt' 'the JSON log has the same facts'
fi

finish
