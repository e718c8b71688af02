/*
 * The client of contract-cli.ts. The engine runs the command; this passes on its words and what it needs to know of the
 * terminal, and writes what comes back. It keeps no state but the connection: whatever is unusual is left to Node.
 */

#include "verb.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine_socket.h"
#include "json.h"
#include "output_queue.h"

/* The engine reads no longer line (rpc/framing.ts), and its frames are shorter. */
enum { LONGEST_LINE = 256 * 1024 };
/* The launcher reports to the engine after this many bytes. */
enum { TOLD_BYTES = 32 * 1024 };
/* Of standard input at a time. */
enum { INPUT_BYTES = 24 * 1024 };

static char outgoing_bytes[LONGEST_LINE], incoming[LONGEST_LINE];
static struct Text outgoing = {.bytes = outgoing_bytes, .size = sizeof outgoing_bytes};
static size_t sent, received;

static int engine;
static int has_begun, has_ended, exit_code, dies_of_interrupt, wants_input;
/* What to print if the connection is lost. */
static char lost_text[8192];
static size_t lost_length;
static int lost_stream;
static size_t untold;
static sigset_t usual_mask;
static volatile sig_atomic_t was_resized, was_interrupted;

static void add_terminal(const char *name, int fd) {
  struct winsize size;
  int is_terminal = isatty(fd);
  add_text(&outgoing, ",\"");
  add_text(&outgoing, name);
  add_text(&outgoing, is_terminal ? "\":{\"terminal\":true" : "\":{\"terminal\":false");
  if (is_terminal && ioctl(fd, TIOCGWINSZ, &size) == 0) {
    add_text(&outgoing, ",\"columns\":");
    add_number(&outgoing, size.ws_col);
    add_text(&outgoing, ",\"rows\":");
    add_number(&outgoing, size.ws_row);
  }
  add_text(&outgoing, "}");
}

static void add_variable(const char *name, int *count) {
  const char *value = getenv(name);
  if (!value) return;
  if ((*count)++ > 0) add_text(&outgoing, ",");
  add_string(&outgoing, name);
  add_text(&outgoing, ":");
  add_string(&outgoing, value);
}

static void add_request(int argc, char **argv, const char *path) {
  add_text(&outgoing, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"cli.run\",\"params\":{\"version\":");
  add_string(&outgoing, TASKMASTER_VERSION);
  add_text(&outgoing, ",\"socket\":");
  add_string(&outgoing, path);
  add_text(&outgoing, ",\"words\":[");
  for (int index = 1; index < argc; index++) {
    if (index > 1) add_text(&outgoing, ",");
    add_string(&outgoing, argv[index]);
  }
  add_text(&outgoing, "]");
  add_terminal("stdin", STDIN_FILENO);
  add_terminal("stdout", STDOUT_FILENO);
  add_terminal("stderr", STDERR_FILENO);
  add_text(&outgoing, ",\"environment\":{");
  int count = 0;
  add_variable("TERM", &count);
  add_variable("NO_COLOR", &count);
  add_text(&outgoing, "}}}\n");
}

/* What the engine gets to know beside the request; dropped if it does not read at all. */
static void begin_note(const char *method) {
  if (sent == outgoing.length) sent = outgoing.length = 0;
  add_text(&outgoing, "{\"jsonrpc\":\"2.0\",\"method\":\"");
  add_text(&outgoing, method);
  add_text(&outgoing, "\",\"params\":{");
}

static void end_note(size_t before) {
  add_text(&outgoing, "}}\n");
  if (!outgoing.has_failed) return;
  outgoing.length = before;
  outgoing.has_failed = 0;
}

static size_t note_start(void) { return sent == outgoing.length ? 0 : outgoing.length; }

static void note_written(size_t bytes) {
  untold += bytes;
  if (untold < TOLD_BYTES) return;
  size_t before = note_start();
  begin_note("cli.written");
  add_text(&outgoing, "\"bytes\":");
  add_number(&outgoing, (long)untold);
  end_note(before);
  if (outgoing.length > before) untold = 0;
}

static void note_size(void) {
  struct winsize size;
  was_resized = 0;
  if (ioctl(isatty(STDOUT_FILENO) ? STDOUT_FILENO : STDERR_FILENO, TIOCGWINSZ, &size) != 0) return;
  size_t before = note_start();
  begin_note("cli.resize");
  add_text(&outgoing, "\"columns\":");
  add_number(&outgoing, size.ws_col);
  add_text(&outgoing, ",\"rows\":");
  add_number(&outgoing, size.ws_row);
  end_note(before);
}

static void note_input(void) {
  char bytes[INPUT_BYTES];
  ssize_t count = read(STDIN_FILENO, bytes, sizeof bytes);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  wants_input = 0;
  begin_note("cli.input");
  add_text(&outgoing, count > 0 ? "\"base64\":\"" : "\"end\":true");
  if (count > 0) {
    add_base64(&outgoing, bytes, (size_t)count);
    add_text(&outgoing, "\"");
  }
  end_note(0);
}

static void on_resize(int number) { was_resized = number; }

static void on_interrupt(int number) { was_interrupted = number; }

/* Handled only while we wait in ppoll(2), so that none is missed. */
static void listen_for(int number, void (*handler)(int)) {
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, number);
  sigaction(number, &(struct sigaction){.sa_handler = handler}, NULL);
  sigprocmask(handler == SIG_DFL ? SIG_UNBLOCK : SIG_BLOCK, &one, NULL);
  sigdelset(&usual_mask, number);
}

static void note_interrupt(void) {
  was_interrupted = 0;
  size_t before = note_start();
  begin_note("cli.interrupt");
  end_note(before);
  /* Where the engine does not answer, the next one ends us. */
  listen_for(SIGINT, SIG_DFL);
}

static void begin(void) {
  has_begun = 1;
  open_output();
  /* A reader that has gone is seen by EPIPE. */
  signal(SIGPIPE, SIG_IGN);
  if (isatty(STDOUT_FILENO) || isatty(STDERR_FILENO)) listen_for(SIGWINCH, on_resize);
}

static int is_word(const char *bytes, size_t length, const char *word) {
  return length == strlen(word) && memcmp(bytes, word, length) == 0;
}

/* Of the notification `cli`. Returns 0 if it makes no sense. */
static int take_notification(struct Json *json) {
  char key[32], kind[32] = "", stream[8] = "";
  size_t kind_length = 0, stream_length = 0;
  long length = 0;
  int code = 1, is_wanted = 0;
  char *piece = piece_place();
  if (!piece) return 0;
  for (enter_object(json); next_member(json, key, sizeof key);) {
    if (strcmp(key, "kind") == 0) kind_length = read_string(json, kind, sizeof kind);
    else if (strcmp(key, "stream") == 0) stream_length = read_string(json, stream, sizeof stream);
    else if (strcmp(key, "text") == 0) length = (long)read_string(json, piece, LONGEST_PIECE);
    else if (strcmp(key, "base64") == 0) length = decode_base64(piece, read_string(json, piece, LONGEST_PIECE));
    else if (strcmp(key, "exit_code") == 0) code = (int)read_integer(json);
    else if (strcmp(key, "wanted") == 0) is_wanted = read_boolean(json);
    else skip_value(json);
  }
  if (json->has_failed || length < 0) return 0;
  int fd = is_word(stream, stream_length, "stderr") ? STDERR_FILENO : STDOUT_FILENO;
  if (is_word(kind, kind_length, "begun")) {
    begin();
    if ((size_t)length > sizeof lost_text) return 0;
    memcpy(lost_text, piece, lost_length = (size_t)length);
    lost_stream = fd;
    exit_code = code;
  } else if (!has_begun) return 0;
  else if (is_word(kind, kind_length, "output")) add_piece(fd, (size_t)length);
  else if (is_word(kind, kind_length, "input")) wants_input = 1;
  else if (is_word(kind, kind_length, "interrupts")) listen_for(SIGINT, is_wanted ? on_interrupt : SIG_DFL);
  return 1;
}

/* Of the reply. Returns 0 if it makes no sense, or if the engine has not run the command. */
static int take_result(struct Json *json) {
  char key[32];
  int code = -1;
  for (enter_object(json); next_member(json, key, sizeof key);) {
    if (strcmp(key, "exit_code") == 0) code = (int)read_integer(json);
    else {
      if (strcmp(key, "signal") == 0) dies_of_interrupt = 1;
      skip_value(json);
    }
  }
  if (json->has_failed || !has_begun || (code < 0 && !dies_of_interrupt)) return 0;
  exit_code = code;
  has_ended = 1;
  return 1;
}

static int take_line(const char *line, size_t length) {
  struct Json json = {.at = line, .end = line + length};
  char key[32], method[16] = "";
  size_t method_length = 0;
  int makes_sense = 1;
  for (enter_object(&json); next_member(&json, key, sizeof key) && makes_sense;) {
    if (strcmp(key, "method") == 0) method_length = read_string(&json, method, sizeof method);
    else if (strcmp(key, "params") == 0 && is_word(method, method_length, "cli")) makes_sense = take_notification(&json);
    else if (strcmp(key, "result") == 0) makes_sense = take_result(&json);
    else if (strcmp(key, "error") == 0) makes_sense = 0;
    else skip_value(&json);
  }
  return makes_sense && !json.has_failed;
}

static int is_blank(const char *line, size_t length) { return length == 0 || (length == 1 && *line == '\r'); }

/* Returns 0 if the connection is of no use any more. */
static int receive(void) {
  ssize_t count = recv(engine, incoming + received, sizeof incoming - received, MSG_DONTWAIT);
  if (count < 0) return errno == EAGAIN || errno == EINTR;
  if (count == 0) return 0;
  received += (size_t)count;
  char *from = incoming;
  for (char *end; !has_ended && (end = memchr(from, '\n', received - (size_t)(from - incoming)));) {
    if (!is_blank(from, (size_t)(end - from)) && !take_line(from, (size_t)(end - from))) return 0;
    from = end + 1;
  }
  received -= (size_t)(from - incoming);
  memmove(incoming, from, received);
  return received < sizeof incoming;
}

static int send_more(void) {
  ssize_t count = send(engine, outgoing.bytes + sent, outgoing.length - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (count < 0) return errno == EAGAIN || errno == EINTR;
  sent += (size_t)count;
  return 1;
}

/* Waits until something can be done, and does it. Returns 0 when the connection is lost. */
static int work(void) {
  struct pollfd waits[3] = {{.fd = has_ended ? -1 : engine, .events = POLLIN},
                            {.fd = -1, .events = POLLOUT},
                            {.fd = -1, .events = POLLIN}};
  if (sent < outgoing.length) waits[0].events |= POLLOUT;
  else if (wants_input && !has_ended) waits[2].fd = STDIN_FILENO;
  if (has_output()) waits[1].fd = output_descriptor();
  if (ppoll(waits, 3, NULL, &usual_mask) < 0 && errno != EINTR) return 0;
  /* Before other notes: it has the whole room. */
  if (waits[2].revents) note_input();
  if (was_resized) note_size();
  if (was_interrupted) note_interrupt();
  if (waits[1].revents) note_written(write_output());
  if (waits[0].revents & POLLOUT && !send_more()) return 0;
  return !(waits[0].revents & ~POLLOUT) || receive();
}

static void lose_connection(void) {
  char *piece = piece_place();
  if (piece) {
    memcpy(piece, lost_text, lost_length);
    add_piece(lost_stream, lost_length);
  }
  has_ended = 1;
}

/* --socket as cli/arguments.ts has it; returns 0 where that one has to look for itself. */
static int find_socket(int argc, char **argv, const char **named) {
  const char *from_environment = getenv("TASKMASTER_SOCKET");
  *named = from_environment && *from_environment ? from_environment : NULL;
  int count = 0;
  for (int index = 1; index < argc && strcmp(argv[index], "--") != 0; index++) {
    if (strncmp(argv[index], "--socket", 8) != 0) continue;
    if (argv[index][8] == '=') *named = argv[index] + 9;
    else if (argv[index][8] == '\0' && index + 1 < argc) *named = argv[++index];
    else return 0;
    count++;
  }
  return count < 2;
}

/* What main.ts gives to another program than the shell, and what needs no engine. */
static int is_of_others(const char *name, int argc, char **argv) {
  if (argc < 2 || strcmp(name, "taskboard") == 0 || strcmp(argv[1], "--version") == 0) return 1;
  if (strcmp(name, "taskmaster") != 0) return 0;
  if (strcmp(argv[1], "board") == 0) return 1;
  return strcmp(argv[1], "engine") == 0 && argc > 2 && (strcmp(argv[2], "start") == 0 || strcmp(argv[2], "check") == 0);
}

int run_verb(const char *name, int argc, char **argv) {
  const char *named;
  char path[SOCKET_PATH_SIZE];
  if (is_of_others(name, argc, argv) || !find_socket(argc, argv, &named)) return RUN_NODE;
  for (int fd = 0; fd <= STDERR_FILENO; fd++)
    if (fcntl(fd, F_GETFD) < 0) return RUN_NODE;
  engine = connect_to_engine(named, path);
  if (engine < 0) return RUN_NODE;
  add_request(argc, argv, path);
  sigprocmask(SIG_SETMASK, NULL, &usual_mask);
  int is_connected = !outgoing.has_failed && send_more();
  while (is_connected && (!has_ended || has_output())) is_connected = work();
  if (!has_begun) {
    close(engine);
    return RUN_NODE;
  }
  if (!has_ended) lose_connection();
  while (has_output()) work();
  if (!dies_of_interrupt) return exit_code;
  listen_for(SIGINT, SIG_DFL);
  raise(SIGINT);
  return exit_code;
}
