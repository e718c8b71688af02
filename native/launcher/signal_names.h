#pragma once

/* `SIGTERM`, `SIGRTMIN+3`; the text lasts until the next call. */
const char *signal_name(int number);

/* The number of `SIGTERM` or `TERM`, for standard signals; 0 where it is no name of one. */
int signal_number(const char *name);
