/** What a process may do beyond what its user may, and what it may become. */

import { flag, nonEmptyText, type SchemaRows } from './values.ts';

const capabilityNames = {
  type: 'array',
  items: nonEmptyText,
  expected: 'an array of names such as "NET_BIND_SERVICE"',
} as const;

const pathList = {
  type: 'array',
  maxItems: 256,
  items: nonEmptyText,
  perInstance: true,
  expected: 'an array of paths such as ["/srv"]',
} as const;

export const privilegesSchema = {
  capabilities: {
    reload: 'restart',
    ...capabilityNames,
    description:
      'Capabilities to keep (capabilities(7)), also as another user: they are ambient. All others are dropped, from the bounding set too unless `bounding_capabilities` is given. Default: left to the kernel’s rules.',
    examples: [['NET_BIND_SERVICE']],
  },
  bounding_capabilities: {
    reload: 'restart',
    ...capabilityNames,
    description:
      'Capabilities that it and what it starts can ever have: root by executing a program, others by set-user-ID programs and files with capabilities. Default: those of `capabilities`, if that is given, otherwise the engine’s own.',
    examples: [['SETUID', 'SETGID']],
  },
  securebits: {
    reload: 'restart',
    type: 'array',
    items: {
      type: 'string',
      enum: ['noroot', 'noroot-locked', 'no-setuid-fixup', 'no-setuid-fixup-locked', 'keep-caps-locked'],
    },
    description:
      'How the kernel treats root (capabilities(7)), in the words of systemd. `noroot`: being root gives no capabilities, so a process of root has those of `capabilities` only. `…-locked`: that cannot be changed again.',
    expected: 'an array such as ["noroot", "noroot-locked"]',
    examples: [['noroot', 'noroot-locked']],
  },
  seccomp: {
    reload: 'restart',
    type: 'string',
    enum: ['default'],
    description:
      'System calls that a service does not need fail for it, and for all that it starts; see “Confine a service” for the list. It sets `no_new_privs`. Default: only what the container forbids.',
    expected: '"default"',
    examples: ['default'],
  },
  read_only_paths: {
    reload: 'restart',
    ...pathList,
    description:
      'Read-only for it, with all that is below and mounted there. `["/"]`: everything. A leading `-`: it may be absent. This key, `inaccessible_paths` and `private_tmp` need CAP_SYS_ADMIN; `landlock` needs no privilege.',
    examples: [['/srv']],
  },
  inaccessible_paths: {
    reload: 'restart',
    ...pathList,
    description:
      'Empty for it: directories have no entries, files no content. A leading `-`: it may be absent.',
    examples: [['/run/secrets']],
  },
  private_tmp: {
    reload: 'restart',
    ...flag,
    default: false,
    description:
      'Gives it a /tmp and a /var/tmp of its own, in memory and empty at each start. Steps and health checks have others.',
  },
  chroot: {
    reload: 'restart',
    ...nonEmptyText,
    perInstance: true,
    description:
      'Directory that becomes its root directory; `cmd`, `workingdir` and the paths of `landlock` are in there. It needs CAP_SYS_CHROOT. A process of root can leave it, so give it a `user`.',
    examples: ['/srv/jail'],
  },
} as const satisfies SchemaRows;
