/* All runtime headers, for Swift. */
#include "descent_base.h"
