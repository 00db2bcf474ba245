// SPDX-License-Identifier: MIT
/* The layout as a compiler for C++ sees it. */
#include "layout.c"
