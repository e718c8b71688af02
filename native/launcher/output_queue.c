#include "output_queue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CANNOT_WRITE = 1, HUNG_UP = 129, BROKEN_PIPE = 141 };

/*
 * The engine sends at most 16 MiB ahead (rpc/verb-output.ts). What is never touched takes no memory: the queue begins at
 * its beginning again whenever it is empty.
 */
enum { QUEUE_SIZE = 24 * 1024 * 1024 };

/* A pipe that poll(2) calls writable takes so much at once (pipe(7), PIPE_BUF). */
enum { SAFE_WRITE = 4096 };

struct Piece {
  int stream;
  size_t length;
};

static char queue[QUEUE_SIZE] __attribute__((aligned(16)));
/* The first piece begins at head. */
static size_t head, tail;
/* Where the last piece begins. */
static size_t last;

struct Output {
  int fd;
  int is_socket, is_terminal;
  size_t most; /* at a time, that nobody has to wait for */
};

static struct Output outputs[3];

static void open_one(int fd) {
  struct stat status = {0};
  fstat(fd, &status);
  struct Output *output = &outputs[fd];
  output->fd = fd;
  output->is_socket = S_ISSOCK(status.st_mode);
  output->is_terminal = isatty(fd);
  output->most = S_ISREG(status.st_mode) || output->is_socket ? QUEUE_SIZE : SAFE_WRITE;
  if (!output->is_terminal) return;
  /* Another opening, which does not wait: that of the one we were given would count for all who have it. */
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  int again = open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (again < 0) return;
  output->fd = again;
  output->most = QUEUE_SIZE;
}

void open_output(void) {
  open_one(STDOUT_FILENO);
  open_one(STDERR_FILENO);
}

int has_output(void) { return head < tail; }

static struct Piece piece_at(size_t at) {
  struct Piece piece;
  memcpy(&piece, queue + at, sizeof piece);
  return piece;
}

char *piece_place(void) {
  size_t needed = sizeof(struct Piece) + LONGEST_PIECE;
  if (!has_output()) head = tail = 0;
  /* Before it grows on and on behind a reader who never catches up. */
  int is_worth_it = head > LONGEST_PIECE && head > tail - head;
  if (is_worth_it || (QUEUE_SIZE - tail < needed && head > 0)) {
    memmove(queue, queue + head, tail - head);
    last -= head;
    tail -= head;
    head = 0;
  }
  return QUEUE_SIZE - tail < needed ? NULL : queue + tail + sizeof(struct Piece);
}

void add_piece(int stream, size_t length) {
  if (length == 0) return;
  struct Piece piece = {.stream = stream, .length = length};
  struct Piece before = has_output() ? piece_at(last) : (struct Piece){0};
  if (before.stream == stream) {
    memmove(queue + tail, queue + tail + sizeof piece, length);
    before.length += length;
    memcpy(queue + last, &before, sizeof before);
    tail += length;
    return;
  }
  last = tail;
  memcpy(queue + tail, &piece, sizeof piece);
  tail += sizeof piece + length;
}

int output_descriptor(void) { return outputs[piece_at(head).stream].fd; }

/* In the words of libuv, as the other client has them. */
static const char *reason_of(int failure) {
  switch (failure) {
    case ENOSPC: return "no space left on device";
    case EIO: return "i/o error";
    case EFBIG: return "file too large";
    default: return strerror(failure);
  }
}

static void fail(int stream, int failure) {
  if (failure == EPIPE) _exit(BROKEN_PIPE);
  if (failure == EIO && outputs[stream].is_terminal) _exit(HUNG_UP);
  dprintf(STDERR_FILENO, "cannot write to standard %s: %s\n", stream == STDOUT_FILENO ? "output" : "error",
          reason_of(failure));
  _exit(CANNOT_WRITE);
}

size_t write_output(void) {
  struct Piece piece = piece_at(head);
  const struct Output *output = &outputs[piece.stream];
  const char *bytes = queue + head + sizeof piece;
  size_t length = piece.length < output->most ? piece.length : output->most;
  ssize_t written = output->is_socket ? send(output->fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL)
                                      : write(output->fd, bytes, length);
  if (written < 0) {
    if (errno != EAGAIN && errno != EINTR) fail(piece.stream, errno);
    return 0;
  }
  piece.length -= (size_t)written;
  if (piece.length == 0) {
    head += sizeof piece + (size_t)written;
    return (size_t)written;
  }
  /* What is left of the piece begins where its bytes are. */
  if (last == head) last += (size_t)written;
  head += (size_t)written;
  memcpy(queue + head, &piece, sizeof piece);
  return (size_t)written;
}
