/** What `EngineControl` needs of what instances print, and of their input. */

import type { DroppedOutput, OutputSnapshot } from '../../wire/snapshot.ts';
import type { Cancel } from '../ports/clock.ts';
import type { ClaimOptions, InputClaim } from '../ports/input.ts';

export interface Requester {
  readonly uid: number;
  readonly pid: number;
}

/** A piece of what an instance printed. */
interface OutputPiece {
  readonly stream: 'stdout' | 'stderr';
  readonly incarnation: number;
  readonly bytes: Uint8Array;
  readonly time: number;
}

/** One that was just read. */
export interface FollowedPiece extends OutputPiece {
  /** Its bytes, which are valid during the call only, to keep: the same for all who ask. */
  keep(): Uint8Array;
}

/** One that is still remembered. */
export interface RecentPiece extends OutputPiece {
  /** Bytes of its stream before it. */
  readonly position: number;
}

export type ByStream = Readonly<Record<OutputPiece['stream'], number>>;

export interface OutputAccess {
  readonly recentOutput: (instance: string) => readonly RecentPiece[];
  /** Bytes that were read of each stream so far. */
  readonly position: (instance: string) => ByStream;
  /** Those of them that are in no entry of the journal yet: a line that has not ended. */
  readonly unfinished: (instance: string) => ByStream;
  readonly followOutput: (instance: string, listener: (piece: FollowedPiece) => void) => Cancel;
  /** The last lines an instance printed, decoded for display. */
  readonly lastLines: (instance: string) => readonly string[];
  readonly dropped: (instance: string) => readonly DroppedOutput[];
  readonly costs: () => OutputSnapshot;
}

export interface InputAccess {
  readonly claim: (instance: string, who: Requester, options: ClaimOptions) => InputClaim;
}
