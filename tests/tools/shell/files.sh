# SPDX-License-Identifier: ISC
# Files by way of applets: find, tar, gzip, cp, ln, diff, patch, sed in place, dd, truncate, vi.
mkdir -p src/sub/deep; cd src
for i in 1 2 3; do echo "file $i" >f$i; done; echo deep >sub/deep/d; ln -s f1 link; ln f2 hard
find . | sort; find . -type d | sort; find . -name 'f*' -exec cat {} + | sort; find . -type l
find . -newer f1 -name nothing; find . -size -1k -type f | sort | head -n 2
cd ..; tar -cf all.tar src; tar -tf all.tar | sort; mkdir out; tar -xf all.tar -C out; diff -r src out/src && echo same
[ out/src/f2 -ef out/src/hard ] && echo 'hard link kept'; readlink out/src/link
tar -czf all.tgz src; tar -tzf all.tgz | wc -l; gzip -c src/f1 | gunzip; echo text | gzip | zcat
cp -a src copy; ls copy | sort; cmp src/f1 copy/f1 && echo equal; cp -r src/sub copy/again; cat copy/again/deep/d
mv copy moved; ls -d copy moved 2>/dev/null; mv moved/f1 moved/f9; cat moved/f9; rm -r moved; ls -d moved 2>/dev/null || echo gone
sed -i 's/file/FILE/' src/f1; cat src/f1; sed -n '2,3p' src/f1 src/f2 src/f3; sed 's/\(.\)$/[\1]/;1!G;h;$!d' src/f3
printf 'a\nb\nc\n' >x; printf 'a\nB\nc\nd\n' >y; diff -u x y | tail -n +3; diff -u x y >p; patch x <p; cmp x y && echo patched
dd if=/dev/zero of=z bs=1000 count=3 2>/dev/null; wc -c <z; truncate -s 10 z; wc -c <z; dd if=x of=z bs=1 seek=4 conv=notrunc 2>/dev/null; od -c z
awk -F: '{ n[$1] += $2 } END { for (k in n) print k, n[k] | "sort" }' <<END
a:1
b:2
a:3
END
printf '1\n2\n3\n' | tee t1 t2 | tail -n 1; cat t1 t2 | sort | uniq -c; paste t1 t2; cut -c 1 t1 | tac; nl t1
touch -d '2001-02-03 04:05:06' old; stat -c '%Y %s %F %h' old
touch -d '2001-02-03 04:05:07' new; [ old -ot new ] && echo older; find . -newer old -name new
chmod 640 x; stat -c '%a' x; ls -l x | cut -c 1-10; mkdir -m 700 m; stat -c '%a' m; rmdir m
t=$(mktemp); echo temp >$t; cat $t; rm $t; d=$(mktemp -d); [ -d $d ] && echo dir; rmdir $d
mkfifo q; (echo through the pipe >q) & cat q; wait; rm q
printf 'one two\nthree\n' | xargs -n 1 echo item; echo a b c | xargs -I{} echo "<{}>"; seq 3 | xargs
printf ':1,$s/o/0/g\n:wq\n' >keys; printf 'foo\nboo\n' >v; vi v <keys >/dev/null 2>&1; cat v
md5sum x | cut -c 1-32; sha1sum x; crc32 x; base64 x; printf 'x' | xxd -p
du -s src >/dev/null && echo du; basename /a/b.c .c; dirname /a/b.c; realpath src/link | sed 's,.*/,,'
split -l 1 t1 part; ls part*; cat partaa; rm part*; echo done; date -u -d @86400 +%F; expr 3 \* 4; factor 91; cal 2 2001
timeout 1 sleep 5; echo $?; time -f '' true 2>/dev/null; env -i A=b env; id -u; seq 3 | shuf | sort | tr '\n' ' '; echo
exit 3
