/** A process as the files have it. */

import type { Place } from '../document/place.ts';
import type { ProcessSource } from '../schema/schema.ts';

/** A process's table where it stands. */
export interface PlacedProcess {
  readonly place: Place;
  readonly process: ProcessSource;
}
