# A program of somebody's own: it takes the orders of the stub's models (see ../stub/script.rs), and asks for a key or a code.

if [ -z "$OWN_KEY" ]; then
    echo 'Open https://sign-in.example/device?of=own in your browser'
    while [ -z "$OWN_KEY" ]; do
        printf 'Code: '
        IFS= read -r OWN_KEY || exit 1
    done
    echo "Welcome, $OWN_KEY"
fi

stopped=
trap 'stopped=yes' INT

# Says some words, five in a second, until it is interrupted.
talk() {
    for number in $(seq "$1"); do
        [ -n "$stopped" ] && break
        printf 'word%s ' "$number"
        sleep 0.2
    done
    echo
}

# Asks before it runs a command.
run() {
    printf 'Shall I run %s?\n  1. Yes\n  2. No\n' "$1"
    IFS= read -rsn1 answer
    case $answer in
    1)
        echo 'Running it.'
        echo "done:$(eval "$1")"
        ;;
    *) echo 'Then not.' ;;
    esac
}

obey() {
    case $1 in
    say:*) echo "I say ${1#say:}" ;;
    slow:*) talk "${1#slow:}" ;;
    run:*) run "${1#run:}" ;;
    limit:*) echo 'You are at your limit; it resets at 11:30pm' ;;
    esac
}

while printf '> ' && IFS= read -r line; do
    stopped=
    case $OWN_KEY in
    no-such-key*) echo 'Refused: the key is not good' ;;
    *) obey "$line" ;;
    esac
done
