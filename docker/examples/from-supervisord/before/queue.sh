#!/bin/sh
# Stands for a worker that takes jobs from a queue. $1 is its number.
trap 'exit 0' TERM
echo "worker $1 serves the queue $QUEUE"
while :; do
  sleep 1 &
  wait $!
done
