/** What the engine needs to hear programs: sockets, pipes, their output, their pid files. */

import { getSystemErrorName } from 'node:util';
import type { Context, Script } from 'node:vm';
import { FileError, isMissing } from '../files/file-error.ts';
import { fileLater } from '../files/safe-files.ts';
import type { Cancel } from '../supervisor/ports/clock.ts';
import type {
  HeldChannel,
  LineMatcher,
  NotifyChannel,
  PidFile,
  SelfReportPort,
} from '../supervisor/ports/self-reports.ts';
import { type NotifySocketParts, NotifySockets } from './notify-sockets.ts';

/** Of a pid file. */
const MAX_BYTES = 4_096;
/** For the lines of one chunk: PID 1 stands still meanwhile. */
const MAX_MATCH_MS = 50;

export interface SelfReportParts extends Omit<NotifySocketParts, 'errnoName'> {
  readonly ownUid: number;
  readonly openPipe: (
    fd: number,
    taker: { readonly onData: (bytes: Buffer) => boolean; readonly onEnd: () => void },
  ) => { close(): void };
  readonly followOutput: SelfReportPort['followOutput'];
}

export class SelfReportSources implements SelfReportPort {
  readonly #parts: SelfReportParts;
  #opened: NotifySockets | undefined;

  constructor(parts: SelfReportParts) {
    this.#parts = parts;
  }

  get ownUid(): number {
    return this.#parts.ownUid;
  }

  openChannel(key: string): NotifyChannel | string {
    return this.#sockets().open(key);
  }

  adoptChannel(key: string, held: HeldChannel): NotifyChannel {
    return this.#sockets().adopt(key, held);
  }

  #sockets(): NotifySockets {
    const errnoName = (errno: number): string => getSystemErrorName(-errno);
    this.#opened ??= new NotifySockets({ ...this.#parts, errnoName });
    return this.#opened;
  }

  readPipe(fd: number, onData: (bytes: Uint8Array) => void, onEnd: () => void): Cancel {
    const reader = this.#parts.openPipe(fd, {
      onData: (bytes) => {
        onData(bytes);
        return true;
      },
      onEnd,
    });
    return () => reader.close();
  }

  followOutput(instance: string, onData: (stream: string, bytes: Uint8Array) => void): Cancel {
    return this.#parts.followOutput(instance, onData);
  }

  lineMatcher(expression: string): LineMatcher {
    const vm = process.getBuiltinModule('node:vm');
    // V8 keeps the time limit of a script within an expression too.
    const context: Context = vm.createContext({ expression: new RegExp(expression, 'u'), lines: [] });
    const script: Script = new vm.Script('lines.some((line) => expression.test(line))');
    return (lines) => {
      context.lines = lines;
      try {
        return Boolean(script.runInContext(context, { timeout: MAX_MATCH_MS }));
      } catch {
        return undefined;
      }
    };
  }

  async readPidFile(path: string): Promise<PidFile> {
    try {
      const { data, uid, mtimeMs } = await fileLater({
        work: 'readWhole',
        path,
        limit: MAX_BYTES,
        regularOnly: true,
      });
      return { kind: 'read', text: data?.toString('latin1') ?? '', uid, changedAt: mtimeMs };
    } catch (error) {
      if (isMissing(error)) return { kind: 'missing' };
      return { kind: 'refused', message: error instanceof FileError ? error.message : String(error) };
    }
  }
}
