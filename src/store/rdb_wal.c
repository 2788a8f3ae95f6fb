/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/driver.h"

#include <dirent.h>
#include <fcntl.h>

/*
 * rdb_wal.c - the torn end that RocksDB does not recognise.
 *
 * A power loss during a write can leave a log of the new length whose last sectors were never
 * written: they read as zeros. The record that runs into them was never answered, yet RocksDB takes
 * its checksum for damage and refuses to open. Here the last log is read as RocksDB lays it out
 * (blocks of 32 KiB; records of checksum, length, type and data; long ones in fragments), and cut
 * before the first record that is broken - only when that record reaches into zeros which begin at
 * a border of sectors and go on to the file's end. A flipped byte anywhere, the last record
 * included, is left for a person.
 */
#define BLOCK	   32768U
#define HEADER	   7U
#define SECTOR	   512U
#define WAL_MAX	   (UINT64_C(1) << 30)
#define MASK_DELTA 0xa282ead8U

enum { REC_ZERO, REC_FULL, REC_FIRST, REC_MIDDLE, REC_LAST };

static uint32_t crc32c(struct str s)
{
	uint32_t table[256], crc = 0xffffffffU;

	for (uint32_t i = 0; i < 256; i++) {
		uint32_t v = i;

		for (int bit = 0; bit < 8; bit++)
			v = v & 1 ? v >> 1 ^ 0x82f63b78U : v >> 1;
		table[i] = v;
	}
	for (size_t i = 0; i < s.n; i++)
		crc = table[(crc ^ (unsigned char)s.p[i]) & 0xff] ^ crc >> 8;
	return ~crc;
}

static uint32_t le32(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return (uint32_t)u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 | (uint32_t)u[3] << 24;
}

/* First broken record: where the logical record begins, and where the broken fragment would end. */
struct broken {
	size_t begin, end;
};

static bool record_ok(struct str log, size_t at, size_t len)
{
	uint32_t crc = crc32c(str_mem(log.p + at + 6, len + 1)); /* type and data */

	return le32(log.p + at) == (crc >> 15 | crc << 17) + MASK_DELTA;
}

/* false: no broken record, or the file ends within one (which RocksDB handles). */
static bool find_broken(struct str log, struct broken *out)
{
	size_t at = 0, begin = 0;
	bool inside = false;

	while (at + HEADER <= log.n) {
		size_t left = BLOCK - at % BLOCK;
		size_t len;
		unsigned type;

		if (left < HEADER) {
			at += left;
			continue;
		}
		len = (unsigned char)log.p[at + 4] | (size_t)(unsigned char)log.p[at + 5] << 8;
		type = (unsigned char)log.p[at + 6];
		if (!inside)
			begin = at;
		*out = (struct broken){.begin = begin, .end = at + HEADER + len};
		if (HEADER + len > left || type < REC_FULL || type > REC_LAST)
			return true;
		if (out->end > log.n)
			return false;
		if (!record_ok(log, at, len))
			return true;
		inside = type == REC_FIRST || type == REC_MIDDLE;
		at = out->end;
	}
	return false;
}

/* Where to cut, or log.n when the damage is not a torn end. */
static size_t torn_at(struct str log)
{
	struct broken b;
	size_t zeros = log.n;

	if (!find_broken(log, &b))
		return log.n;
	while (zeros > b.begin && log.p[zeros - 1] == 0)
		zeros--;
	zeros = (zeros + SECTOR - 1) / SECTOR * SECTOR;
	return zeros < log.n && zeros < b.end ? b.begin : log.n;
}

static int cut(const char *file, size_t at, struct err *e)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC), rc = 0;

	if (fd < 0)
		return err_errno(e, errno, "%s", file);
	if (ftruncate(fd, (off_t)at) != 0 || fsync(fd) != 0)
		rc = err_errno(e, errno, "%s", file);
	close(fd);
	return rc;
}

/* NNNNNN.log with the highest number; caller frees. NULL when there is none. */
static char *last_log(const char *path)
{
	DIR *d = opendir(path);
	const struct dirent *entry;
	uint64_t best = 0, n;
	char *name = NULL, *file;

	if (!d)
		return NULL;
	while ((entry = readdir(d))) {
		struct str s = str_c(entry->d_name);

		if (!str_ends(s, ".log") || !str_u64(str_mem(s.p, s.n - 4), &n) ||
		    (name && n < best))
			continue;
		mem_free(name);
		name = mem_strdup(entry->d_name);
		best = n;
	}
	closedir(d);
	if (!name)
		return NULL;
	file = file_join(path, name);
	mem_free(name);
	return file;
}

int rdb_wal_repair(const char *path, struct err *e)
{
	char *file = last_log(path);
	struct buf log = BUF_INIT;
	int rc = 0;

	if (!file)
		return 0;
	if (file_read(file, WAL_MAX, &log, e) != 0) {
		rc = -1;
	} else {
		size_t at = torn_at(buf_view(&log));

		if (at < log.n) {
			rc = cut(file, at, e) == 0 ? 1 : -1;
			log_warn("store.torn_end_cut", F_C("file", file), F_U("at", at),
				 F_U("bytes", log.n - at));
		}
	}
	if (rc < 0)
		(void)err_wrap(e, "store");
	buf_release(&log);
	mem_free(file);
	return rc;
}
