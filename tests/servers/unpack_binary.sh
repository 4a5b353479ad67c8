#!/bin/bash
# Take one program out of one Debian package. Usage: unpack_binary.sh SUITE PACKAGE PROGRAM OUTPUT_FOLDER WORK_FOLDER
set -euo pipefail
SUITE=$1 PACKAGE=$2 PROGRAM=$3 OUT=$4 WORK=$5
. "$(dirname "$0")/apt_private.sh"

use_suite "$SUITE"
unpack "$WORK/root" "$PACKAGE"
mkdir -p "$OUT"
cp "$WORK/root/usr/bin/$PROGRAM" "$OUT/"
"$OUT/$PROGRAM" --version || "$OUT/$PROGRAM" version --client
