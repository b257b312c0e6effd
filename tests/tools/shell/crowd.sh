# SPDX-License-Identifier: ISC
# Many processes: short-lived ones one after another and at once, pipelines of them, orphans.
i=0; while [ $i -lt 200 ]; do (exit $((i % 256))); [ $? = $((i % 256)) ] || echo "wrong $i"; i=$((i + 1)); done; echo 200 children
i=0; while [ $i -lt 60 ]; do (exit 0) & i=$((i + 1)); done; wait; echo 60 at once
i=0; while [ $i -lt 20 ]; do (echo $i) & i=$((i + 1)); done | sort -n | tail -n 3; wait
(sleep 0.3 & (sleep 0.2; echo orphan >late) &) ; sleep 0.6; cat late
for i in 1 2 3 4 5; do seq 1 1000 | sort -n | md5sum; done | sort -u
f() { [ $1 = 0 ] && echo bottom || (f $(($1 - 1))); }; f 12
mkdir dir; cd dir; for i in $(seq 1 50); do echo $i >file$i; done; cat file* | sort -n | tail -n 1; ls | wc -l; rm file*; ls | wc -l
