#pragma once

#include <stddef.h>

/* What is still to be written to standard output and standard error, in its order. */

enum { LONGEST_PIECE = 256 * 1024 };

/* To be called before anything is written. */
void open_output(void);
/* Where the next piece goes: LONGEST_PIECE bytes, or NULL if there is no room. */
char *piece_place(void);
/* The piece that is there now, for descriptor 1 or 2. */
void add_piece(int stream, size_t length);
int has_output(void);
/* The descriptor that has to become writable. */
int output_descriptor(void);
/* Writes what can be written without waiting; returns the number of bytes. Ends the program if that fails. */
size_t write_output(void);
