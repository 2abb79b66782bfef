# Completion of sagegate for bash. What it offers is what --help tells, so that the two cannot differ.

_sagegate()
{
    local current=${COMP_WORDS[COMP_CWORD]} help
    local -a command=("${COMP_WORDS[0]}")

    # The words before this one that are subcommands: "policy eval".
    local i
    for ((i = 1; i < COMP_CWORD && i < 3; i++)); do
        [[ ${COMP_WORDS[i]} == [a-z]* ]] || break
        command+=("${COMP_WORDS[i]}")
    done
    help=$("${command[@]}" --help 2>/dev/null) || help=
    if [[ $current == -* ]]; then
        COMPREPLY=($(compgen -W "$(grep -oE -e '(^| )--[a-z][a-z-]*' <<<"$help")" -- "$current"))
    elif [[ ${#command[@]} == "$COMP_CWORD" ]]; then
        command[0]=sagegate
        COMPREPLY=($(compgen -W "$(sed -nE -e "s/^(usage:|      ) ${command[*]} ([a-z][a-z-]+).*/\2/p" \
            -e '/^Commands:/,/^$/s/^  ([a-z][a-z-]*) .*/\1/p' <<<"$help")" -- "$current"))
    fi
}
complete -o default -F _sagegate sagegate
