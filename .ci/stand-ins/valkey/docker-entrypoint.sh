#!/bin/sh
# As the published image's entry point: options alone are the server's, root becomes valkey, what is written is its own.
set -eu
if [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then
  set -- valkey-server "$@"
fi
if [ "$1" = valkey-server ] && [ "$(id -u)" = 0 ]; then
  find . \! -user valkey -exec chown valkey '{}' +
  exec setpriv --reuid=valkey --regid=valkey --clear-groups -- "$0" "$@"
fi
if [ "$(umask)" = 0022 ]; then
  umask 0077
fi
# shellcheck disable=SC2086 # more arguments, as the published one takes them
exec "$@" ${VALKEY_EXTRA_FLAGS:-}
