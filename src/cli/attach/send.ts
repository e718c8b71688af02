/** `send`: a line, or what is piped in, to the standard input of one instance, which stays open. */

import type { RpcClient } from '../../rpc/client/client.ts';
import type { Result } from '../../rpc/contract/contract.ts';
import { bad } from '../arguments.ts';
import type { CommandHandler, Invocation } from '../command.ts';
import { jsonText, say } from '../io.ts';
import { plainLine } from '../plain-text.ts';

/** In base64 and with all around it far below the longest line that the engine reads. */
const PIECE_BYTES = 49_152;
const NEWLINE = 0x0a;

export const send: CommandHandler = async (invocation) => {
  const { operands, flags, io, connect, command } = invocation;
  const [name = '', text] = operands;
  const isPiped = text === undefined;
  if (isPiped && io.stdin.isTTY === true) throw bad('TEXT is missing (or pipe it in)', command);
  if (isPiped && flags.has('--no-newline')) throw bad('--no-newline goes with TEXT', command);
  const client = await connect();
  const end = flags.has('--no-newline') ? '' : '\n';
  const sent = isPiped
    ? await sendPiped(client, name, invocation)
    : await sendBytes(client, name, Buffer.from(`${text}${end}`));
  if (flags.has('--json')) say(io, jsonText(sent));
  else say(io, `sent ${sent.bytes} bytes to ${plainLine(sent.instance)}`);
  return 0;
};

function sendBytes(client: RpcClient, name: string, bytes: Buffer): Promise<Result<'send'>> {
  return client.call('send', { name, base64: bytes.toString('base64') });
}

/** Byte for byte, whole lines together as far as they are not too long: others may send between two pieces. */
async function sendPiped(client: RpcClient, name: string, { io }: Invocation): Promise<Result<'send'>> {
  let total: Result<'send'> | undefined;
  let held = Buffer.alloc(0);
  const pass = async (bytes: Buffer): Promise<void> => {
    for (let from = 0; from < bytes.length; from += PIECE_BYTES) {
      const { instance, bytes: count } = await sendBytes(
        client,
        name,
        bytes.subarray(from, from + PIECE_BYTES),
      );
      total = { instance, bytes: (total?.bytes ?? 0) + count };
    }
  };
  for await (const chunk of io.stdin) {
    held = Buffer.concat([held, Buffer.from(chunk as Buffer)]);
    const whole = held.lastIndexOf(NEWLINE) + 1;
    const ready = whole > 0 ? whole : held.length > PIECE_BYTES ? held.length : 0;
    await pass(held.subarray(0, ready));
    held = held.subarray(ready);
  }
  await pass(held);
  return total ?? (await sendBytes(client, name, held));
}
