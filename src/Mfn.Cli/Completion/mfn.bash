# bash completion for mfn, as `mfn completion bash` prints it.

_mfn() {
    local rest=${COMP_LINE:0:COMP_POINT} words=() word i
    # COMP_WORDS is cut at = and :, within URLs and --option=value too: what stands together belongs together.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        local blanks=${rest%%[![:space:]]*}
        rest=${rest#"$blanks"}
        word=${COMP_WORDS[i]}
        ((i < COMP_CWORD)) || word=$rest
        rest=${rest#"$word"}
        if [[ $i == 0 || -n $blanks || ($i == "$COMP_CWORD" && -z $word && $COMP_POINT -gt 0 && ${COMP_LINE:COMP_POINT-1:1} == [[:space:]]) ]]; then
            words+=("$word")
        else
            words[${#words[@]} - 1]+=$word
        fi
    done
    local current=${words[${#words[@]} - 1]}

    local kind='' value candidates=()
    {
        read -r kind
        while IFS=$'\t' read -r value _; do
            candidates+=("$value")
        done
    } < <("$1" '[complete]' "${words[@]:1}" 2>/dev/null)

    # readline replaces only what follows the last = or :.
    local kept=''
    [[ $current != *[=:]* || $COMP_WORDBREAKS != *[=:]* ]] || kept=${current%"${current##*[=:]}"}

    COMPREPLY=()
    case $kind in
    files | folders)
        local action=-f
        [[ $kind == files ]] || action=-d
        compopt -o filenames 2>/dev/null
        local path=${current#"$kept"}
        [[ $path != '~/'* ]] || path=$HOME${path#'~'}
        while IFS= read -r value; do
            COMPREPLY+=("$value")
        done < <(compgen "$action" -- "$path")
        ;;
    *)
        for value in "${candidates[@]}"; do
            COMPREPLY+=("${value#"$kept"}")
        done
        [[ ${#COMPREPLY[@]} != 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace 2>/dev/null
        ;;
    esac
}

complete -F _mfn mfn
