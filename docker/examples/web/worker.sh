#!/bin/sh
# In place of cron, which wants to be root and keeps its output to itself: does the job, sleeps, does it again.
# A job that fails ends the worker; taskmaster starts it anew, a little later each time.
set -eu
trap 'exit 0' TERM

while :; do
  python3 -c 'from urllib.request import urlopen; print(urlopen("http://127.0.0.1:8000/report").read().decode(), end="")'
  # In the background: a shell hears signals while it waits, not while a program runs.
  sleep "$EVERY_SECONDS" &
  wait $!
done
