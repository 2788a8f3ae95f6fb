/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "base/bug.h"
#include "crypto/priv.h"

/*
 * Global set-up of wolfCrypt and the seam for an accelerator. The driver's table is copied, so that
 * a driver that was built against an older abi (a smaller size) reads as one whose newer functions
 * are NULL. With a driver, one wolfCrypt device is registered; its id goes into every key and
 * cipher object here and into net's contexts.
 */
#define ACCEL_DEVICE 0x53474e54 /* any value but INVALID_DEVID (-2) */

static struct signet_accel_driver driver; /* state: set once by crypto_init, then read only */
static int device = INVALID_DEVID;	  /* state: the same */

int crypto_init(const struct signet_accel_driver *accel, struct err *e)
{
	int rc = wolfCrypt_Init();

	if (rc != 0)
		return ERR(e, ERR_INTERNAL, "crypto: wolfCrypt does not start: %s",
			   wc_GetErrorString(rc));
	if (accel == NULL)
		return 0;
	if (accel->size < sizeof(accel->size)) {
		wolfCrypt_Cleanup();
		return ERR(e, ERR_INVALID, "crypto: the accelerator's table is too small");
	}
	memset(&driver, 0, sizeof(driver));
	memcpy(&driver, accel, accel->size < sizeof(driver) ? accel->size : sizeof(driver));
	rc = wc_CryptoCb_RegisterDevice(ACCEL_DEVICE, accel_on_device, &driver);
	if (rc != 0) {
		wolfCrypt_Cleanup();
		return ERR(e, ERR_INTERNAL, "crypto: cannot register the accelerator: %s",
			   wc_GetErrorString(rc));
	}
	device = ACCEL_DEVICE;
	return 0;
}

void crypto_end(void)
{
	if (device != INVALID_DEVID)
		wc_CryptoCb_UnRegisterDevice(device);
	device = INVALID_DEVID;
	crypto_thread_end();
	wolfCrypt_Cleanup();
}

void crypto_thread_end(void)
{
	wc_ecc_fp_free();
}

int crypto_device(void)
{
	return device;
}

const struct signet_accel_driver *crypto_accel(void)
{
	return device == INVALID_DEVID ? NULL : &driver;
}
