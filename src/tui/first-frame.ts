/** The bytes of the first screen. The build runs this, so that its compiled code is kept beside the bundle. Pure. */

import type { Result } from '../rpc/contract.ts';
import type { Size } from './cells.ts';
import { initialModel } from './model.ts';
import { paint } from './paint.ts';
import { update } from './update.ts';
import { view } from './view.ts';

export function firstFrame(status: Result<'status'>, size: Size): string {
  const { model } = update(initialModel(size, 0), { kind: 'connected', status });
  return paint(undefined, view(model), true);
}
