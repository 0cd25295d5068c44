# fish completion for mfn, as `mfn completion fish` prints it.

function __mfn_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    set -l lines ($before[1] '[complete]' $before[2..-1] "$current" 2>/dev/null)
    switch "$lines[1]"
        case files
            __mfn_paths __fish_complete_path "$current"
        case folders
            __mfn_paths __fish_complete_directories "$current"
        case '*'
            printf '%s\n' $lines[2..-1]
    end
end

# Completes the path in a word, which --option= may precede.
function __mfn_paths
    set -l option (string match -r '^--[^=]*=' -- "$argv[2]")
    for path in ($argv[1] (string replace -r '^--[^=]*=' '' -- "$argv[2]"))
        echo "$option$path"
    end
end

complete -c mfn -f -k -a '(__mfn_complete)'
