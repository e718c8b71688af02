/** Tab in real shells on a pseudo-terminal, without anything that a distribution adds to them. */

import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { anInstance, FakeEngine } from '../support/fake-engine.ts';
import { startRig } from '../support/rpc-rig.ts';
import { Screen } from '../support/screen.ts';

const dist = resolve(import.meta.dirname, '../../dist');

const SHELLS: readonly [command: [string, ...string[]], setUp: string][] = [
  [['bash', '--norc', '--noprofile'], 'source <(taskshell completion bash)'],
  [['zsh', '-f'], 'autoload -Uz compinit; compinit -D -u; source <(taskshell completion zsh)'],
  [['fish', '--no-config'], 'taskshell completion fish | source'],
];

for (const [command, setUp] of SHELLS) {
  test(`Tab in ${command[0]} fills in verbs, flags and names with a colon`, async (t) => {
    const engine = new FakeEngine(anInstance('db'), anInstance('web:1'), anInstance('web:20'));
    const rig = await startRig(t, {}, engine);
    const screen = new Screen(t, command, {
      environment: {
        PATH: `${dist}:${process.env.PATH}`,
        HOME: rig.folder,
        XDG_DATA_HOME: join(rig.folder, 'data'),
        TASKMASTER_SOCKET: rig.path,
      },
    });
    await screen.shows(/[$#%>]\s*$/);
    screen.type(`${setUp}; echo set-"up"\r`);
    await screen.shows(/^set-up$/m);
    screen.type('taskshell statu\t');
    await screen.shows(/taskshell status/);
    screen.type(' web:2\t');
    await screen.shows(/taskshell status +web:20/);
    screen.type(' --wa\t');
    await screen.shows(/taskshell status +web:20 +--watch/);
  });
}
