/** `seccomp` of a process: whether this kernel has it is found at load. */

import type { OwnPrivileges } from '../document/config-ports.ts';
import type { Place } from '../document/place.ts';

/** @param place of the process's table */
export function resolveSeccomp(
  place: Place,
  given: 'default' | undefined,
  self: OwnPrivileges,
): { readonly seccomp?: 'default' } {
  if (given === undefined) return {};
  if (!self.hasSeccomp())
    place.at('seccomp').problem({
      message: 'cannot be given: this kernel has no seccomp, or the container may not use it',
      hint: 'remove it, or run the container on a kernel with CONFIG_SECCOMP_FILTER',
    });
  return { seccomp: given };
}
