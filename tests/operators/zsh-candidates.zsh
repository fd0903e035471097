# zsh -f zsh-candidates.zsh SCRIPT LINE...: what zsh offers after each line. It completes at a terminal only, so it is given one.
zmodload zsh/zpty
zpty shell zsh -f -i

# Reads until the shell is ready for keys. The marks are written in two parts: the terminal repeats what is typed.
until_ready() {
  local text
  while zpty -r shell text; do
    [[ $text == *'<<'*'>>'* ]] && print -r -- ${${text##*'<<'}%%'>>'*}
    [[ $text == *READY* ]] && return
  done
}

setup=(
  'PROMPT=; autoload -Uz compinit; compinit -u -D'
  "source ${(q)1}"
  'parley() { printf "%s\tsome words\n" aa-1 ab-2 }'
  # What is added to the list of candidates is written, too; not where zsh only asks which of them match.
  'compadd() { local -a all; [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]] || { builtin compadd -O all "$@"; (( $#all )) && print -r -- "<""<$all>>" }; builtin compadd "$@" }'
  'complete-and-clear() { zle complete-word; BUFFER=; zle accept-line }; zle -N complete-and-clear; bindkey "^I" complete-and-clear'
  "zle-line-init() { print REA''DY }; zle -N zle-line-init"
)
zpty -w shell ${(j: ; :)setup}
until_ready
for line in $@[2,-1]; do
  print -r -- "== $line"
  zpty -w -n shell "$line"$'\t'
  until_ready
done
zpty -d shell
