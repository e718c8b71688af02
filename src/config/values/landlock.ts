/** `landlock` of a process, and what of it this kernel cannot do. */

import type { OwnPrivileges } from '../document/config-ports.ts';
import type { Place } from '../document/place.ts';
import type { LandlockRules, SpawnSettings } from '../resolved-config.ts';
import type { ProcessSource } from '../schema/schema.ts';
import { isDeferred, textsOfInstances } from '../text/instance-text.ts';
import { showValue } from '../text/show-value.ts';
import { pathsAt } from './mounts.ts';

type LandlockSource = NonNullable<ProcessSource['landlock']>;

const MAX_PORT = 65_535;

/** What came with which version of the kernel's interface (landlock(7)). */
const LATER_KINDS: readonly {
  readonly since: number;
  readonly what: string;
  readonly isAskedFor: (rules: LandlockRules) => boolean;
}[] = [
  { since: 1, what: 'paths', isAskedFor: restrictsFiles },
  { since: 3, what: 'truncation of files', isAskedFor: restrictsFiles },
  { since: 4, what: 'connect_tcp', isAskedFor: ({ connectTcp }) => connectTcp !== undefined },
  { since: 4, what: 'bind_tcp', isAskedFor: ({ bindTcp }) => bindTcp !== undefined },
];

function restrictsFiles({ read, write, execute }: LandlockRules): boolean {
  return (read ?? write ?? execute) !== undefined;
}

/** @param place of the `landlock` table */
export function resolveLandlock(
  place: Place,
  landlock: LandlockSource | undefined,
  instances: number,
  self: Pick<OwnPrivileges, 'landlockVersion'>,
): Pick<SpawnSettings, 'landlock'> {
  if (landlock === undefined) return {};
  const rules: LandlockRules = {
    ...(landlock.read && { read: pathsAt(place.at('read'), landlock.read) }),
    ...(landlock.write && { write: pathsAt(place.at('write'), landlock.write) }),
    ...(landlock.execute && { execute: pathsAt(place.at('execute'), landlock.execute) }),
    ...(landlock.connect_tcp && {
      connectTcp: portsAt(place.at('connect_tcp'), landlock.connect_tcp, instances),
    }),
    ...(landlock.bind_tcp && { bindTcp: portsAt(place.at('bind_tcp'), landlock.bind_tcp, instances) }),
    isRequired: landlock.required,
  };
  if (Object.keys(landlock).length === 1) {
    place.problem({
      message: 'it restricts nothing',
      expected: 'at least one of read, write, execute, connect_tcp and bind_tcp',
    });
    return {};
  }
  reportMissing(place, rules, self.landlockVersion());
  return { landlock: rules };
}

function reportMissing(place: Place, rules: LandlockRules, version: number): void {
  const missing = LATER_KINDS.filter(({ since, isAskedFor }) => version < since && isAskedFor(rules));
  if (missing.length === 0) return;
  const list = missing.map(({ what, since }) => (version === 0 ? what : `${what} (version ${since})`));
  const kernel =
    version === 0
      ? 'this kernel has no Landlock, or the container may not use it'
      : `this kernel has version ${version} of Landlock`;
  const sentence = `${kernel}; it cannot restrict ${list.join(', ')}`;
  if (!rules.isRequired)
    place.warning(`${sentence}. ${version === 0 ? 'The process runs without it' : 'The rest applies'}`);
  else
    place.at('required').problem({
      message: sentence,
      hint: 'run the container on a newer kernel, or remove required = true: then only a warning is logged',
    });
}

function portsAt(
  place: Place,
  ports: readonly (number | string)[],
  instances: number,
): readonly (number | string)[] {
  return ports.map((port, index) => {
    if (typeof port === 'number') return port;
    const wrong = textsOfInstances(port, instances).find((text) => !isPort(text));
    if (wrong !== undefined)
      place.at(index).problem({ message: `found ${showValue(wrong)}`, expected: 'a port from 0 to 65535' });
    return isDeferred(port) ? port : Number(port);
  });
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) <= MAX_PORT;
}
