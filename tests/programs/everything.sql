-- SPDX-License-Identifier: ISC
-- What SQLite asks of a system, said so that it is the same everywhere: transactions with each kind
-- of journal, files that grow and shrink, locks, temporary files, memory maps.
.bail off
.open data.db
PRAGMA journal_mode;
CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT UNIQUE, born INT);
CREATE TABLE paid (person INT REFERENCES person, amount REAL, CHECK (amount > 0));
CREATE TRIGGER gone AFTER DELETE ON person BEGIN DELETE FROM paid WHERE person = old.id; END;
CREATE INDEX paid_by ON paid (person);
BEGIN;
INSERT INTO person (name, born) VALUES ('Ada', 1815), ('Alan', 1912), ('Grace', 1906), ('Ken', 1943);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
	INSERT INTO paid SELECT i % 4 + 1, i * 0.25 FROM n;
COMMIT;
SELECT name, count(*), sum(amount), avg(amount) FROM person JOIN paid ON person = id GROUP BY id ORDER BY 1;
BEGIN;
DELETE FROM person WHERE name = 'Ken';
SELECT count(*) FROM paid;
SAVEPOINT inner;
UPDATE person SET born = born + 1000;
SELECT sum(born) FROM person;
ROLLBACK TO inner;
SELECT sum(born) FROM person;
ROLLBACK;
SELECT count(*), sum(born) FROM person;
INSERT INTO person (name) VALUES ('Ada');
INSERT INTO paid VALUES (1, -1);
SELECT name, born, rank() OVER (ORDER BY born), lag(name) OVER (ORDER BY born) FROM person;
SELECT group_concat(name, '+'), hex(zeroblob(4)), typeof(1.0), round(3.14159, 2), printf('%08.3f', 2.5) FROM person;
.print -- each journal
PRAGMA journal_mode = TRUNCATE;
UPDATE paid SET amount = amount + 1 WHERE person = 1;
PRAGMA journal_mode = PERSIST;
UPDATE paid SET amount = amount + 1 WHERE person = 2;
PRAGMA journal_mode = MEMORY;
UPDATE paid SET amount = amount + 1 WHERE person = 3;
PRAGMA journal_mode = WAL;
BEGIN;
UPDATE paid SET amount = amount + 1 WHERE person = 3;
ROLLBACK;
UPDATE paid SET amount = amount + 1 WHERE person = 2;
SELECT sum(amount) FROM paid;
PRAGMA wal_checkpoint(TRUNCATE);
PRAGMA journal_mode = DELETE;
PRAGMA synchronous = FULL;
UPDATE paid SET amount = amount + 1 WHERE person = 4;
SELECT sum(amount) FROM paid;
.print -- much data, sorted outside memory, then given back
PRAGMA cache_size = 20;
PRAGMA temp_store = FILE;
CREATE TABLE big AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
	SELECT i, (i * 7919) % 20011 AS k, printf('%040d', i) AS t FROM n;
SELECT i, k FROM big ORDER BY t || k DESC LIMIT 3;
SELECT count(DISTINCT k), sum(length(t)) FROM big;
PRAGMA page_count;
DROP TABLE big;
VACUUM;
PRAGMA page_count;
PRAGMA integrity_check;
.print -- mapped into memory
PRAGMA mmap_size = 1000000;
SELECT count(*), sum(amount) FROM paid;
UPDATE paid SET amount = amount * 2;
SELECT sum(amount) FROM paid;
.print -- two files in one transaction
ATTACH 'other.db' AS other;
BEGIN;
CREATE TABLE other.copy AS SELECT * FROM person;
DELETE FROM person WHERE born > 1910;
COMMIT;
SELECT count(*) FROM person;
SELECT count(*) FROM other.copy;
DETACH other;
.print -- saved and read back
.backup saved.db
.open saved.db
SELECT name FROM person ORDER BY name;
.dump person
SELECT name FROM nothing;
.exit 5
