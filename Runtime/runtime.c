/* The C target that Swift calls: every header once, so that a mistake in one shows when the package is built. */
#include "DescentRuntime.h"
