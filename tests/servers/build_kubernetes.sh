#!/bin/bash
# Build kube-apiserver and kube-controller-manager 1.20.2 from Debian 12's source package `kubernetes`, the newest that has them.
# Usage: build_kubernetes.sh OUTPUT_FOLDER WORK_FOLDER    About 8 CPU minutes and 2 GB of disk while it builds.
set -euo pipefail
OUT=$1 WORK=$2
. "$(dirname "$0")/apt_private.sh"

VERSION=1.20.2
KUBERNETES=$WORK/gopath/src/k8s.io/kubernetes
mkdir -p "$OUT" "$KUBERNETES" "$WORK/source"

use_suite bookworm deb-src
(cd "$WORK/source" && "${APT[@]}" source --download-only kubernetes)
tar xzf "$WORK"/source/kubernetes_*.orig.tar.gz -C "$KUBERNETES" --strip-components=1
unpack "$WORK/go" golang-1.19-go golang-1.19-src
unpack "$WORK/reflect2" golang-github-modern-go-reflect2-dev

# The vendored reflect2 1.0.1 crashes the whole server under Go >= 1.18 on the first custom resource; Debian's is newer.
REFLECT2=$KUBERNETES/vendor/github.com/modern-go/reflect2
rm -f "$REFLECT2"/*.go "$REFLECT2"/*.s
cp "$WORK"/reflect2/usr/share/gocode/src/github.com/modern-go/reflect2/*.{go,s} "$REFLECT2/"

export GOROOT=$WORK/go/usr/lib/go-1.19 GOPATH=$WORK/gopath GOCACHE=$WORK/gocache GOTMPDIR=$WORK
export GO111MODULE=off GOFLAGS= CGO_ENABLED=0 PATH=$WORK/go/usr/lib/go-1.19/bin:$PATH
cd "$KUBERNETES"

# The one generated file that the tarball lacks; the packages are those with the marker, as in the project's own Makefile.
go build -o "$WORK/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
rooms=$(find vendor/k8s.io -mindepth 1 -maxdepth 1 ! -name code-generator ! -name sample-apiserver)
marked=$(grep -rl --include='*.go' '+k8s:openapi-gen=' cmd pkg plugin $(echo "$rooms" | sed 's#$#/#') |
    xargs -n1 dirname | LC_ALL=C sort -u | sed 's#^#k8s.io/kubernetes/#' | paste -sd,)
"$WORK/openapi-gen" --logtostderr -i "$marked" -p k8s.io/kubernetes/pkg/generated/openapi -O zz_generated.openapi \
    -h vendor/k8s.io/code-generator/hack/boilerplate.go.txt -r /dev/null

# --version reads one variable, /version the other. `providerless` leaves out the cloud SDKs: a third less to compile.
flags="-s -w"
for package in component-base/version client-go/pkg/version; do
    variable=k8s.io/kubernetes/vendor/k8s.io/$package
    flags="$flags -X $variable.gitVersion=v$VERSION -X $variable.gitMajor=1 -X $variable.gitMinor=20"
done
go build -tags providerless -gcflags=all=-dwarf=false -ldflags "$flags" -o "$OUT/" ./cmd/kube-apiserver ./cmd/kube-controller-manager
