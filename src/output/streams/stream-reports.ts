/** How a slow or stuck reader of a shared stream is reported: as a path that cannot be written to. */

import { shortDuration } from '../../units.ts';
import type { FileReports } from '../sinks/output-file.ts';
import type { StreamReports } from './shared-stream.ts';

/** @param reason why something was dropped, without numbers: drops are added up by it. */
export function streamReports(reports: FileReports, reason: string): StreamReports {
  return {
    onStuck: (ms, source) =>
      reports.onFailed(
        `its reader has read nothing for ${shortDuration(ms)}; the oldest lines are dropped until it reads again`,
        source,
      ),
    onFlowing: (source) => reports.onRestored(source),
    onDropped: (source, bytes) => reports.onDropped(bytes, reason, source),
  };
}
