#!/usr/bin/env bash
# What the published image's entry point does, as far as the checks ask for it: variables or their files, a folder for
# the data, root that becomes postgres, a user that no file knows, the database made once, and the scripts after it.
set -Eeuo pipefail

# from_file NAME DEFAULT: sets NAME from itself, or from the file that NAME_FILE names.
from_file() {
  local file=$1_FILE
  if [ "${!1:-}" ] && [ "${!file:-}" ]; then
    echo "error: both $1 and $file are set (but are exclusive)" >&2
    exit 1
  fi
  if [ "${!file:-}" ]; then
    export "$1=$(<"${!file}")"
  else
    export "$1=${!1:-$2}"
  fi
  unset "$file"
}

make_folders() {
  mkdir -p "$PGDATA"
  chmod 700 "$PGDATA" || :
  mkdir -p /var/run/postgresql || :
  chmod 3777 /var/run/postgresql || :
  if [ "$(id -u)" = 0 ]; then
    find "$PGDATA" /var/run/postgresql \! -user postgres -exec chown postgres '{}' +
  fi
}

# initdb asks for its user's name.
with_a_name() {
  if getent passwd "$(id -u)" >/dev/null; then
    "$@"
    return
  fi
  local names groups
  names=$(mktemp)
  groups=$(mktemp)
  echo "postgres:x:$(id -u):$(id -g):PostgreSQL:$PGDATA:/bin/false" >"$names"
  echo "postgres:x:$(id -g):" >"$groups"
  NSS_WRAPPER_PASSWD=$names NSS_WRAPPER_GROUP=$groups LD_PRELOAD=libnss_wrapper.so "$@"
  rm -f "$names" "$groups"
}

make_database() {
  if [ -z "$POSTGRES_PASSWORD" ] && [ "$POSTGRES_HOST_AUTH_METHOD" != trust ]; then
    echo 'Error: Database is uninitialized and superuser password is not specified.' >&2
    exit 1
  fi
  local arguments
  eval "arguments=($POSTGRES_INITDB_ARGS)"
  with_a_name initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") "${arguments[@]}"
  printf '\nhost all all all %s\n' "${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" >>"$PGDATA/pg_hba.conf"

  PGUSER=$POSTGRES_USER pg_ctl -D "$PGDATA" -o "-c listen_addresses='' -p 5432" -w start
  export PGHOST='' PGHOSTADDR='' PGPASSWORD=$POSTGRES_PASSWORD
  local ask=(psql -v ON_ERROR_STOP=1 --no-psqlrc --username "$POSTGRES_USER" --no-password)
  if [ "$POSTGRES_DB" != postgres ]; then
    "${ask[@]}" --dbname postgres --set db="$POSTGRES_DB" <<<'CREATE DATABASE :"db" ;'
  fi
  local script
  for script in /docker-entrypoint-initdb.d/*; do
    case $script in
      *.sh) bash "$script" ;;
      *.sql) "${ask[@]}" --dbname "$POSTGRES_DB" -f "$script" ;;
      *.sql.gz) gunzip -c "$script" | "${ask[@]}" --dbname "$POSTGRES_DB" ;;
    esac
  done
  PGUSER=$POSTGRES_USER pg_ctl -D "$PGDATA" -m fast -w stop
  unset PGHOST PGHOSTADDR PGPASSWORD
}

if [ "${1:0:1}" = - ]; then
  set -- postgres "$@"
fi
if [ "$1" = postgres ]; then
  make_folders
  if [ "$(id -u)" = 0 ]; then
    exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
  fi
  from_file POSTGRES_PASSWORD ''
  from_file POSTGRES_USER postgres
  from_file POSTGRES_DB "$POSTGRES_USER"
  from_file POSTGRES_INITDB_ARGS ''
  : "${POSTGRES_HOST_AUTH_METHOD:=}"
  if [ ! -s "$PGDATA/PG_VERSION" ]; then
    make_database
    echo 'PostgreSQL init process complete; ready for start up.'
  fi
fi
exec "$@"
