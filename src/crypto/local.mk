# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += src/crypto/libcrypto.a
src_crypto_libcrypto_a_SOURCES = \
	src/crypto/accel.c \
	src/crypto/aead.c \
	src/crypto/alg.c \
	src/crypto/crypto.h \
	src/crypto/ecdh.c \
	src/crypto/hash.c \
	src/crypto/init.c \
	src/crypto/kdf.c \
	src/crypto/key.c \
	src/crypto/key.h \
	src/crypto/key_file.c \
	src/crypto/key_gen.c \
	src/crypto/key_parts.c \
	src/crypto/key_pbes2.c \
	src/crypto/key_pkcs8.c \
	src/crypto/key_rsa.c \
	src/crypto/key_spki.c \
	src/crypto/priv.h \
	src/crypto/rand.c \
	src/crypto/sig.c \
	src/crypto/sig_rsa.c \
	src/crypto/weak.c \
	src/crypto/wolf.h
