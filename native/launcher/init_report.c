#include "init_report.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

/* A pipe that poll(2) calls writable takes this much at once (pipe(7), PIPE_BUF). */
enum { LONGEST_LINE = 4096 };

static const char *const labels[] = {"FATAL", "WARN ", "INFO ", "DEBUG", "TRACE"};

void report(const struct Reporter *to, enum ReportLevel level, const char *format, ...) {
  if ((int)level > to->verbosity && level != REPORT_FATAL) return;
  char line[LONGEST_LINE];
  int length = snprintf(line, sizeof line, "[%s %s (%d)] ", labels[level], to->name, (int)getpid());
  va_list values;
  va_start(values, format);
  int more = vsnprintf(line + length, sizeof line - (size_t)length, format, values);
  va_end(values);
  length = more < (int)sizeof line - length ? length + more : (int)sizeof line - 1;
  line[length++] = '\n';
  int stream = level <= REPORT_WARN ? STDERR_FILENO : STDOUT_FILENO;
  /* Where nobody reads, the line is dropped: an init that waits for a reader neither reaps nor forwards. */
  struct pollfd room = {.fd = stream, .events = POLLOUT};
  if (poll(&room, 1, 0) == 1 && room.revents == POLLOUT && write(stream, line, (size_t)length) < 0) return;
}
