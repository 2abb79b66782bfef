# Completion of sagegate for fish. What it offers is what --help tells, so that the two cannot differ.

# The words so far that are subcommands, with the program: "sagegate policy eval".
function __sagegate_words
    set -l words (commandline -opc)
    echo $words[1]
    for word in $words[2..3]
        string match -qr '^[a-z]' -- $word; or break
        echo $word
    end
end

function __sagegate_help
    set -l command (__sagegate_words)
    $command --help 2>/dev/null
end

function __sagegate_commands
    set -l command (__sagegate_words)
    test (count $command) = (count (commandline -opc)); or return
    set command[1] sagegate
    __sagegate_help | string replace -rf "^(?:usage:|      ) $command ([a-z][a-z-]+).*" '$1'
    __sagegate_help | sed -n '/^Commands:/,/^$/p' | string replace -rf '^  ([a-z][a-z-]*) +(.*)' '$1\t$2'
end

function __sagegate_options
    __sagegate_help | grep -oE -e '(^| )--[a-z][a-z-]*' | string trim | sort -u
end

complete -c sagegate -a '(__sagegate_commands)'
complete -c sagegate -n 'string match -q -- "-*" (commandline -ct)' -f -a '(__sagegate_options)'
