/** Verbs that only look: `health`, `env`, `config`, `version`. */

import { bad } from './arguments.ts';
import type { CommandHandler } from './command.ts';
import { jsonText, say } from './io.ts';
import { plainLine, plainText } from './plain-text.ts';

export const health: CommandHandler = async ({ command, flags, io, connect }) => {
  const asked = (['startup', 'ready', 'live'] as const).filter((question) => flags.has(`--${question}`));
  if (asked.length > 1) throw bad('one question at a time', command);
  const client = await connect();
  const verdict = await client.call('health', { question: asked[0] ?? 'ready' });
  say(io, flags.has('--json') ? jsonText(verdict) : plainLine(verdict.reason));
  return verdict.ok ? 0 : 1;
};

export const env: CommandHandler = async ({ operands: [name = ''], flags, io, connect }) => {
  const client = await connect();
  const result = await client.call('env', { name });
  if (flags.has('--json')) {
    say(io, jsonText(result));
    return 0;
  }
  const lines = Object.entries(result.environment).map(([key, value]) => plainLine(`${key}=${value}`));
  for (const line of lines.sort()) say(io, line);
  return 0;
};

export const config: CommandHandler = async ({ operands: [process], flags, io, connect }) => {
  const client = await connect();
  const result = await client.call('config', process === undefined ? {} : { process });
  const isJson = flags.has('--json');
  say(io, isJson ? jsonText(result.config) : plainText(JSON.stringify(result.config, null, 2)));
  return 0;
};

export const version: CommandHandler = async ({ flags, io, connect }) => {
  const client = await connect();
  const result = await client.call('version', {});
  say(io, flags.has('--json') ? jsonText(result) : `taskmaster ${plainLine(result.version)}`);
  return 0;
};
