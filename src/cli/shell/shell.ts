/** taskshell without a verb: at the prompt on a terminal, else commands from standard input. */

import { createInterface } from 'node:readline';
import type { ShellOptions } from '../command.ts';
import { type CliIo, onOneTerminal } from '../io.ts';
import { LazyConnection } from '../lazy-connection.ts';
import { runScript } from './script.ts';

/** @returns the exit code of the last command that failed, 0 where none did. */
export async function runShell(
  io: CliIo,
  { socket, commands, stopsAtFailure }: ShellOptions,
): Promise<number> {
  const environment =
    socket === undefined ? io.environment : { ...io.environment, TASKMASTER_SOCKET: socket };
  const surroundings: CliIo = { ...io, environment };
  const connection = new LazyConnection(surroundings);
  try {
    if (commands !== undefined)
      return await runScript({ lines: commands.split('\n'), stopsAtFailure }, surroundings, connection);
    if (io.stdin.isTTY === true && io.stdout.isTTY === true) {
      const { TerminalShell } = await import('./terminal-shell.ts');
      return await new TerminalShell(onOneTerminal(surroundings), connection).run();
    }
    const lines = createInterface({ input: io.stdin, terminal: false, crlfDelay: Number.POSITIVE_INFINITY });
    try {
      return await runScript({ lines, stopsAtFailure }, surroundings, connection);
    } finally {
      lines.close();
    }
  } finally {
    connection.close();
  }
}
