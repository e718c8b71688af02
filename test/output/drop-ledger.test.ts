import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DropLedger } from '../../src/output/drop-ledger.ts';
import { EventStream } from '../../src/supervisor/events/event-stream.ts';

const NO_ROOM = '/log could not be written to';

function rig(): {
  readonly ledger: DropLedger;
  drop(stream: string, bytes: number, instance?: string): number;
} {
  const events = new EventStream({ wallTime: () => 0 });
  const ledger = new DropLedger(events);
  const drop = (stream: string, bytes: number, instance?: string): number =>
    events.emit('output_dropped', { stream, bytes, reason: NO_ROOM }, { ...(instance && { instance }) });
  return { ledger, drop };
}

test('what was dropped is summed up by instance, stream and reason', () => {
  const { ledger, drop } = rig();
  drop('stdout', 10, 'web');
  drop('stdout', 5, 'web');
  drop('stderr', 1, 'web');
  drop('stdout', 100, 'db');
  assert.deepEqual(ledger.of('web'), [
    { stream: 'stdout', bytes: 15, reason: NO_ROOM },
    { stream: 'stderr', bytes: 1, reason: NO_ROOM },
  ]);
  assert.deepEqual(ledger.of('nobody'), []);
  ledger.forget('web');
  assert.deepEqual(ledger.of('web'), []);
  assert.equal(ledger.bytes, 116, 'what is gone is gone');
});

test('the container’s stream counts for all together, the engine’s own log for nobody', () => {
  const { ledger, drop } = rig();
  drop('stdout', 7);
  drop('log', 1_000);
  assert.equal(ledger.bytes, 7);
});
