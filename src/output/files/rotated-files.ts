/** The rotation of an open file, and what goes on beside the writing afterwards: removing old files, compressing. */

import { OpenedFile } from '../../files/open-descriptor.ts';
import { errorText } from '../sinks/error-text.ts';
import { isStillThere, type OpenFile, openSuccessor } from '../sinks/open-file.ts';
import type { RotationRules } from '../sinks/output-file.ts';
import { compressFile, removeOldest, rotateFiles } from './rotation.ts';

export interface RotationRequest {
  readonly path: string;
  readonly open: OpenFile;
  readonly rules: () => RotationRules;
  /** Takes over the size of the open file. @returns true if there is no need to rotate it any more. */
  readonly isSpared: (size: number) => boolean;
}

export class RotatedFiles {
  readonly #onFailed: (message: string) => void;
  #removing: Promise<void> = Promise.resolve();
  #compressing: Promise<void> = Promise.resolve();

  constructor(onFailed: (message: string) => void) {
    this.#onFailed = onFailed;
  }

  /** Resolves when no file that is too old is left. */
  get removed(): Promise<void> {
    return this.#removing;
  }

  /** @returns the file to continue in, or undefined if this one was spared. Rejects if it cannot be rotated. */
  async rotate({ path, open, rules, isSpared }: RotationRequest): Promise<OpenFile | undefined> {
    // The file before must have its final name before the next one takes it.
    await this.#removing;
    await this.#compressing;
    const { realPath } = open;
    const facts = await new OpenedFile(open).facts();
    if (isSpared(facts.size)) return undefined;
    if (await isStillThere(realPath, open)) await rotateFiles(realPath, rules().maxFiles);
    const successor = await openSuccessor(path, facts, rules().access);
    this.#remove(realPath, rules().maxFiles);
    if (rules().compress && rules().maxFiles > 0) this.#compress(`${realPath}.1`, open);
    return successor;
  }

  /** Beside the writing, as it takes long with a large file. */
  #remove(path: string, maxFiles: number): void {
    this.#removing = removeOldest(path, maxFiles).catch((error: unknown) =>
      this.#onFailed(`cannot remove what is older than ${path}.${maxFiles}: ${errorText(error)}`),
    );
  }

  /** Beside the writing, not before it: a gigabyte takes seconds. */
  #compress(path: string, rotated: OpenFile): void {
    this.#compressing = compressFile(path, undefined, rotated).catch((error: unknown) =>
      this.#onFailed(`cannot compress ${path}: ${errorText(error)}`),
    );
  }
}
