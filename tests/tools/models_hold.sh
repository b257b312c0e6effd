# SPDX-License-Identifier: ISC
# The Spin models of tests/models hold for all interleavings of three CPUs, each catches the faults
# planted in it (MUTANT=n), and the edges of the vcpu's model are those of the kernel's table
# (edges-refused).
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
command -v spin >/dev/null || tap_skip_all "no spin"
source=$(cd "${top_srcdir:-.}" && pwd)
cd "$tap_scratch" || exit 1

search() {	# search MODEL MUTANT: all its states; says what was found
	spin -DMUTANT="$2" -a "$source/tests/models/$1.pml" >spin.out 2>&1 &&
		$CC -O2 -DSAFETY -DCOLLAPSE -w -o pan pan.c && ./pan -m100000 >pan.out 2>&1
	sed -n 's/^pan:1: //p; /Search not completed/p; /^error:/p' pan.out
}

for model in library_lock revocation upcall_masking vcpu_life; do
	found=$(search $model 0)
	tap_eq "$model: nothing is found" "$found" ""
	tap_ok "$model: in $(sed -n 's/ *\([0-9]*\) states, stored/\1/p' pan.out) states" \
		grep -q 'errors: 0' pan.out
	mutants=$(sed -n 's/^#if MUTANT [!=]= //p; s/.*|| MUTANT == //p' \
		"$source/tests/models/$model.pml" | sort -n | tail -n 1)
	tap_ok "$model: has at least three mutants" [ "$mutants" -ge 3 ]
	for mutant in $(seq "$mutants"); do
		found=$(search $model "$mutant" | head -n 1)
		tap_ok "$model: mutant $mutant is caught: $found" [ -n "$found" ]
	done
done

sed -n 's/.*(from == \([A-Z]*\) && to == \([A-Z]*\)).*/\1 \2/p' \
	"$source/tests/models/vcpu_life.pml" | sort >model.edges
tr -d '\n' <"$source/exo/vcpu.c" | grep -o '\[VCPU_[A-Z]*\] = 1u <<[^,]*' |
	sed 's/\[VCPU_\([A-Z]*\)\] =/\1/' |
	awk '{ from = $1; $1 = ""; gsub(/1u <<|\|/, ""); gsub(/VCPU_/, "")
		for (i = 1; i <= NF; i++) print from, $i }' | sort >code.edges
tap_ok "the code has edges" test -s code.edges
tap_eq "the model's edges are the code's" "$(cat model.edges)" "$(cat code.edges)"
tap_done tests/tools/models_hold.sh
