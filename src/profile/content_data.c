/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include "profile/content_types.h"

/*
 * content_data.c - the variables of X.509 templates.
 *
 * Order decides which of two of one name stands: names and token, then the operator's data, which
 * may replace them, then what only the request or the server can say.
 */

static const struct tv_type type_data = {
	.name = "x509util.TemplateData", .kind = TV_MAP, .elem = &tv_type_any};

static struct tv subject(const struct content_input *in, struct arena *a)
{
	struct content_name *n = ARENA_NEW(a, struct content_name);

	n->common_name = in->common_name;
	return content_tv_subject(n);
}

static struct tv insecure(const struct content_input *in, struct arena *a)
{
	struct tv v = tv_map_new(a, &type_data, 2);

	if (in->csr != NULL)
		tv_map_set(v.map, STR("CR"), content_tv_request(in, a));
	if (in->user != NULL)
		tv_map_set(v.map, STR("User"), tv_from_json(in->user, a));
	return v;
}

static void add_data(struct tv_map *m, const json_t *data, struct arena *a)
{
	struct tv v;

	if (!json_is_object(data))
		return;
	v = tv_from_json(data, a);
	for (size_t i = 0; i < tv_count(v); i++)
		tv_map_set(m, v.map->entries[i].key, v.map->entries[i].value);
}

struct tv content_vars(const struct content_input *in, struct arena *a)
{
	struct tv v = tv_map_new(a, &type_data, 12);
	struct tv_map *m = v.map;

	if (in->authorization != NULL)
		tv_map_set(m, STR("AuthorizationCrt"), content_tv_cert(in->authorization, a));
	if (in->sans != NULL)
		tv_map_set(m, STR("SANs"), content_tv_asked(in->sans, a));
	tv_map_set(m, STR("Subject"), subject(in, a));
	if (in->token != NULL)
		tv_map_set(m, STR("Token"), tv_from_json(in->token, a));
	add_data(m, in->data, a);
	tv_map_set(m, STR("Insecure"), insecure(in, a));
	if (in->webhooks != NULL)
		tv_map_set(m, STR("Webhooks"), tv_from_json(in->webhooks, a));
	if (in->inventory != NULL)
		tv_map_set(m, STR("Inventory"), tv_from_json(in->inventory, a));
	if (in->endpoint.n > 0)
		tv_map_set(m, STR("Endpoint"), tv_str(in->endpoint));
	tv_map_set(m, STR("Now"), tv_time(a, in->now, 0));
	return v;
}
