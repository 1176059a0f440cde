#!/bin/sh
# Makes the files that docker-compose.yml and the systemd units read passwords from. What is there already stays.
#
#   deploy/make-secrets.sh [--rabbitmq] [--host HOST] [--smtp smtp://user:password@host:587] [FOLDER]
#
# --host: where PostgreSQL and the broker are, if not in the containers of docker-compose.yml. FOLDER: secrets.
set -eu
umask 077
folder=secrets postgres=postgres redis=redis rabbit=rabbitmq broker=redis smtp=smtp://mail:1025
while [ $# -gt 0 ]; do
  case "$1" in
    --rabbitmq) broker=rabbitmq ;;
    --host) postgres=$2 redis=$2 rabbit=$2; shift ;;
    --smtp) smtp=$2; shift ;;
    -*) sed -n 's/^# \{0,1\}//p' "$0" | sed 1d; exit 2 ;;
    *) folder=$1 ;;
  esac
  shift
done

random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

keep() {
  if [ ! -e "$folder/$1" ]; then
    printf '%s\n' "$2" > "$folder/$1"
    # Readable inside containers, where the user is another one; outside, the folder keeps others away.
    chmod 644 "$folder/$1"
    echo "made $folder/$1"
  fi
}

mkdir -p "$folder"
chmod 700 "$folder"
keep secret "$(random)"
keep postgres_password "$(random)"
for service in signup sessions notifications blog; do
  keep "${service}_database_url" "postgresql://baton_$service:$(random)@$postgres:5432/baton_$service"
done
if [ "$broker" = rabbitmq ]; then
  keep broker_url "amqp://baton:$(random)@$rabbit:5672//"
else
  keep broker_url "redis://:$(random)@$redis:6379/0"
fi
keep smtp_url "$smtp"
