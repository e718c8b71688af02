/** `limits`: the resources of setrlimit(2). */

const limitValue = {
  type: ['integer', 'string', 'object'],
  minimum: 0,
  pattern: '^(unlimited|infinity)$|^\\s*\\d+(\\.\\d+)?\\s*([KMGT]i?B|B)?\\s*$',
  properties: {
    soft: { type: ['integer', 'string'], minimum: 0 },
    hard: { type: ['integer', 'string'], minimum: 0 },
  },
  required: ['soft', 'hard'],
  additionalProperties: false,
  expected: 'a number, a size such as "1GiB", "unlimited", or {soft, hard}',
} as const;

export const limits = {
  merge: 'keys',
  type: 'object',
  description:
    'Resource limits of setrlimit(2): a number or size for both, `"unlimited"`, or `{soft, hard}`. What is absent is as the container set it.',
  properties: {
    as: { ...limitValue, description: 'Bytes of address space.' },
    core: { ...limitValue, description: 'Bytes of a core file.' },
    cpu: { ...limitValue, description: 'Seconds of CPU time.' },
    data: { ...limitValue, description: 'Bytes of data segment.' },
    fsize: { ...limitValue, description: 'Bytes of a file it writes.' },
    locks: { ...limitValue, description: 'File locks (no effect since Linux 2.4.25).' },
    memlock: { ...limitValue, description: 'Bytes locked in memory.' },
    msgqueue: { ...limitValue, description: 'Bytes in POSIX message queues.' },
    nice: { ...limitValue, description: 'Ceiling of the nice value, as 20 − nice.' },
    nofile: { ...limitValue, description: 'Open files.', examples: [65536] },
    nproc: { ...limitValue, description: 'Processes and threads of its user.' },
    rss: { ...limitValue, description: 'No effect on Linux today.' },
    rtprio: { ...limitValue, description: 'Ceiling of the real-time priority.' },
    rttime: { ...limitValue, description: 'Microseconds of uninterrupted real-time CPU.' },
    sigpending: { ...limitValue, description: 'Queued signals of its user.' },
    stack: { ...limitValue, description: 'Bytes of stack.' },
  },
  additionalProperties: false,
  expected: 'a table such as {nofile = 65536}',
} as const;
