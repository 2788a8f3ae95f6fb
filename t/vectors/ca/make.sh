#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes the CA that tests start quickly: keys without a password, certificates good for a century. Its output is committed.
set -eu
cd "$(dirname "$0")"
openssl ecparam -name prime256v1 -genkey -noout -out root.key
openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out intermediate.key
openssl req -x509 -new -key root.key -days 36500 -subj "/O=Test/CN=Test Root CA" -out root.crt \
	-addext basicConstraints=critical,CA:true,pathlen:1 -addext keyUsage=critical,keyCertSign,cRLSign
openssl req -new -key intermediate.key -subj "/O=Test/CN=Test Intermediate CA" -out intermediate.csr
cat >ext <<'EOF'
basicConstraints=critical,CA:true,pathlen:0
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
EOF
openssl x509 -req -in intermediate.csr -CA root.crt -CAkey root.key -days 36499 -extfile ext -out intermediate.crt
openssl ecparam -name prime256v1 -genkey -noout -out other.key
openssl req -x509 -new -key other.key -days 36500 -subj "/O=Other/CN=Other Root CA" -out other.crt \
	-addext basicConstraints=critical,CA:true -addext keyUsage=critical,keyCertSign,cRLSign
openssl ecparam -name prime256v1 -genkey -noout -out provisioner.key
openssl ecparam -name prime256v1 -genkey -noout -out second.key
rm -f intermediate.csr ext
