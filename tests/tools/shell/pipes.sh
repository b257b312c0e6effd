# SPDX-License-Identifier: ISC
# Pipes, redirection, statuses of pipelines, a megabyte between processes.
seq 1 10 | sort -r | head -n 3
echo one >f; echo two >>f; cat <f; cat f f | wc -l
echo to stderr >&2; ls nowhere 2>/dev/null || echo "status $?"
{ echo out; echo err >&2; } 2>&1 | tr a-z A-Z
exec 3>g; echo third >&3; exec 3>&-; cat g
echo hidden >&3 2>/dev/null || echo "closed: $?"
head -c 1048576 /dev/zero | tr '\0' x | wc -c
head -c 1048576 /dev/zero | tr '\0' y | sha256sum
yes | head -n 100000 | md5sum
seq 1 20000 | sed 's/1/a/' | grep -c a
true | false; echo $?
false | true; echo $?
set -o pipefail; false | true; echo $?; set +o pipefail
(exit 7) | cat; echo $?
echo a | (read x; echo "read $x"; exit 4); echo $?
yes | head -n 1; echo "the writer is told: $?"
seq 1 100000 | head -n 2
cat f | while read line; do echo "<$line>"; done
echo abc | cat - f
printf 'a\nb\nc\n' | tee h | wc -l; cat h
mkdir -p d/e; echo x >d/e/x; find d -type f | xargs cat
i=0; while [ $i -lt 20 ]; do echo $i; i=$((i + 1)); done | sort -n | tail -n 1
: | cat; echo $?
echo 1 | cat | cat | cat | cat | cat | cat
