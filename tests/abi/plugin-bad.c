// SPDX-License-Identifier: MIT
/* Objects that are no plugins, each in a way of its own: BAD says which. */
#include <postern/plugin.h>

#define BAD_EMPTY  1 /* no descriptor */
#define BAD_FUTURE 2 /* one of another major */
#define BAD_NAME   3 /* called otherwise than its file */
#define BAD_SYMBOL 4 /* needs what nobody has */

#if BAD == BAD_EMPTY
PN_EXPORT extern const int something_else;
const int something_else = 1;
#elif BAD == BAD_FUTURE
PN_EXPORT extern const int postern_plugin_3;
const int postern_plugin_3 = 1;
#elif BAD == BAD_NAME
PN_EXPORT const struct pn_plugin postern_plugin_0 = { .size = sizeof(postern_plugin_0),
	.name = "another" };
#elif BAD == BAD_SYMBOL
int postern_has_no_such_function(void);

static int32_t
start(struct pn_instance *instance)
{
	return postern_has_no_such_function();
}

PN_EXPORT const struct pn_plugin postern_plugin_0 = { .size = sizeof(postern_plugin_0),
	.start = start };
#endif
