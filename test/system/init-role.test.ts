import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SystemError } from '../../src/errors.ts';
import { takeInitRole } from '../../src/system/init-role.ts';

test('PID 1 gets the orphans by right and asks for nothing', () => {
  assert.equal(takeInitRole({ becomeSubreaper: () => assert.fail('not needed') }, 1), 'pid1');
});

test('any other process asks the kernel for them', () => {
  let asked = 0;
  const becomeSubreaper = (): number => {
    asked += 1;
    return 0;
  };
  assert.equal(takeInitRole({ becomeSubreaper }, 4_711), 'subreaper');
  assert.equal(asked, 1);
});

test('a refusal names the errno, what it costs and what to do', () => {
  const EPERM = 1;
  assert.throws(
    () => takeInitRole({ becomeSubreaper: () => EPERM }, 4_711),
    (error) => {
      assert.ok(error instanceof SystemError);
      assert.equal(error.errno, 'EPERM');
      assert.match(error.message, /^cannot become a child subreaper: EPERM; .*Run taskmaster as PID 1/);
      return true;
    },
  );
});
