# SPDX-License-Identifier: ISC
# Two SQLite shells on one file: one waits for the other's lock, and neither loses what it wrote.
sqlite3 two.db 'CREATE TABLE t (who TEXT, n INT)'
add() {
	i=0
	while [ $i -lt 20 ]; do
		echo "INSERT INTO t SELECT '$1', count(*) FROM t;"
		i=$((i + 1))
	done | sqlite3 -cmd '.timeout 60000' two.db
}
add a &
add b &
wait
sqlite3 two.db 'SELECT who, count(*) FROM t GROUP BY who; SELECT count(DISTINCT n) FROM t'
mkfifo hold
sqlite3 -cmd '.timeout 60000' two.db <hold &
exec 3>hold
echo "BEGIN EXCLUSIVE; INSERT INTO t VALUES ('held', 0);" >&3
while sqlite3 two.db 'BEGIN IMMEDIATE; ROLLBACK' 2>/dev/null; do
	:
done
sqlite3 two.db 'INSERT INTO t VALUES ("c", 1)' 2>&1
echo "ROLLBACK;" >&3
exec 3>&-
wait
sqlite3 two.db 'SELECT count(*) FROM t; PRAGMA integrity_check'
