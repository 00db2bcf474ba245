/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What comes of reading a configuration, for tests. */
#ifndef TESTS_CORE_CONFIG_RESULT_H
#define TESTS_CORE_CONFIG_RESULT_H

#include <string.h>

#include "kit/kit.h"
#include "policy/config.h"

/* Nothing, or a policy, warnings and perhaps origins, or an error; freed by result_done(). */
struct result {
	struct policy *policy;
	struct config_origins *origins;
	GPtrArray *warnings;
	GError *error;
};

/* It is one of the two, whole. */
static inline void
result_check(const struct result *r)
{
	ck_assert((r->policy == NULL) == (r->error != NULL));
	ck_assert((r->policy == NULL) == (r->warnings == NULL));
}

static inline void
result_done(struct result *r)
{
	policy_unref(r->policy);
	config_origins_free(r->origins);
	if (r->warnings)
		g_ptr_array_unref(r->warnings);
	g_clear_error(&r->error);
}

static inline const char *
result_warning(const struct result *r, unsigned i)
{
	return r->warnings && i < r->warnings->len ? r->warnings->pdata[i] : NULL;
}

/* A copy that lives as long as the program. */
static inline const char *
lasting(const char *text)
{
	static GStringChunk *texts;

	if (!texts)
		texts = g_string_chunk_new(4096);
	return g_string_chunk_insert_const(texts, text);
}

/* A text as the file that it would be: "postern.conf", "OWNER.conf", "OWNER.service.conf". */
static inline struct config_file
file_of(enum config_kind kind, const char *owner, const char *text)
{
	g_autofree char *name = g_strconcat(kind == CONFIG_MAIN ? "postern" : owner,
		kind == CONFIG_SERVICE ? ".service.conf" : ".conf", NULL);

	return (struct config_file){
		.kind = kind,
		.owner = owner,
		.name = lasting(name),
		.text = text,
		.len = strlen(text),
	};
}

static inline struct result
result_of(const struct config_file *files, unsigned n)
{
	struct result r = { NULL };

	r.policy = config_parse_files(files, n, &r.origins, &r.warnings, &r.error);
	result_check(&r);
	ck_assert((r.policy == NULL) == (r.origins == NULL));
	return r;
}

/* The same of a file of a connection, behind a postern.conf. */
static inline struct result
result_of_connection(const char *main_text, const char *name, const char *text)
{
	const struct config_file files[] = {
		file_of(CONFIG_MAIN, NULL, main_text),
		file_of(CONFIG_CONNECTION, name, text),
	};

	return result_of(files, G_N_ELEMENTS(files));
}

static inline struct result
result_of_main(const char *text)
{
	const struct config_file file = file_of(CONFIG_MAIN, NULL, text);

	return result_of(&file, 1);
}

/* It was taken, without a warning. */
#define ck_assert_taken(r)                                                                         \
	do {                                                                                       \
		ck_assert_msg((r)->policy != NULL, "%s", (r)->error ? (r)->error->message : "");   \
		ck_assert_msg((r)->warnings->len == 0, "%s", result_warning(r, 0));                \
	} while (0)

/* It was refused with these words. */
#define ck_assert_refused(r, words)                                                                \
	do {                                                                                       \
		ck_assert_msg((r)->policy == NULL, "taken, not refused: %s", words);               \
		ck_assert_str_eq((r)->error->message, words);                                      \
	} while (0)

#endif
