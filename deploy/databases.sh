#!/bin/sh
# A role and a database for each service, so that none can read another's. Run it as often as you like: what is there
# stays, but for passwords, which become those in the files. The postgres image runs it when it makes its data folder;
# elsewhere run it as PostgreSQL's superuser: sudo -u postgres SECRETS=/etc/baton/secrets deploy/databases.sh
#
# $SECRETS/<service>_database_url: postgresql://role:password@host:port/database, the file that Baton reads too.
(
  set -eu
  for service in signup sessions notifications blog; do
    file="${SECRETS:-/run/secrets}/${service}_database_url"
    url=$(cat "$file")
    rest=${url#*://}
    login=${rest%@*}
    ROLE=${login%%:*}
    PASSWORD=${login#*:}
    DATABASE=${rest##*/}
    DATABASE=${DATABASE%%\?*}
    case "$url" in
      *%*) echo "$file: write the password without %: letters and digits are enough" >&2; exit 1 ;;
      postgresql://?*:?*@?*/?*) ;;
      *) echo "$file: write postgresql://role:password@host:port/database" >&2; exit 1 ;;
    esac
    export ROLE PASSWORD DATABASE
    # By \getenv, so that no password is in the list of processes.
    psql --no-psqlrc --quiet -v ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\getenv role ROLE
\getenv password PASSWORD
\getenv database DATABASE
SELECT format('CREATE ROLE %I LOGIN', :'role')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
SELECT format('ALTER ROLE %I PASSWORD %L', :'role', :'password') \gexec
SELECT format('CREATE DATABASE %I OWNER %I ENCODING ''UTF8'' TEMPLATE template0', :'database', :'role')
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
SQL
    echo "database $DATABASE is there, and its owner $ROLE"
  done
)
