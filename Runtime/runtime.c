/* The C target that Swift imports: all functions are in headers, this file has them compiled once. */
#if !defined(_POSIX_C_SOURCE) && !defined(__APPLE__)
#define _POSIX_C_SOURCE 200809L
#endif
#include "DescentRuntime.h"
