/** The system's users and groups, and what the engine itself is, for the configuration. */

import { readFileSync } from 'node:fs';
import type { OwnPrivileges, UserDatabase } from '../config/document/config-ports.ts';
import { capabilitiesOfMask } from '../config/values/capabilities.ts';
import { SystemError } from '../errors.ts';
import { native } from './native.ts';

export const systemUsers: UserDatabase = {
  user: (nameOrUid) => found('user', nameOrUid, native().lookUpUser(nameOrUid)),
  group: (nameOrGid) => found('group', nameOrGid, native().lookUpGroup(nameOrGid)),
};

function found<Entry>(what: string, name: string, answer: Entry | string | null): Entry | undefined {
  if (typeof answer === 'string')
    throw new SystemError(answer, `cannot look up the ${what} ${name}: ${answer}`);
  return answer ?? undefined;
}

export function ownPrivileges(): OwnPrivileges {
  const status = readFileSync('/proc/self/status', 'utf8');
  const permitted = /^CapPrm:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0';
  return {
    uid: process.geteuid?.() ?? 0,
    gid: process.getegid?.() ?? 0,
    groups: process.getgroups?.() ?? [],
    capabilities: capabilitiesOfMask(permitted),
    hasSeccomp: () => /^Seccomp:/m.test(status),
    landlockVersion: () => native().landlockVersion(),
  };
}
