#pragma once

/* As tini numbers them: TINI_VERBOSITY is the last level that is shown, -v adds one to REPORT_WARN. */
enum ReportLevel { REPORT_FATAL, REPORT_WARN, REPORT_INFO, REPORT_DEBUG, REPORT_TRACE };

struct Reporter {
  const char *name;
  int verbosity;
};

/* One line, `[WARN  NAME (PID)] …`: up to warnings on standard error, the chatter on standard output as tini's is. */
__attribute__((format(printf, 3, 4))) void report(const struct Reporter *to, enum ReportLevel level,
                                                  const char *format, ...);
