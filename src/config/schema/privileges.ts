/** What a process may do beyond what its user may, and what it may become. */

import { nonEmptyText, type SchemaRows } from './values.ts';

const capabilityNames = {
  type: 'array',
  items: nonEmptyText,
  expected: 'an array of names such as "NET_BIND_SERVICE"',
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
} as const satisfies SchemaRows;
