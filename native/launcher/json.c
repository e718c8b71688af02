#include "json.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Values stand so deep in each other in no frame. */
enum { DEEPEST = 16, REPLACEMENT = 0xfffd };

static void add_bytes(struct Text *text, const char *bytes, size_t count) {
  if (text->has_failed || count > text->size - text->length) {
    text->has_failed = 1;
    return;
  }
  memcpy(text->bytes + text->length, bytes, count);
  text->length += count;
}

void add_text(struct Text *text, const char *more) { add_bytes(text, more, strlen(more)); }

void add_number(struct Text *text, long value) {
  char digits[24];
  snprintf(digits, sizeof digits, "%ld", value);
  add_text(text, digits);
}

void add_base64(struct Text *text, const char *bytes, size_t length) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t at = 0; at < length; at += 3) {
    size_t count = length - at < 3 ? length - at : 3;
    uint32_t bits = 0;
    for (size_t index = 0; index < 3; index++)
      bits = bits << 8 | (index < count ? (unsigned char)bytes[at + index] : 0);
    char four[] = {digits[bits >> 18], digits[bits >> 12 & 63], count > 1 ? digits[bits >> 6 & 63] : '=',
                   count > 2 ? digits[bits & 63] : '='};
    add_bytes(text, four, sizeof four);
  }
}

/* Bytes of the character that begins there (RFC 3629); 0 if it is none. The closing NUL ends every one that is cut. */
static size_t utf8_length(const unsigned char *at) {
  if (at[0] < 0x80) return 1;
  size_t length = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
  if (at[0] < 0xc2 || at[0] > 0xf4) return 0;
  for (size_t index = 1; index < length; index++)
    if ((at[index] & 0xc0) != 0x80) return 0;
  if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f)) return 0;
  if ((at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f)) return 0;
  return length;
}

void add_string(struct Text *text, const char *value) {
  add_text(text, "\"");
  for (const unsigned char *at = (const unsigned char *)value; *at;) {
    size_t length = utf8_length(at);
    if (length == 0) text->has_failed = 1;
    if (text->has_failed) return;
    char escaped[8];
    if (*at < 0x20) snprintf(escaped, sizeof escaped, "\\u%04x", *at);
    else if (*at == '"' || *at == '\\') snprintf(escaped, sizeof escaped, "\\%c", *at);
    else *escaped = '\0';
    if (*escaped) add_text(text, escaped);
    else add_bytes(text, (const char *)at, length);
    at += length;
  }
  add_text(text, "\"");
}

static void skip_space(struct Json *json) {
  while (json->at < json->end && strchr(" \t\r\n", *json->at) && *json->at) json->at++;
}

/* The next character that is no space, without taking it; 0 at the end and after a failure. */
static char peek(struct Json *json) {
  skip_space(json);
  return json->has_failed || json->at == json->end ? '\0' : *json->at;
}

static void expect(struct Json *json, char wanted) {
  if (peek(json) == wanted) json->at++;
  else json->has_failed = 1;
}

void enter_object(struct Json *json) {
  expect(json, '{');
  json->is_first = 1;
}

int next_member(struct Json *json, char *key, size_t size) {
  int is_first = json->is_first;
  json->is_first = 0;
  if (peek(json) == '}') {
    json->at++;
    return 0;
  }
  if (!is_first) expect(json, ',');
  size_t length = read_string(json, key, size - 1);
  key[length] = '\0';
  expect(json, ':');
  return !json->has_failed;
}

static uint32_t read_hex(struct Json *json) {
  uint32_t value = 0;
  for (int digit = 0; digit < 4; digit++) {
    char letter = json->at < json->end ? *json->at++ : '\0';
    int found = letter >= '0' && letter <= '9'   ? letter - '0'
                : letter >= 'a' && letter <= 'f' ? letter - 'a' + 10
                : letter >= 'A' && letter <= 'F' ? letter - 'A' + 10
                                                 : -1;
    if (found < 0) json->has_failed = 1;
    value = value << 4 | (uint32_t)(found & 15);
  }
  return value;
}

/* A half of a pair by itself stands for no character. */
static uint32_t read_code_point(struct Json *json) {
  uint32_t first = read_hex(json);
  if (first < 0xd800 || first > 0xdfff) return first;
  if (first > 0xdbff || json->end - json->at < 6 || json->at[0] != '\\' || json->at[1] != 'u') return REPLACEMENT;
  struct Json ahead = {.at = json->at + 2, .end = json->end};
  uint32_t second = read_hex(&ahead);
  if (ahead.has_failed || second < 0xdc00 || second > 0xdfff) return REPLACEMENT;
  json->at = ahead.at;
  return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
}

static size_t encode_utf8(uint32_t point, char *bytes) {
  if (point < 0x80) return bytes[0] = (char)point, 1;
  if (point < 0x800) return bytes[0] = (char)(0xc0 | point >> 6), bytes[1] = (char)(0x80 | (point & 63)), 2;
  size_t length = point < 0x10000 ? 3 : 4;
  bytes[0] = (char)(length == 3 ? 0xe0 | point >> 12 : 0xf0 | point >> 18);
  for (size_t index = 1; index < length; index++)
    bytes[index] = (char)(0x80 | (point >> 6 * (length - 1 - index) & 63));
  return length;
}

static size_t read_escape(struct Json *json, char *bytes) {
  static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
  char letter = json->at < json->end ? *json->at++ : '\0';
  if (letter == 'u') return encode_utf8(read_code_point(json), bytes);
  const char *known = letter ? strchr(letters, letter) : NULL;
  if (!known) json->has_failed = 1;
  else *bytes = meanings[known - letters];
  return 1;
}

size_t read_string(struct Json *json, char *bytes, size_t size) {
  size_t length = 0;
  expect(json, '"');
  while (!json->has_failed) {
    const char *from = json->at;
    while (json->at < json->end && *json->at != '"' && *json->at != '\\') json->at++;
    size_t plain = (size_t)(json->at - from);
    if (json->at == json->end || plain > size - length) break;
    memcpy(bytes + length, from, plain);
    length += plain;
    if (*json->at++ == '"') return length;
    char character[4];
    size_t count = read_escape(json, character);
    if (count > size - length) break;
    memcpy(bytes + length, character, count);
    length += count;
  }
  json->has_failed = 1;
  return 0;
}

long read_integer(struct Json *json) {
  int is_negative = peek(json) == '-';
  if (is_negative) json->at++;
  long value = 0;
  int digits = 0;
  for (; json->at < json->end && *json->at >= '0' && *json->at <= '9' && digits < 10; digits++)
    value = value * 10 + (*json->at++ - '0');
  if (digits == 0 || digits == 10) json->has_failed = 1;
  return is_negative ? -value : value;
}

static int read_word(struct Json *json, const char *word) {
  size_t length = strlen(word);
  skip_space(json);
  if ((size_t)(json->end - json->at) < length || memcmp(json->at, word, length) != 0) return 0;
  json->at += length;
  return 1;
}

int read_boolean(struct Json *json) {
  if (read_word(json, "true")) return 1;
  if (!read_word(json, "false")) json->has_failed = 1;
  return 0;
}

static void skip_string(struct Json *json) {
  for (json->at++; json->at < json->end && *json->at != '"'; json->at++)
    if (*json->at == '\\') json->at++;
  if (json->at >= json->end) json->at = json->end, json->has_failed = 1;
  else json->at++;
}

/* Not all that is skipped is looked at: brackets have to match in number only. */
void skip_value(struct Json *json) {
  int depth = 0;
  do {
    char next = peek(json);
    if (next == '"') skip_string(json);
    else if (next == '{' || next == '[') depth++, json->at++;
    else if (depth > 0 && (next == '}' || next == ']')) depth--, json->at++;
    else if (next == '\0' || next == '}' || next == ']' || depth > DEEPEST) json->has_failed = 1;
    else if (depth > 0 && (next == ',' || next == ':')) json->at++;
    else {
      const char *from = json->at;
      while (json->at < json->end && !strchr(",:]} \t\r\n", *json->at)) json->at++;
      if (json->at == from) json->has_failed = 1;
    }
  } while (depth > 0 && !json->has_failed);
}

static int base64_digit(char letter) {
  if (letter >= 'A' && letter <= 'Z') return letter - 'A';
  if (letter >= 'a' && letter <= 'z') return letter - 'a' + 26;
  if (letter >= '0' && letter <= '9') return letter - '0' + 52;
  return letter == '+' ? 62 : letter == '/' ? 63 : -1;
}

long decode_base64(char *bytes, size_t length) {
  uint32_t bits = 0;
  int held = 0;
  size_t count = 0;
  while (length > 0 && bytes[length - 1] == '=') length--;
  for (size_t index = 0; index < length; index++) {
    int digit = base64_digit(bytes[index]);
    if (digit < 0) return -1;
    bits = bits << 6 | (uint32_t)digit;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes[count++] = (char)(bits >> held);
  }
  return (long)count;
}
