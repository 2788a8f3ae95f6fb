/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIGNET_API_API_H
#define SIGNET_API_API_H

#include "ca/ca.h"
#include "http/server.h"

/* The HTTP face that the `step` client speaks (step-api 1). req->app is a struct ca *. */
extern const struct http_route api_routes[];

/*
 * Answers with the status and JSON of step-api 1.3 for *e and logs the detail. The one place
 * where an error becomes HTTP.
 */
void api_error(struct http_req *r, const struct err *e);
void api_reply_json(struct http_req *r, int status, const json_t *v);

#endif
