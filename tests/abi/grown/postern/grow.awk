# SPDX-License-Identifier: MIT
# The header of tomorrow: members are appended to every struct that begins with its size.
/^struct pn_[a-z_]+ \{$/ {
	inside = 1
	grows = 0
}
inside && /^\tuint32_t size;/ {
	grows = 1
}
inside && /^};$/ {
	if (grows)
		print "\tuint64_t grown_number;\n\tconst void *grown_pointer;"
	inside = 0
}
{
	print
}
