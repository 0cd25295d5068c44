#compdef mfn
# zsh completion for mfn, as `mfn completion zsh` prints it.

_mfn() {
    local -a lines candidates
    local line kind
    lines=("${(@f)$("${(Q)words[1]}" '[complete]' "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
    kind=${lines[1]}
    shift lines

    # The value of --option=value is completed alone.
    if [[ $PREFIX == --*=* ]]; then
        compset -P '*='
    fi

    case $kind in
    files) _files ;;
    folders) _files -/ ;;
    *)
        for line in $lines; do
            # What follows the first colon is the description, for _describe.
            local value=${line%%$'\t'*} text=${line#*$'\t'}
            [[ -z $IPREFIX ]] || value=${value#"$IPREFIX"}
            candidates+=("${value//:/\\:}${text:+:$text}")
        done
        ((${#candidates})) && _describe -V mfn candidates
        ;;
    esac
}

# As a file in $fpath it is the function itself; read with `source` it has to be registered.
if [[ ${funcstack[1]} == _mfn ]]; then
    _mfn "$@"
else
    compdef _mfn mfn
fi
