import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExitStatus } from '../../src/lifecycle/exit-outcome.ts';
import type { Result, WireExitStatus, WireInstance, WireWhy } from '../../src/rpc/contract/contract.ts';
import type {
  EngineSnapshot,
  HealthVerdict,
  InstanceSnapshot,
  ReloadReport,
  WhyReport,
} from '../../src/wire/snapshot.ts';

/** Compiles only where either side may stand for the other. */
type Same<Left, Right> = [Left] extends [Right] ? ([Right] extends [Left] ? true : never) : never;
/** On the wire a signal is any text. */
type OnWire<T> = T extends `SIG${string}`
  ? string
  : T extends readonly (infer Item)[]
    ? readonly OnWire<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: OnWire<T[Key]> }
      : T;

test('the shapes on the wire are the shapes of the snapshot, which the compiler proves', () => {
  const proven: readonly [
    Same<OnWire<ExitStatus>, WireExitStatus>,
    Same<OnWire<InstanceSnapshot>, WireInstance>,
    Same<OnWire<EngineSnapshot>, Result<'status'>>,
    Same<OnWire<Omit<WhyReport, 'chain'>>, Omit<WireWhy, 'chain'>>,
    Same<HealthVerdict, Result<'health'>>,
    Same<ReloadReport, Omit<Result<'reload'>, 'not_up'>>,
  ] = [true, true, true, true, true, true];
  assert.ok(proven.every(Boolean));
});
