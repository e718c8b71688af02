/** The bytes of the first screen. The build runs this, so that its compiled code is kept beside the bundle. Pure. */

import type { Result } from '../../rpc/contract/contract.ts';
import { initialModel } from '../model/model.ts';
import { update } from '../model/update.ts';
import type { Size } from '../screen/cells.ts';
import { paint } from '../screen/paint.ts';
import { view } from '../view/view.ts';

export function firstFrame(status: Result<'status'>, size: Size): string {
  const { model } = update(initialModel(size, 0), { kind: 'connected', status });
  return paint(undefined, view(model), true);
}
