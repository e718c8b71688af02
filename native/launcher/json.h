#pragma once

#include <stddef.h>

/* Just as much JSON (RFC 8259) as the frames of contract-cli.ts need. */

/* Text that is being put together in a buffer of the caller. */
struct Text {
  char *bytes;
  size_t length, size;
  int has_failed; /* no room, or not UTF-8 */
};

void add_text(struct Text *text, const char *more);
void add_string(struct Text *text, const char *value);
void add_number(struct Text *text, long value);
/* Without quotation marks around it. */
void add_base64(struct Text *text, const char *bytes, size_t length);

/* A place in a JSON text. What does not fit makes it fail, and everything after that fails as well. */
struct Json {
  const char *at, *end;
  int is_first; /* no member of the object has been read */
  int has_failed;
};

/* At the beginning of an object; then its members, one by one: 0 at the end of the object. The value comes next. */
void enter_object(struct Json *json);
int next_member(struct Json *json, char *key, size_t size);
/* Returns the number of bytes that the string has, at most size. */
size_t read_string(struct Json *json, char *bytes, size_t size);
long read_integer(struct Json *json);
int read_boolean(struct Json *json);
void skip_value(struct Json *json);
/* In place; returns the number of bytes, or -1. */
long decode_base64(char *bytes, size_t length);
