/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "abi/prov.h"
#include "plugin/priv.h"

/* The first 16 bytes of every descriptor, of every version there will ever be. */
struct frozen {
	uint32_t magic;
	uint16_t abi_major, abi_minor;
	uint32_t size, kind;
};
_Static_assert(sizeof(struct frozen) == PLUGIN_FROZEN, "the frozen part has 16 bytes");
_Static_assert(offsetof(struct signet_plugin, abi_major) == 4 &&
		       offsetof(struct signet_plugin, abi_minor) == 6 &&
		       offsetof(struct signet_plugin, size) == 8 &&
		       offsetof(struct signet_plugin, kind) == 12 &&
		       offsetof(struct signet_plugin, features) == 16,
	       "offsets 0 to 15 never change");

static int check_frozen(const struct frozen *f, enum signet_plugin_kind kind, const char *where,
			struct err *e)
{
	if (f->magic != SIGNET_ABI_MAGIC)
		return ERR(e, ERR_INVALID, "plugin %s: no descriptor of a Signet plugin", where);
	if (f->abi_major != SIGNET_ABI_MAJOR)
		return ERR(e, ERR_INVALID,
			   "plugin %s: made for ABI %u.%u, this is %d.%d: build it again", where,
			   f->abi_major, f->abi_minor, SIGNET_ABI_MAJOR, SIGNET_ABI_MINOR);
	if (f->abi_minor > SIGNET_ABI_MINOR)
		return ERR(e, ERR_INVALID,
			   "plugin %s: made for the newer ABI %u.%u, this is %d.%d: use a newer "
			   "daemon",
			   where, f->abi_major, f->abi_minor, SIGNET_ABI_MAJOR, SIGNET_ABI_MINOR);
	/* An older minor may have had fewer members, never more; the same minor has the same. */
	if (f->size < PLUGIN_SIZE_1_0 || f->size > sizeof(struct signet_plugin) ||
	    (f->abi_minor == SIGNET_ABI_MINOR && f->size != sizeof(struct signet_plugin)))
		return ERR(e, ERR_INVALID, "plugin %s: the descriptor has %u bytes, expected %zu",
			   where, f->size, sizeof(struct signet_plugin));
	if (f->kind != (uint32_t)kind)
		return ERR(e, ERR_INVALID, "plugin %s: is of another kind (%u, expected %u)", where,
			   f->kind, (unsigned)kind);
	return 0;
}

/* Every driver begins with its size. */
static size_t driver_minimum(enum signet_plugin_kind kind)
{
	switch (kind) {
	case SIGNET_PROVISIONER:
		return offsetof(struct signet_prov_driver, describe) + sizeof(void (*)(void));
	case SIGNET_KEY_MANAGER:
	case SIGNET_ACCELERATOR:
		return sizeof(size_t);
	}
	return SIZE_MAX;
}

int plugin_handshake(const void *descriptor, enum signet_plugin_kind kind, const char *where,
		     struct err *e)
{
	const struct signet_plugin *p = descriptor;
	struct frozen f;
	size_t size;

	memcpy(&f, descriptor, sizeof(f));
	if (check_frozen(&f, kind, where, e) < 0)
		return -1;
	if (!p->features || strcmp(p->features, SIGNET_ABI_FEATURES) != 0)
		return ERR(e, ERR_INVALID,
			   "plugin %s: built for another machine word, time_t or sanitizer than %s",
			   where, SIGNET_ABI_FEATURES);
	if (!p->name || !p->name[0] || !p->version || !p->licence || !p->driver)
		return ERR(e, ERR_INVALID, "plugin %s: name, version, licence or driver is missing",
			   where);
	memcpy(&size, p->driver, sizeof(size));
	if (size < driver_minimum(kind))
		return ERR(e, ERR_INVALID,
			   "plugin %s: the driver's table has %zu bytes, at least %zu are needed",
			   where, size, driver_minimum(kind));
	return 0;
}
