#!/bin/sh
# The programs that run in the measured terminals, the same for every product.
#
# Owns what each does. Must not know who shows it. Usage: program.sh NAME CORPUS_FOLDER
name=$1
corpus=$2

wait_for_somebody() {
    stty -echo
    printf '@@READY@@\n'
    read -r line
    stty echo
}

case $name in
choose) # For servers that start one fixed command: the first line typed names the program.
    stty -echo
    printf '@@CHOOSE@@\r\n'
    read -r name
    exec sh "$0" "$name" "$corpus"
    ;;
flood) # Each line `FILE NUMBER` is answered with the file and a mark of its end.
    stty -echo
    printf '@@READY@@\n'
    while read -r file number; do
        cat "$corpus/$file"
        printf '\033[m@@END-%s@@\n' "$number"
    done
    ;;
echo)
    stty raw -echo
    printf '@@READY@@\r\n'
    exec cat
    ;;
idle)
    printf '@@READY@@\n'
    exec sleep 600
    ;;
short | small | updates) # These, vim and less begin with the first line typed, so that somebody is there from the start.
    wait_for_somebody
    cat "$corpus/$name.bin"
    exec sleep 600
    ;;
vim)
    wait_for_somebody
    exec vim -u NONE -i NONE -n -N --cmd 'syntax on' --cmd 'set number mouse=a' "$corpus/source.c"
    ;;
less)
    wait_for_somebody
    cat "$corpus/log.bin"
    exec less -R "$corpus/log.bin"
    ;;
*)
    echo "no program $name" >&2
    exit 2
    ;;
esac
