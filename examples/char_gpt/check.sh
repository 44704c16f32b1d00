#!/usr/bin/env bash
# A run that was interrupted ends with the very line of one that was not; what cannot be meant is refused.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
gpt() { bash "$here/../run.sh" char_gpt "$@"; }
steps=(--steps 20 --seed 3 --sample 0)
gpt --sample 0 --steps 1 >/dev/null  # builds it

whole=$(gpt "${steps[@]}" | tail -n 1)
gpt "${steps[@]}" --resume "$dir/run.safetensors" --stop 9 >/dev/null
resumed=$(gpt "${steps[@]}" --resume "$dir/run.safetensors" --threads 1)
grep -q 'at step 9$' <<<"$resumed"
echo "uninterrupted: $whole"
echo "resumed:       $(tail -n 1 <<<"$resumed")"
[[ $whole == "validation loss "* ]] && [ "$whole" = "$(tail -n 1 <<<"$resumed")" ]

refused() {  # TEXT ARGUMENTS: fails, and says TEXT
    local text=$1
    shift
    if gpt "$@" >/dev/null 2>"$dir/said"; then echo "not refused: $*" >&2; exit 1; fi
    grep -qF -- "$text" "$dir/said" || { echo "$*: expected '$text', got:" >&2; cat "$dir/said" >&2; exit 1; }
}
refused "go on with --steps 20, or begin a run of 40 steps with another file" --steps 40 --seed 3 --resume "$dir/run.safetensors"
refused "--steps wants a whole number from 1 on, not 'abc'" --steps abc
refused "--temperature wants a number from 0 on, not '-1'" --temperature -1
refused "--seed wants a value" --seed
refused "there is no option --tempo" --tempo 3
refused "is a folder with 0 .txt files" --data "$dir"
refused "--prompt: in " --prompt 'the night = 3'
refused "there is no folder" --resume "$dir/nowhere/run.safetensors"

# Greedy, the same every time; from any prompt: one that is longer than the context, of which only the end counts, and none.
written() {  # PROMPT: the 50 characters behind it
    local all
    all=$(gpt --steps 20 --seed 3 --sample 50 --temperature 0 --resume "$dir/run.safetensors" --prompt "$1")
    all=${all#*"$1"}
    echo "${all:0:50}"
}
long=$(printf 'the night %.0s' 1 2 3 4 5)
gpt --steps 20 --seed 3 --sample 1 --resume "$dir/run.safetensors" --prompt "$long" 2>"$dir/said" >/dev/null
grep -q 'the prompt has 50 characters; the last 32 of them are the context' "$dir/said"
[ "$(written "$long")" = "$(written "${long: -32}")" ]
gpt --steps 20 --seed 3 --sample 5 --resume "$dir/run.safetensors" --prompt "" >/dev/null
echo ok
