# SPDX-License-Identifier: ISC
# Expansion: globs, quoting, variables, arithmetic, command substitution, here-documents.
mkdir glob; cd glob; touch a1 a2 b1 .hidden 'with space'
echo *; echo a*; echo [ab]1; echo ?1; echo nothing*; echo .h*; echo */
for f in *; do echo "[$f]"; done
cd ..; echo glob/a*
x='a  b'; echo $x; echo "$x"; echo '$x'; echo "${x#a}" "${x%b}" "${y:-default}" "${#x}"
echo $((2 + 3 * 4)) $((10 % 3)) $((1 << 10)) $((7 > 3))
echo "$(echo inner "$(echo deeper)")"; echo `echo old`
n=$(seq 1 100 | wc -l); echo "n is $n"
cat <<END
here $x and $(echo command)
END
cat <<'END'
here $x and $(echo command)
END
cat <<-END
	tabs are gone
	END
tr a-z A-Z <<END | rev
piped here
END
set -- one two 'three four'; echo $# "$1" "$3"; shift; echo $#; for a; do echo "arg $a"; done
IFS=:; p=/a:/b:/c; for d in $p; do echo "$d"; done; unset IFS
case abc in a*) echo starts;; *) echo not;; esac
case "$(uname)" in Linux) echo linux;; esac
eval 'echo eval $((1 + 1))'
big=$(seq 1 5000); echo "$big" | tail -n 1; echo ${#big}
printf '%s|%d|%x|%5s|\n' str 42 255 r
echo "a\tb"; printf 'a\tb\n'
read a b <<END
first second third
END
echo "$b"
