# SPDX-License-Identifier: ISC
# Functions, subshells, traps, background jobs, exit statuses, recursion, scripts.
f() { echo "f $1"; return 3; }; f x; echo $?
fact() { [ $1 -le 1 ] && echo 1 || echo $(($1 * $(fact $(($1 - 1))))); }; fact 6
(cd /; pwd; x=inner; echo $x); echo "${x:-unset}"
{ x=outer; }; echo $x
trap 'echo trap exit' EXIT
(trap 'echo sub exit' EXIT; echo in sub)
if false; then echo no; elif true; then echo elif; fi
for i in 1 2 3; do [ $i = 2 ] && continue; echo $i; done
while :; do break; done; echo $?
until true; do echo never; done
! true; echo $?
true && echo and || echo or
false && echo and || echo or
sh -c 'exit 42'; echo $?
sh -c 'kill -9 $$'; echo $?
sh -c 'kill -TERM $$'; echo $?
nosuchcommand 2>/dev/null; echo $?
./f 2>/dev/null; echo $?
sleep 0.2 & p=$!; wait $p; echo "waited $?"
(sleep 0.1; exit 5) & wait $!; echo $?
(exit 6) & (exit 7) & wait; echo "all $?"
sleep 10 & kill $!; wait $! 2>/dev/null; echo $?
(sleep 0.1; echo late) & echo early; wait
a=$(sleep 0.1; echo x) ; echo $a
trap 'echo usr1' USR1; kill -USR1 $$; echo after
trap '' TERM; sh -c 'kill -TERM $$; echo survived'; trap - TERM
cat >script <<'END'
#!/bin/sh
echo "script $0 $# $*"
exit 9
END
chmod +x script; ./script a 'b c'; echo $?
printf 'echo plain script $1\n' >plain; chmod +x plain; ./plain y
echo 'exit 11' | sh; echo $?
. ./plain sourced 2>/dev/null || echo 'cannot source'
umask 022; umask; umask 077; touch private; ls -l private | cut -c 1-10
cd /tmp 2>/dev/null && pwd
exec 5<&0; echo reopened; exec 5<&-
x=1; x=2 sh -c 'echo $x'; echo $x
export y=exported; sh -c 'echo $y'; env | grep ^y=
set -e; (false; echo not reached) || echo caught; set +e
type cd | head -n 1
sh -c 'sh -c "sh -c \"exit 3\"; exit \$?"; exit $?'; echo $?
exit 12
