import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { withoutRange } from '../../src/build/elf-hole.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const MEBIBYTE = 1_048_576;
const BEGIN = 'here the filler begins';
const END = 'and here it ends';

/** A mebibyte that nobody reads lies before what `main` prints, and before what is written to. */
const PROGRAM = `#include <stdio.h>
#include <string.h>
struct { char begin[64]; char filler[${MEBIBYTE}]; char end[64]; char words[64]; } const data
  = {"${BEGIN}", {1}, "${END}", "still here"};
static char written[64] = "before";
int main(void) {
  strcpy(written, "after");
  printf("%s, %s\\n", data.words, written);
  return 7;
}
`;

test('a program without the part that it does not read is smaller and runs as before', (t) => {
  const folder = temporaryFolder(t);
  const program = join(folder, 'program');
  writeFileSync(join(folder, 'program.c'), PROGRAM);
  for (const kind of ['-no-pie', '-pie', '-static']) {
    execFileSync('gcc', ['-O1', kind, '-o', program, join(folder, 'program.c')]);
    const whole = readFileSync(program);
    const cut = withoutRange(whole, whole.indexOf(BEGIN) + 64, whole.indexOf(END));
    writeFileSync(`${program}-cut`, cut);
    chmodSync(`${program}-cut`, 0o755);
    assert.ok(whole.length - cut.length > MEBIBYTE - 2 * 65_536, `${kind}: ${whole.length - cut.length}`);
    const output = execFileSync('sh', ['-c', `${program}-cut; echo $?`], { encoding: 'utf8' });
    assert.equal(output, 'still here, after\n7\n', kind);
  }
});

test('a range of less than a page stays', (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'program.c'), PROGRAM);
  execFileSync('gcc', ['-o', join(folder, 'program'), join(folder, 'program.c')]);
  const whole = readFileSync(join(folder, 'program'));
  const at = whole.indexOf(BEGIN);
  assert.ok(withoutRange(whole, at + 64, at + 128).equals(whole));
});

test('what is no ELF file, and a range in no segment, are refused', () => {
  assert.throws(() => withoutRange(Buffer.alloc(64), 0, 4096), /not a 64-bit little-endian ELF file/);
  const node = readFileSync(process.execPath);
  assert.throws(() => withoutRange(node, node.length - 8192, node.length), /lies in no segment/);
});
