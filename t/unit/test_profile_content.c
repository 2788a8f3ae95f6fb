/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/compat.h"

#include <setjmp.h>
#include <cmocka.h>

#include "base/clock.h"
#include "codec/json.h"
#include "profile/content_priv.h"
#include "profile/lint.h"
#include "x509_util.h"

/*
 * Certificate content by template: variables, the JSON that is read, what comes out. That it is
 * what step makes, byte for byte, the vectors prove (t/10-templates.t); here is what is Signet's
 * own, and the rules one by one.
 */

struct world {
	struct arena *a;
	struct key *key;
	struct cert issuer;
	struct csr csr;
	struct san_list names;
	struct content_input in;
	struct buf der;
};

static void build(struct world *w)
{
	static struct san items[2]; /* state: filled below, the same each time */
	struct err e = ERR_INIT;
	struct name cn;

	*w = (struct world){.a = arena_new()};
	t_cert(w->a, "step-inter.pem", &w->issuer);
	w->key = key_generate(KEY_P256, 0, &e);
	assert_non_null(w->key);
	items[0] = t_san(SAN_IP, "\x0a\x01\x02\x03");
	items[1] = t_san(SAN_DNS, "www.example.com");
	w->names = (struct san_list){items, 2};
	cn = name_from_cn(STR("www.example.com"), w->a);
	assert_int_equal(csr_build(w->key, &cn, &w->names, &w->der, &e), 0);
	assert_int_equal(csr_parse(buf_view(&w->der), w->a, &w->csr, &e), 0);
	w->in = (struct content_input){
		.common_name = STR("www.example.com"),
		.sans = &w->names,
		.csr = &w->csr,
		.subject_key = w->key,
		.now = T_NOW,
	};
}

static void drop(struct world *w)
{
	buf_release(&w->der);
	key_free(w->key);
	arena_free(w->a);
}

static int run(struct world *w, const char *text, struct profile_fields *f, struct buf *json,
	       struct err *e)
{
	struct tmpl *t;
	int rc;

	*e = (struct err)ERR_INIT;
	if (content_compile(str_c(text), false, &t, e) < 0)
		fail_msg("%s: %s", text, e->msg);
	rc = content_render(t, &w->in, w->a, f, json, e);
	tmpl_unref(t);
	return rc;
}

static int make(struct world *w, const struct profile_fields *f, struct cert *out, struct err *e)
{
	struct profile_tbs p = {
		.serial = STR("\x01\x02"),
		.issuer = &w->issuer,
		.sig_alg = SIG_ECDSA_SHA256,
		.subject_key = w->key,
		.not_before = T_NOW,
		.not_after = T_NOW + 3600,
	};
	struct buf tbs = BUF_INIT;
	int rc = profile_tbs(f, &p, w->a, &tbs, e);

	if (rc == 0)
		rc = cert_parse_tbs(arena_str(w->a, buf_view(&tbs)), w->a, out, e);
	buf_release(&tbs);
	return rc;
}

/* Template to certificate; everything must work. */
static void certificate(struct world *w, const char *text, struct cert *out)
{
	struct profile_fields f;
	struct err e;

	if (run(w, text, &f, NULL, &e) < 0 || make(w, &f, out, &e) < 0)
		fail_msg("%s: %s", text, e.msg);
}

/* ---- the templates that come with it ---- */

static void builtins(void **state)
{
	const char *root = getenv("SIGNET_SRCDIR");
	struct arena *a = arena_new();
	size_t n = 0;

	(void)state;
	for (const struct content_builtin *b = content_builtins; b->name != NULL; b++, n++) {
		struct buf text = BUF_INIT;
		struct err e = ERR_INIT;
		struct tmpl *t;
		char *path = arena_printf(a, "%s/conf/templates/%s.tpl", root != NULL ? root : ".",
					  b->name);

		assert_int_equal(file_read(path, 1 << 16, &text, &e), 0);
		assert_int_equal(text.n, strlen(b->text));
		assert_memory_equal(text.p, b->text, text.n);
		buf_release(&text);
		assert_int_equal(content_compile(str_c(b->text), false, &t, &e), 0);
		tmpl_unref(t);
	}
	assert_int_equal(n, 7);
	arena_free(a);
}

static void default_leaf(void **state)
{
	static const enum oid order[] = {OID_KEY_USAGE, OID_EXT_KEY_USAGE, OID_SUBJECT_KEY_ID,
					 OID_AUTHORITY_KEY_ID, OID_SAN};
	struct world w;
	struct cert c;

	(void)state;
	build(&w);
	certificate(&w, "", &c);
	assert_str(name_get(&c.subject, OID_CN), "www.example.com");
	assert_int_equal(c.subject.attrs[0].tag, DER_PRINTABLE_STRING);
	assert_int_equal(c.exts.n, ARRAY_LEN(order));
	for (size_t i = 0; i < c.exts.n; i++)
		assert_int_equal(oid_find(c.exts.items[i].oid), order[i]);
	assert_int_equal(c.key_usage, KU_DIGITAL_SIGNATURE);
	assert_int_equal(c.n_ekus, 2);
	assert_int_equal(oid_find(c.ekus[0]), OID_EKU_SERVER_AUTH);
	assert_int_equal(c.sans.n, 2);
	assert_int_equal(c.sans.items[0].type, SAN_DNS);
	assert_int_equal(c.sans.items[1].type, SAN_IP);
	assert_true(c.ski.n == 20 && str_eq(c.aki, w.issuer.ski));
	drop(&w);
}

static void rsa_leaf(void **state)
{
	struct world w;
	struct cert c;
	struct err e = ERR_INIT;

	(void)state;
	build(&w);
	key_free(w.key);
	w.key = key_from_spki(t_file(w.a, "key-rsa-good.der"), &e);
	assert_non_null(w.key);
	w.csr.spki = t_file(w.a, "key-rsa-good.der");
	w.in.subject_key = w.key;
	certificate(&w, "", &c);
	assert_int_equal(c.key_usage, KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT);
	drop(&w);
}

static const char *builtin(const char *name)
{
	const struct content_builtin *b = content_builtins;

	while (strcmp(b->name, name) != 0)
		b++;
	return b->text;
}

static void other_builtins(void **state)
{
	struct world w;
	struct cert c;

	(void)state;
	build(&w);
	certificate(&w, builtin("attested-leaf"), &c);
	assert_int_equal(c.n_ekus, 1);
	assert_int_equal(oid_find(c.ekus[0]), OID_EKU_CLIENT_AUTH);
	certificate(&w, builtin("admin-leaf"), &c);
	assert_int_equal(c.sans.n, 2);
	w.in.sans = &(const struct san_list){0};
	certificate(&w, builtin("iid-leaf"), &c);
	assert_int_equal(c.sans.n, 2);
	certificate(&w, builtin("certificate-request"), &c);
	assert_int_equal(c.sans.n, 2);
	w.issuer.max_path_len = -1;
	certificate(&w, builtin("root"), &c);
	assert_true(c.is_ca && c.max_path_len == 1);
	certificate(&w, builtin("intermediate"), &c);
	assert_true(c.is_ca && c.max_path_len == 0);
	assert_int_equal(c.key_usage, KU_CERT_SIGN | KU_CRL_SIGN);
	drop(&w);
}

/* What comes by default breaks no rule of RFC 5280. */
static void lint_clean(void **state)
{
	static const char *const names[] = {"leaf", "attested-leaf", "iid-leaf", "admin-leaf"};
	struct world w;
	struct cert c;

	(void)state;
	build(&w);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct lint_report r = {.arena = w.a};

		certificate(&w, builtin(names[i]), &c);
		lint_tbs(c.tbs, &(const struct lint_options){0}, &r);
		for (size_t k = 0; k < r.n; k++)
			if (r.items[k].severity != LINT_NOTICE)
				fail_msg("%s: %s: %s", names[i], r.items[k].code, r.items[k].text);
	}
	drop(&w);
}

/* ---- variables ---- */

static void prints(struct world *w, const char *expr, const char *want)
{
	struct tmpl_options o = {.name = STR("template"), .set = TMPL_STEP};
	struct tmpl_error_info why = {0};
	struct buf out = BUF_INIT;
	struct tmpl *t;

	if (tmpl_compile(str_c(expr), &o, w->a, &t, &why) < 0 ||
	    tmpl_run(t, content_vars(&w->in, w->a), &tmpl_limits_loop, w->a, &out, &why) < 0)
		fail_msg("%s: " STR_FMT, expr, STR_ARG(why.message));
	tmpl_unref(t);
	if (!str_eqc(buf_view(&out), want))
		fail_msg("%s: got '%s', want '%s'", expr, out.p, want);
	buf_release(&out);
}

static void variables(void **state)
{
	struct world w;
	json_t *o = json_pack("{s:s,s:[s,s]}", "sub", "me", "groups", "a", "b");
	json_t *data = json_pack("{s:s,s:s}", "organization", "Acme", "Token", "replaced");

	(void)state;
	build(&w);
	prints(&w, "{{ .SANs }}", "[{dns www.example.com []} {ip 10.1.2.3 []}]");
	prints(&w, "{{ toJson .Subject }}", "{\"commonName\":\"www.example.com\"}");
	prints(&w, "{{ .Token }}{{ .Webhooks }}{{ .Inventory }}{{ .Endpoint }}",
	       "<no value><no value><no value><no value>");
	prints(&w, "{{ .Insecure.User }}", "<no value>");
	prints(&w, "{{ formatTime .Now }} {{ typeOf .Now }}", "2027-01-15T08:00:00Z time.Time");
	prints(&w,
	       "{{ typeOf .Insecure.CR.PublicKey }} {{ .Insecure.CR.PublicKey.Curve.Params.Name }}",
	       "*ecdsa.PublicKey P-256");
	w.in.token = w.in.user = w.in.webhooks = w.in.inventory = o;
	w.in.endpoint = STR("00000000-0000-4000-8000-000000000000");
	prints(&w,
	       "{{ .Token.sub }} {{ .Insecure.User.sub }} {{ .Inventory.groups }} {{ .Endpoint }}",
	       "me me [a b] 00000000-0000-4000-8000-000000000000");
	prints(&w, "{{ .Webhooks.sub }}", "me");
	w.in.data = data;
	prints(&w, "{{ .organization }} {{ .Token }}", "Acme replaced");
	/* What a template changes in its variables is gone in the next run. */
	prints(&w, "{{ $_ := set . \"organization\" \"x\" }}{{ .organization }}", "x");
	prints(&w, "{{ .organization }}", "Acme");
	json_decref(o);
	json_decref(data);
	drop(&w);
}

static void authorization(void **state)
{
	struct world w;

	(void)state;
	build(&w);
	w.in.authorization = &w.issuer;
	prints(&w,
	       "{{ .AuthorizationCrt.IsCA }} {{ .AuthorizationCrt.KeyUsage }} {{ typeOf "
	       ".AuthorizationCrt }}",
	       "true KeyUsage(96) *x509.Certificate");
	prints(&w,
	       "{{ eq (.AuthorizationCrt.SerialNumber.String) (.AuthorizationCrt.SerialNumber | "
	       "toString) }}",
	       "true");
	drop(&w);
}

/* T09, T12: what a client sends is text, whatever it looks like. */
static void injection(void **state)
{
	static const char evil[] = "a\"},\"basicConstraints\":{\"isCA\":true},\"x\":{\"y\":\"{{ "
				   ".Token }}</script>\xe2\x80\xa8";
	struct world w;
	struct cert c;
	struct san one = t_san(SAN_URI, "https://a/%22,%22basicConstraints%22:%7B");
	struct san_list sans = {&one, 1};

	(void)state;
	build(&w);
	w.in.common_name = STR(evil);
	w.in.sans = &sans;
	w.issuer.max_path_len = -1;
	for (const struct content_builtin *b = content_builtins; b->name != NULL; b++) {
		bool authority =
			strcmp(b->name, "root") == 0 || strcmp(b->name, "intermediate") == 0;

		certificate(&w, b->text, &c);
		assert_int_equal(c.is_ca, authority);
	}
	certificate(&w, "", &c);
	assert_str(name_get(&c.subject, OID_CN), evil);
	drop(&w);
}

/* ---- errors ---- */

static void fails(struct world *w, const char *text, enum err_code code, const char *msg,
		  const char *pub)
{
	struct profile_fields f;
	struct err e;

	if (run(w, text, &f, NULL, &e) == 0)
		fail_msg("%s: accepted", text);
	assert_int_equal(e.code, code);
	if (strstr(e.msg, msg) == NULL)
		fail_msg("%s: '%s' lacks '%s'", text, e.msg, msg);
	assert_string_equal(e.pub, pub);
}

static void errors(void **state)
{
	static const char sentence[] = "error applying certificate template";
	struct world w;
	struct err e = ERR_INIT;
	struct tmpl *t;

	(void)state;
	build(&w);
	fails(&w, "{{ fail \"not today\" }}", ERR_INVALID, "not today", "not today");
	fails(&w, "{\"subject\":\"x\"{{ fail (printf \"%s!\" .Subject.CommonName) }}", ERR_INVALID,
	      "www.example.com!", "www.example.com!");
	fails(&w, "{{ .Subject.Nope }}", ERR_INTERNAL, sentence, "");
	fails(&w, "hello", ERR_INTERNAL, sentence, "");
	fails(&w, "{{/* nothing */}}", ERR_INTERNAL, sentence, "");
	fails(&w, "{\"subject\":{\"country\":5}}", ERR_INTERNAL, "country: a number", "");
	assert_int_equal(content_compile(STR("{{ .X }}\n{{ nope }}"), false, &t, &e), -1);
	assert_non_null(strstr(e.msg, "line 2"));
	assert_int_equal(e.code, ERR_INVALID);
	assert_int_equal(content_compile(STR("{{ env \"HOME\" }}"), false, &t, &e), -1);
	assert_non_null(strstr(e.msg, "env"));
	drop(&w);
}

/* T02, X16: bounded whatever the template does. */
static void limits(void **state)
{
	struct world w;
	struct profile_fields f;
	struct cert c;
	struct err e;

	(void)state;
	build(&w);
	fails(&w, "{{ repeat 100000000 \"x\" }}", ERR_INTERNAL, "", "");
	fails(&w, "{{ range until 50000000 }}x{{ end }}", ERR_INTERNAL, "", "");
	fails(&w, "{{ range until 10000 }}{{ range until 10000 }}x{{ end }}{{ end }}", ERR_INTERNAL,
	      "", "");
	fails(&w, "{\"x\":\"{{ repeat 300000 \"x\" }}\"}", ERR_INTERNAL, "", "");
	assert_int_equal(run(&w,
			     "{\"subject\":\"x\",\"extensions\":[{\"id\":\"1.2.3\",\"value\":\"{{ "
			     "repeat 34000 \"AAAA\" }}\"}]}",
			     &f, NULL, &e),
			 0);
	assert_int_equal(make(&w, &f, &c, &e), -1);
	assert_int_equal(e.code, ERR_TOO_LARGE);
	fails(&w, "{\"dnsNames\":[\"a.b\"{{ range until 10000 }},\"n{{ . }}.x\"{{ end }}]}",
	      ERR_TOO_LARGE, "1000 names", "");
	assert_int_equal(
		run(&w, "{\"crlDistributionPoints\":[\"a\"{{ range until 1001 }},\"b\"{{ end }}]}",
		    &f, NULL, &e),
		0);
	assert_int_equal(make(&w, &f, &c, &e), -1);
	assert_int_equal(e.code, ERR_TOO_LARGE);
	fails(&w,
	      "{\"subject\":{\"organization\":[\"o\"{{ range until 5000 }},\"{{ . }}\"{{ end }}]}}",
	      ERR_TOO_LARGE, "", "");
	fails(&w,
	      "{\"unknownExtKeyUsage\":[\"1.2.3\"{{ range until 5000 }},\"1.2.{{ . }}\"{{ end }}]}",
	      ERR_TOO_LARGE, "", "");
	drop(&w);
}

/* ---- reading ---- */

/* Where step drops or guesses, Signet refuses; what step takes is seen through *_as_step. */
static void odd_forms(void **state)
{
	static const struct {
		const char *json, *msg;
		bool step;
	} rows[] = {
		{"{\"serialNumber\":0}", "serialNumber", true},
		{"{\"serialNumber\":null}", "serialNumber", true},
		{"{\"serialNumber\":\"010\"}", "serialNumber", true},
		{"{\"serialNumber\":\"1_000\"}", "serialNumber", true},
		{"{\"serialNumber\":\"0b1\"}", "serialNumber", true},
		{"{\"serialNumber\":\"+1\"}", "serialNumber", true},
		{"{\"serialNumber\":-1}", "serialNumber", false},
		{"{\"serialNumber\":\"x\"}", "serialNumber", false},
		{"{\"extensions\":[{\"value\":\"BQA=\"}]}", "has no id", true},
		{"{\"extensions\":[{\"id\":\"\",\"value\":\"BQA=\"}]}", "has no id", true},
		{"{\"extensions\":[{\"id\":\"9.9.9\",\"value\":\"BQA=\"}]}", "extensions: id",
		 false},
		{"{\"sans\":[{\"type\":\"ip\",\"value\":\"x\"}]}", "not an address", true},
		{"{\"sans\":[{\"type\":\"uri\",\"value\":\"http://[x\"}]}", "not a URI", true},
		{"{\"ipAddresses\":\"x\"}", "ipAddresses", false},
		{"{\"ocspServer\":\"http://\xc3\xa9\"}", "ocspServer", true},
		{"{\"ocspServer\":\"http://a b\"}", "ocspServer", true},
		{"{\"issuingCertificateURL\":\"http://a\\u0000b\"}", "issuingCertificateURL", true},
		{"{\"crlDistributionPoints\":[\"http://a\\nb\"]}", "crlDistributionPoints", true},
		{"{\"rawSubject\":\"MAAwAA==\"}", "rawSubject", true},
		{"{\"rawSubject\":\"MAAxAA==\"}", "rawSubject", true},
		{"{\"subject\":\"a\\u0000b\"}", "subject", true},
		{"{\"signatureAlgorithm\":\"ECDSA-SHA1\"}", "signatureAlgorithm", true},
		{"{\"signatureAlgorithm\":\"MD5-RSA\"}", "signatureAlgorithm", false},
		{"{\"subject\":{\"extraNames\":[{\"type\":\"1.2.3\",\"value\":5}]}}", "extra name",
		 false},
		{"{\"version\":1.0}", "version", false},
		{"{\"basicConstraints\":{\"maxPathLen\":1e2}}", "maxPathLen", false},
		{"{\"keyUsage\":\"digital-signature\"}", "keyUsage", false},
		{"{\"extKeyUsage\":\"1.2.3\"}", "extKeyUsage", false},
		{"{\"sans\":[{\"type\":\"DNS\",\"value\":\"a\"}]}", "unknown type", false},
		{"{\"sans\":[{\"type\":\"x400Address\",\"value\":\"a\"}]}", "not implemented",
		 false},
		{"[]", "an array", false},
		{"", "there is none", false},
		{"\xef\xbb\xbf{}", "syntax", false},
		{"{\"subject\":\"x\",}", "syntax", false},
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct profile_fields f;
		struct err e = ERR_INIT;

		if (content_read(str_c(rows[i].json), a, &f, &e) == 0)
			fail_msg("%s: taken", rows[i].json);
		if (strstr(e.msg, rows[i].msg) == NULL)
			fail_msg("%s: '%s' lacks '%s'", rows[i].json, e.msg, rows[i].msg);
		assert_int_equal(content_read_as_step(str_c(rows[i].json), a, &f, &e),
				 rows[i].step ? 0 : -1);
	}
	arena_free(a);
}

static void read_ok(struct arena *a, const char *json, struct profile_fields *f)
{
	struct err e = ERR_INIT;

	if (content_read(str_c(json), a, f, &e) < 0)
		fail_msg("%s: %s", json, e.msg);
}

static void reading(void **state)
{
	struct arena *a = arena_new();
	struct profile_fields f;

	(void)state;
	read_ok(a,
		"{\"\\u0073ubject\":\"a\",\"dnsName\xc5\xbf\":[\"k.example\"],\"KEYUSAGE\":\"crl_"
		"sign\"}",
		&f);
	assert_str(name_get(&f.subject, OID_CN), "a");
	assert_int_equal(f.sans.n, 1);
	assert_int_equal(f.key_usage, KU_CRL_SIGN);
	/* The last of repeated ones; but objects of constraints merge. */
	read_ok(a,
		"{\"dnsNames\":\"a\",\"dnsNames\":[\"b\",\"c\"],\"basicConstraints\":{\"isCA\":"
		"true},\"BasicConstraints\":{\"maxPathLen\":4}}",
		&f);
	assert_int_equal(f.sans.n, 2);
	assert_str(f.sans.items[0].value, "b");
	assert_true(f.is_ca && f.max_path_len == 4);
	/* A missing length of an authority is 0, a negative one is none, a leaf has none. */
	read_ok(a, "{\"basicConstraints\":{\"isCA\":true}} and more", &f);
	assert_int_equal(f.max_path_len, 0);
	read_ok(a, "{\"basicConstraints\":{\"isCA\":true,\"maxPathLen\":-1}}", &f);
	assert_int_equal(f.max_path_len, -1);
	read_ok(a, "{\"basicConstraints\":{\"maxPathLen\":3}}", &f);
	assert_true(f.has_basic_constraints && !f.is_ca && f.max_path_len == -1);
	read_ok(a, "{\"serialNumber\":\"0xff\",\"notBefore\":\"2030-01-02T03:04:05+01:00\"}", &f);
	assert_int_equal(f.serial.n, 1);
	assert_true(f.has_not_before && !f.has_not_after);
	assert_int_equal(f.not_before, 1893549845);
	read_ok(a, "{\"subjectKeyId\":\"\",\"signatureAlgorithm\":\"ecdsa-sha512\"}", &f);
	assert_true(f.has_ski && f.ski.n == 0 && f.sig_alg == SIG_ECDSA_SHA512);
	read_ok(a, "null", &f);
	assert_int_equal(f.subject_der.n, 2);
	/* Any name of another kind: the whole extension by hand, lower case, in front. */
	read_ok(a,
		"{\"dnsNames\":\"A.B\",\"sans\":[{\"type\":\"userPrincipalName\",\"value\":\"u@d\"}"
		"],\"extensions\":[{\"id\":\"1.2.3\"}]}",
		&f);
	assert_int_equal(f.sans.n, 0);
	assert_int_equal(f.exts.n, 2);
	assert_int_equal(oid_find(f.exts.items[0].oid), OID_SAN);
	assert_true(f.exts.items[0].critical);
	assert_memory_equal(f.exts.items[0].value.p + 2,
			    "\x82\x03"
			    "a.b",
			    5);
	arena_free(a);
}

/* ---- the certificate ---- */

static void every_field(void **state)
{
	static const char *const order[] = {"2.5.29.15", "2.5.29.37", "2.5.29.19",
					    "2.5.29.14", "2.5.29.35", "1.3.6.1.5.5.7.1.1",
					    "2.5.29.17", "2.5.29.32", "2.5.29.30",
					    "2.5.29.31", "1.2.3.4"};
	struct world w;
	struct cert c;

	(void)state;
	build(&w);
	w.issuer.max_path_len = 1;
	certificate(&w,
		    "{\"subject\":{\"organization\":[\"b\",\"a\"],\"country\":\"NL\","
		    "\"commonName\":\"x\"},"
		    "\"keyUsage\":\"certSign\",\"extKeyUsage\":\"any\",\"unknownExtKeyUsage\":\"1."
		    "2.9\","
		    "\"basicConstraints\":{\"isCA\":true},\"extensions\":[{\"id\":\"1.2.3.4\","
		    "\"value\":\"BQA=\"}],"
		    "\"crlDistributionPoints\":\"http://c\",\"ocspServer\":\"http://"
		    "o\",\"policyIdentifiers\":\"2.23.140.1.2.1\","
		    "\"nameConstraints\":{\"critical\":true,\"permittedDNSDomains\":\"a.b\","
		    "\"excludedIPRanges\":\"10.1.2.3/8\"},"
		    "\"uris\":\"HTTPS://a/b\",\"dnsNames\":\"a.b\"}",
		    &c);
	assert_int_equal(c.exts.n, ARRAY_LEN(order));
	for (size_t i = 0; i < c.exts.n; i++) {
		struct buf b = BUF_INIT;
		struct err e = ERR_INIT;

		assert_int_equal(oid_to_dotted(c.exts.items[i].oid, &b, &e), 0);
		assert_string_equal(b.p, order[i]);
		buf_release(&b);
	}
	assert_int_equal(c.subject.n, 4);
	assert_int_equal(oid_find(c.subject.attrs[0].oid), OID_C);
	assert_str(c.subject.attrs[1].value, "a"); /* one RDN, sorted */
	assert_int_equal(c.subject.attrs[1].rdn, c.subject.attrs[2].rdn);
	assert_str(c.sans.items[1].value, "https://a/b");
	drop(&w);
}

static void given_by_oid(void **state)
{
	struct step_provisioner prov = {.type = 1, .name = STR("real")}, got;
	struct profile_fields f;
	struct profile_tbs p;
	struct buf tbs = BUF_INIT;
	struct world w;
	struct cert c;
	struct err e;

	(void)state;
	build(&w);
	/* It replaces what would be generated, and stands at the end. */
	certificate(&w,
		    "{\"subject\":\"x\",\"keyUsage\":\"crlSign\",\"extensions\":[{\"id\":\"2.5.29."
		    "15\",\"critical\":true,\"value\":\"AwIHgA==\"}]}",
		    &c);
	assert_int_equal(oid_find(c.exts.items[c.exts.n - 1].oid), OID_KEY_USAGE);
	assert_int_equal(c.key_usage, KU_DIGITAL_SIGNATURE);
	/* But never who issued it: that steers renewal. */
	assert_int_equal(run(&w,
			     "{\"subject\":\"x\",\"extensions\":[{\"id\":\"1.3.6.1.4.1.37476.9000."
			     "64.1\",\"value\":\"MA0CAQEEBWZvcmdlBAEx\"}]}",
			     &f, NULL, &e),
			 0);
	assert_int_equal(make(&w, &f, &c, &e), 0);
	assert_null(ext_find(&c.exts, OID_STEP_PROVISIONER));
	p = (struct profile_tbs){.serial = STR("\x01"),
				 .issuer = &w.issuer,
				 .sig_alg = SIG_ECDSA_SHA256,
				 .subject_key = w.key,
				 .not_before = T_NOW,
				 .not_after = T_NOW + 60,
				 .provisioner = &prov};
	assert_int_equal(profile_tbs(&f, &p, w.a, &tbs, &e), 0);
	assert_int_equal(cert_parse_tbs(buf_view(&tbs), w.a, &c, &e), 0);
	assert_int_equal(ext_step_provisioner_parse(ext_find(&c.exts, OID_STEP_PROVISIONER)->value,
						    w.a, &got, &e),
			 0);
	assert_str(got.name, "real");
	buf_release(&tbs);
	drop(&w);
}

/* What is malformed or there twice does not leave. */
static void read_again(void **state)
{
	static const char *const rows[] = {
		"{\"subject\":\"x\",\"extensions\":[{\"id\":\"1.2.3\"},{\"id\":\"1.2.3\"}]}",
		"{\"subject\":\"x\",\"extensions\":[{\"id\":\"2.5.29.15\",\"value\":\"BQA=\"}]}",
		"{\"subject\":\"x\",\"extensions\":[{\"id\":\"2.5.29.17\",\"value\":\"MASCAunp\"}]"
		"}",
		"{\"subject\":\"x\",\"extensions\":[{\"id\":\"2.5.29.35\",\"critical\":true,"
		"\"value\":\"MAA=\"}]}",
		"{\"subject\":\"x\",\"uris\":\"http://a..b/\"}",
		"{\"subject\":\"x\",\"policyIdentifiers\":[\"1.2.3\",\"1.2.3\"]}",
		"{\"subject\":\"x\",\"nameConstraints\":{\"permittedDNSDomains\":\"a..b\"}}",
		"{\"subject\":{\"extraNames\":[{\"type\":\"1.2.840.113549.1.9.1\",\"value\":"
		"\"\xc3\xa9\"}]}}",
		"{\"subject\":\"x\",\"dnsNames\":[\"\"]}",
		"{\"subject\":\"\"}",
		"{}",
		"{\"subject\":\"x\",\"signatureAlgorithm\":\"SHA256-RSA\"}",
		"{\"subject\":\"x\",\"extensions\":[{\"id\":\"2.5.29.19\",\"value\":\"MAMBAf8=\"}]"
		"}",
	};
	struct world w;

	(void)state;
	build(&w);
	w.issuer.max_path_len = 0; /* so that it may not issue to the last row */
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct profile_fields f;
		struct cert c;
		struct err e;

		if (run(&w, rows[i], &f, NULL, &e) == 0 && make(&w, &f, &c, &e) == 0)
			fail_msg("%s: made", rows[i]);
	}
	drop(&w);
}

static void signature_algorithm(void **state)
{
	struct profile_fields f = {.sig_alg = SIG_ECDSA_SHA512};
	enum sig_alg alg;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(profile_sig_alg(&f, SIG_ECDSA_SHA256, &alg, &e), 0);
	assert_int_equal(alg, SIG_ECDSA_SHA512);
	assert_int_equal(profile_sig_alg(&f, SIG_RSA_SHA256, &alg, &e), -1);
	assert_int_equal(profile_sig_alg(&f, SIG_ED25519, &alg, &e), -1);
	f.sig_alg = SIG_NONE;
	assert_int_equal(profile_sig_alg(&f, SIG_RSA_SHA256, &alg, &e), 0);
	assert_int_equal(alg, SIG_RSA_SHA256);
}

/* ---- webhooks ---- */

static void webhook_bodies(void **state)
{
	struct world w;
	struct cert c;
	struct profile_fields f = {0};
	json_t *body, *r;

	(void)state;
	build(&w);
	body = content_request_json(&w.in, w.a);
	r = json_object_get(body, "x509CertificateRequest");
	assert_string_equal(json_string_value(json_object_get(r, "publicKeyAlgorithm")), "ECDSA");
	assert_string_equal(json_string_value(json_array_get(json_object_get(r, "dnsNames"), 0)),
			    "www.example.com");
	assert_true(json_is_string(json_object_get(r, "raw")));
	json_decref(body);
	certificate(&w,
		    "{\"subject\":\"s\",\"keyUsage\":\"crlSign\",\"sans\":[{\"type\":\"1.2.3\","
		    "\"value\":\"utf8:x\"},{\"type\":\"dns\",\"value\":\"a.b\"}],\"extensions\":[{"
		    "\"id\":\"1.2.9\"}]}",
		    &c);
	body = content_certificate_json(&f, &c, w.a);
	r = json_object_get(body, "sans");
	assert_int_equal(json_array_size(r), 1);
	assert_string_equal(json_string_value(json_object_get(json_array_get(r, 0), "type")),
			    "1.2.3");
	assert_string_equal(json_string_value(json_object_get(json_array_get(r, 0), "value")),
			    "raw:oAMMAXg=");
	assert_int_equal(json_array_size(json_object_get(body, "extensions")), 1);
	assert_string_equal(json_string_value(json_object_get(body, "notBefore")),
			    "2027-01-15T08:00:00Z");
	json_decref(body);
	drop(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(builtins),	  cmocka_unit_test(default_leaf),
		cmocka_unit_test(rsa_leaf),	  cmocka_unit_test(other_builtins),
		cmocka_unit_test(lint_clean),	  cmocka_unit_test(variables),
		cmocka_unit_test(authorization),  cmocka_unit_test(injection),
		cmocka_unit_test(errors),	  cmocka_unit_test(limits),
		cmocka_unit_test(odd_forms),	  cmocka_unit_test(reading),
		cmocka_unit_test(every_field),	  cmocka_unit_test(given_by_oid),
		cmocka_unit_test(read_again),	  cmocka_unit_test(signature_algorithm),
		cmocka_unit_test(webhook_bodies),
	};
	struct err e = ERR_INIT;

	if (crypto_init(NULL, &e) < 0)
		return 1;
	return cmocka_run_group_tests_name("profile_content", tests, NULL, NULL);
}
