#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes the certificates of t/unit/test_net_tls.c, valid from 2020 to 2120. Run in this folder; needs openssl 3.
#
#   root ── inter ─┬─ server, server2           (P-256, server authentication)
#                  ├─ ed25519 p256 p384 p521 rsa big   (client authentication; big: a leaf of over 3 KB)
#                  ├─ expired                   (ended in 2021)
#                  ├─ serveronly, noeku         (wrong and no extended key usage)
#   other ─ stranger                            (a CA that nobody here trusts)
set -eu
umask 077
FROM=20200101000000Z
TO=21200101000000Z
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

key() { # name, openssl genpkey arguments
	name=$1
	shift
	openssl genpkey "$@" -out "$name.key" 2>/dev/null
}
ec() {
	key "$1" -algorithm EC -pkeyopt "ec_paramgen_curve:$2" -pkeyopt ec_param_enc:named_curve
}
# `openssl x509` cannot backdate, `openssl ca` can.
: >"$WORK/index"
echo unique_subject=no >"$WORK/index.attr"
cat >"$WORK/ca.cnf" <<X
[ca]
default_ca=c
[c]
database=$WORK/index
new_certs_dir=$WORK
default_md=sha256
policy=p
rand_serial=yes
[p]
commonName=supplied
X
issue() { # name, CN, issuer (or the name itself), extensions file, [start, end]
	openssl req -new -key "$1.key" -subj "/CN=$2" -out "$WORK/$1.csr"
	if [ "$1" = "$3" ]; then
		signer="-selfsign -keyfile $1.key"
	else
		signer="-cert $3.crt -keyfile $3.key"
	fi
	# shellcheck disable=SC2086
	openssl ca -batch -notext -config "$WORK/ca.cnf" $signer -in "$WORK/$1.csr" -startdate "${5:-$FROM}" \
		-enddate "${6:-$TO}" -extfile "$4" -out "$1.crt" 2>"$WORK/log" || { cat "$WORK/log" >&2; exit 1; }
}

cat >"$WORK/ca" <<X
basicConstraints=critical,CA:true,pathlen:0
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
X
cat >"$WORK/root" <<X
basicConstraints=critical,CA:true
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
X
cat >"$WORK/server" <<X
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
subjectAltName=DNS:localhost,IP:127.0.0.1
authorityKeyIdentifier=keyid
X
cat >"$WORK/client" <<X
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth,clientAuth
subjectAltName=DNS:client.example
authorityKeyIdentifier=keyid
X
cat >"$WORK/serveronly" <<X
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
authorityKeyIdentifier=keyid
X
cat >"$WORK/noeku" <<X
keyUsage=critical,digitalSignature
authorityKeyIdentifier=keyid
X
{
	sed '/subjectAltName/d' "$WORK/client"
	printf 'subjectAltName=DNS:client.example'
	i=0
	while [ $i -lt 80 ]; do
		printf ',DNS:a-rather-long-name-%03d.clients.example.com' $i
		i=$((i + 1))
	done
	echo
} >"$WORK/big"

ec root P-256
issue root "Test Root" root "$WORK/root"
ec inter P-256
issue inter "Test Intermediate" root "$WORK/ca"
for n in server server2; do
	ec $n P-256
	issue $n localhost inter "$WORK/server"
	cat $n.crt inter.crt >$n.chain
done
key ed25519 -algorithm ED25519
ec p256 P-256
ec p384 P-384
ec p521 P-521
key rsa -algorithm RSA -pkeyopt rsa_keygen_bits:2048
for n in ed25519 p256 p384 p521 rsa; do
	issue $n $n.example inter "$WORK/client"
done
for n in big serveronly noeku; do
	ec $n P-256
	issue $n $n.example inter "$WORK/$n"
done

ec expired P-256
issue expired expired.example inter "$WORK/client" 20200101000000Z 20210101000000Z

ec other P-256
issue other "Other Root" other "$WORK/root"
ec stranger P-256
issue stranger stranger.example other "$WORK/client"

for n in *.key; do
	case $n in
	root.key | inter.key | other.key) rm "$n" ;;
	esac
done
cat root.crt inter.crt >roots.pem
chmod 644 ./*
chmod 755 make.sh
