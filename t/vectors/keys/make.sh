#!/bin/sh
# Makes the key files of this folder anew with openssl and certtool. Run in an empty folder; the results are committed.
# The KEY-step*.pem were made from KEY.pem with pemutil.Serialize of go.step.sm/crypto 0.82, which is what the step command writes with.
# Passwords: "correct horse". Names: KEY.pem is PKCS#8, KEY.pub.pem its public half, KEY-FORM.pem other forms of it.
set -e
pw="correct horse"
printf 'the message that is signed\n' >message
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out p256.pem
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out p384.pem
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out p521.pem
openssl genpkey -algorithm ED25519 -out ed25519.pem
openssl genpkey -algorithm X25519 -out x25519.pem
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa2048.pem
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out rsa3072.pem
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:4096 -out rsa4096.pem
for k in p256 p384 p521 ed25519 x25519 rsa2048 rsa3072 rsa4096; do
	openssl pkey -in $k.pem -pubout -out $k.pub.pem
done
# traditional forms, plain and with DEK-Info
for k in p256 p384 p521; do
	openssl ec -in $k.pem -out $k-sec1.pem
	openssl ec -in $k.pem -aes256 -passout "pass:$pw" -out $k-dek-aes256.pem
done
openssl ecparam -name prime256v1 -out params && cat params p256-sec1.pem >p256-params.pem && rm params
openssl ec -in p256.pem -no_public -out p256-nopub.pem
openssl rsa -in rsa2048.pem -traditional -out rsa2048-pkcs1.pem
for c in aes128 aes192 aes256 des3; do
	openssl rsa -in rsa2048.pem -traditional -$c -passout "pass:$pw" -out rsa2048-dek-$c.pem
	openssl ec -in p256.pem -$c -passout "pass:$pw" -out p256-dek-$c.pem
done
# PBES2
for prf in hmacWithSHA1 hmacWithSHA256 hmacWithSHA384 hmacWithSHA512; do
	openssl pkcs8 -topk8 -in p256.pem -v2 aes-256-cbc -v2prf $prf -iter 2048 -passout "pass:$pw" -out p256-pbes2-$prf.pem
done
for c in aes-128-cbc aes-192-cbc des-ede3-cbc; do
	openssl pkcs8 -topk8 -in rsa2048.pem -v2 $c -iter 2048 -passout "pass:$pw" -out rsa2048-pbes2-$c.pem
done
openssl pkcs8 -topk8 -in ed25519.pem -scrypt -passout "pass:$pw" -out ed25519-scrypt.pem
openssl pkcs8 -topk8 -in p384.pem -scrypt -scrypt_N 1024 -scrypt_r 8 -scrypt_p 2 -passout "pass:$pw" -out p384-scrypt.pem
certtool --to-p8 --load-privkey p256.pem --pkcs-cipher=aes-256 --password "$pw" --outfile p256-certtool-aes256.pem
certtool --to-p8 --load-privkey rsa2048.pem --pkcs-cipher=3des --password "$pw" --outfile rsa2048-certtool-3des.pem
certtool --to-p8 --load-privkey ed25519.pem --pkcs-cipher=aes-128 --password "$pw" --outfile ed25519-certtool-aes128.pem
# what is refused
openssl genrsa -out bad-rsa1024.pem 1024
openssl rsa -in bad-rsa1024.pem -pubout -out bad-rsa1024.pub.pem
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3 -out bad-rsa-e3.pem
openssl rsa -in bad-rsa-e3.pem -pubout -out bad-rsa-e3.pub.pem
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_primes:3 -out bad-rsa-3primes.pem
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:4608 -out bad-rsa4608.pem
openssl pkey -in bad-rsa4608.pem -pubout -out bad-rsa4608.pub.pem
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp224r1 -out bad-p224.pem
openssl pkey -in bad-p224.pem -pubout -out bad-p224.pub.pem
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1 -out bad-k256.pem
openssl pkey -in bad-k256.pem -pubout -out bad-k256.pub.pem
openssl genpkey -algorithm ED448 -out bad-ed448.pem
openssl pkey -in bad-ed448.pem -pubout -out bad-ed448.pub.pem
openssl ec -in p256.pem -conv_form compressed -pubout -out bad-compressed.pub.pem
openssl ec -in p256.pem -param_enc explicit -pubout -out bad-explicit.pub.pem
openssl pkcs8 -topk8 -in p256.pem -v1 PBE-SHA1-3DES -passout "pass:$pw" -out bad-pbes1.pem
openssl dsaparam -genkey 1024 2>/dev/null | openssl dsa -pubout -out bad-dsa.pub.pem
openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out tmp.pem
openssl pkey -in tmp.pem -pubout -out bad-rsapss.pub.pem && rm tmp.pem
# signatures over `message`
for h in sha256 sha384 sha512; do
	openssl dgst -$h -sign p256.pem -out p256-$h.sig message
	openssl dgst -$h -sign rsa2048.pem -out rsa2048-$h.sig message
	openssl dgst -$h -sign rsa2048.pem -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest -out rsa2048-pss-$h.sig message
done
openssl dgst -sha384 -sign p384.pem -out p384-sha384.sig message
openssl dgst -sha512 -sign p521.pem -out p521-sha512.sig message
openssl dgst -sha256 -sign rsa3072.pem -out rsa3072-sha256.sig message
openssl dgst -sha256 -sign rsa4096.pem -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest -out rsa4096-pss-sha256.sig message
openssl dgst -sha256 -sign rsa2048.pem -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:20 -out bad-rsa2048-pss-salt20.sig message
openssl pkeyutl -sign -rawin -inkey ed25519.pem -in message -out ed25519.sig
# key agreement with a second key each
for c in P-256 P-384 P-521; do
	n=p${c#P-}
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:$c -out tmp.pem
	openssl pkey -in tmp.pem -pubout -out $n-peer.pub.pem
	openssl pkeyutl -derive -inkey tmp.pem -peerkey $n.pub.pem -out $n.ecdh
done
openssl genpkey -algorithm X25519 -out tmp.pem
openssl pkey -in tmp.pem -pubout -out x25519-peer.pub.pem
openssl pkeyutl -derive -inkey tmp.pem -peerkey x25519.pub.pem -out x25519.ecdh
rm tmp.pem
