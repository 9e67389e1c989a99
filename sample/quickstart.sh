#!/usr/bin/env bash
# The main job on the sample, with each command shown before it runs. `make quickstart` calls it.
set -euo pipefail
export PATH="$BIN:$PATH"
index="$QUICKSTART/sample"
run() {
	local shown="" word
	for word in "$@"; do
		[[ $word == *" "* ]] && word="\"$word\""
		shown+="$word "
	done
	printf '\n$ %s\n' "${shown% }"
	"$@"
}

run biocpt models pull minilm
run biocpt index sample/pubmed26n0001.xml sample/pubmed26n0002.xml sample/pubmed26n0003.xml --index "$index" --model minilm
run biocpt search "statins and breast cancer survival" --index "$index" --limit 5
run biocpt search "how to stop kidney stones from coming back" --index "$index" --year 2010- --limit 2 --explain
run biocpt similar 90000001 --index "$index" --limit 2
run biocpt search --topics sample/topics.tsv --run "$QUICKSTART/run.trec" --index "$index"
run biocpt info --index "$index"

cat <<END

The index is in $index and the model in biocpt's home. Next:
  source $(dirname "$BIN/x")/activate
  biocpt search "your question" --index $index
  biocpt index YOUR.xml.gz --index ./pubmed --model minilm
MedCPT itself: biocpt models pull medcpt
END
