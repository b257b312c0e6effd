# SPDX-License-Identifier: ISC
# Who there is and what there is: applets that read /proc, /dev/stdin and its like, traps, jobs.
echo words | cat /dev/stdin; echo out | (cat >/dev/stdout) | cat; echo err 2>&1 >/dev/stderr | cat; echo in >f; cat /dev/fd/3 3<f
ls -l /proc/self/fd/3 3<f | sed 's/.* -> //; s,.*/,,'; readlink /proc/self/fd/0 </dev/null; [ /proc/self/fd/3 -ef f ] 3<f && echo same
sleep 1000 & first=$!; sleep 2000 & second=$!
for p in $first $second; do until grep -q sleep /proc/$p/comm && grep -q 'State:.S' /proc/$p/status; do :; done; done
tr '\0' ' ' </proc/$first/cmdline; echo; cut -d ' ' -f 2,3 /proc/$second/stat; cat /proc/$second/comm; grep -E '^(Name|State)' /proc/$first/status
ps -o pid,args | awk -v a=$first -v b=$second '$1 == a || $1 == b { print $2, $3 }' | sort
ps -o ppid,comm | awk -v me=$$ '$1 == me && /sleep/' | wc -l; pidof sleep | tr ' ' '\n' | grep -cE "^($first|$second)\$"
kill -STOP $first; while ! grep -q 'State:.T' /proc/$first/status; do :; done; echo stopped; kill -CONT $first; kill $first; wait $first 2>/dev/null; echo $?
kill -9 $second; wait $second 2>/dev/null; echo $?; ls -d /proc/$first /proc/$second 2>/dev/null | wc -l; kill -0 $first 2>/dev/null || echo gone
free | awk '/^Mem/ { print ($2 > 10000 && $2 >= $3 + $4) ? "memory" : $0 }'; free | wc -l; uptime | grep -c 'load average'
df -P / | awk 'NR == 2 { print ($2 > 1000), ($2 >= $3 + $4) }'; df -h . >/dev/null && echo df; grep -q '^proc /proc proc' /proc/mounts && mount | grep -q ' on /proc type proc' && echo mounted
top -b -n 1 | awk '/^Mem:/ || /^ *PID/ { print $1 }'; cat /proc/uptime | wc -w; wc -w </proc/loadavg; head -n 1 /proc/stat | cut -c 1-4
dd if=/dev/zero of=big bs=4096 count=100 2>/dev/null; cat big big | wc -c; cat big >copy; cmp big copy && echo equal; cat copy >>big; wc -c <big; tail -c 5 f | od -c
cat /proc/self/status big | grep -c '^Pid'; cat big | (sleep 0.01; wc -c); cp /proc/self/comm x; cat x; touch /proc/new 2>/dev/null || echo refused; rm -f /proc/$$/comm 2>/dev/null || echo refused
trap 'echo got USR1' USR1; kill -USR1 $$; (trap 'echo sub; exit 5' TERM; kill -TERM $(sh -c 'echo $PPID'); sleep 5); echo $?; trap - USR1; trap
(sleep 0.01; exit 3) & (exit 4) & a=$!; wait $a; echo $?; wait; echo $?; (exit 7) & wait $!; echo $?; jobs
sh -c 'kill -SEGV $$' 2>/dev/null; echo $?; nproc | grep -c .; stat -f / | grep -c 'Block size'; test -p /dev/fd/0 && echo pipe
seq 1000 | tee >(wc -l) 2>/dev/null | tail -n 1; exec 5<>rw; echo both >&5; exec 5>&-; cat rw; echo to 4 4>&1 >&4
