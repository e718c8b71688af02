/** One client of the control socket: its requests in, its replies and notifications out, all of it bounded. */

import { TaskmasterError } from '../../errors.ts';
import type { Cancel, Clock } from '../../supervisor/ports/clock.ts';
import type { EnginePort } from '../access/engine-port.ts';
import { demandAccess, NO_RIGHTS, type PeerCredentials, type Rights } from '../access/peer.ts';
import { scopedEngine } from '../access/scoped-engine.ts';
import { METHODS } from '../contract/contract.ts';
import { ERROR_FACES, PARSE_ERROR } from '../contract/error-codes.ts';
import type { Connection } from '../protocol/connection.ts';
import { frame, isBlank, LineSplitter, LineTooLong, MAX_REQUEST_LINE_BYTES } from '../protocol/framing.ts';
import { type Call, type Malformed, readMessage } from '../protocol/message.ts';
import type { BudgetShare } from './byte-budget.ts';
import { type Answered, answer, type CallPorts, errorText, handle, mayLast } from './call.ts';
import type { FairWork, Worker } from './fair-work.ts';
import type { CallContext } from './handler-types.ts';
import { LineAnswers } from './line-answers.ts';
import { Outbox, type OutboxLimits } from './outbox.ts';
import { SessionVerbs } from './session-verbs.ts';
import type { Places } from './subscription-places.ts';
import { Subscriptions } from './subscriptions.ts';
import type { RunVerb } from './verb-run.ts';

export interface SessionLimits {
  /** Requests under way that may last, before no more are read. */
  readonly pendingRequests: number;
  /** To the end of the first request, and from the first byte of any request to its last. */
  readonly requestMs: number;
  readonly outbox: OutboxLimits;
}

export interface SessionParts {
  readonly engine: EnginePort;
  readonly peer: PeerCredentials;
  /** Asked at each call: a reload may have changed the grants. */
  readonly rights: () => Rights | undefined;
  readonly limits: SessionLimits;
  readonly work: FairWork;
  readonly replies: BudgetShare;
  readonly notifications: BudgetShare;
  readonly places: Places;
  readonly clock: Clock;
  /** The code of taskshell's commands; undefined where the engine runs none of them. */
  readonly loadVerbs?: (() => Promise<RunVerb>) | undefined;
  /** For the session of a command that runs here: the same peer and rights, and its own shares. */
  readonly inner?: () => SessionParts;
  /** Why it is let go although it did not ask for it. */
  readonly onCutOff: (reason: string) => void;
  /** A handler threw what no handler should throw. */
  readonly onFault: (error: unknown) => void;
}

type Entry = Call | Malformed;

interface Task {
  readonly entry: Entry;
  readonly line: LineAnswers;
}

export class Session implements Worker {
  readonly uid: number;
  readonly #socket: Connection;
  readonly #parts: SessionParts;
  readonly #splitter = new LineSplitter(MAX_REQUEST_LINE_BYTES);
  readonly #outbox: Outbox;
  readonly #subscriptions: Subscriptions;
  readonly #verbs: SessionVerbs;
  readonly #gone = new AbortController();
  readonly #ports: CallPorts;
  /** Lines of the last chunk that are not handled yet. */
  #lines: Iterator<Buffer> | undefined;
  /** Of the line that is being handled. */
  #entries: Task[] = [];
  /** The piece by piece work that is under way; done, it is told by what it set off. */
  #current: Iterator<undefined> | undefined;
  /** Work on what came of calls that took their time. */
  readonly #late: { readonly isBatch: boolean; readonly work: Iterator<undefined> }[] = [];
  /** Calls without an answer so far. */
  #pending = 0;
  #isHeldUpByCall = false;
  #view: { readonly rights: Rights; readonly engine: EnginePort } | undefined;
  #cancelRequest: Cancel | undefined;
  #lastActive: number;
  #hasEnded = false;
  #isClosing = false;

  constructor(socket: Connection, parts: SessionParts) {
    const { limits, peer, replies, notifications } = parts;
    this.uid = peer.uid;
    this.#socket = socket;
    this.#parts = parts;
    this.#lastActive = parts.clock.now();
    this.#outbox = new Outbox({
      clock: parts.clock,
      socket,
      limits: limits.outbox,
      replies,
      notifications,
      onRelieved: () => this.wake(),
      onStalled: () => parts.onCutOff('it left its replies unread'),
    });
    this.#subscriptions = new Subscriptions({
      clock: parts.clock,
      engine: () => this.#engine(),
      outbox: this.#outbox,
      places: parts.places,
      later: (work) => this.#doLater(work),
    });
    this.#verbs = new SessionVerbs({
      clock: parts.clock,
      load: parts.loadVerbs,
      send: (line) => this.#outbox.reply(line),
      gather: () => this.#outbox.gather(),
      openSession: (inner) => new Session(inner, parts.inner?.() ?? parts),
      charge: (milliseconds) => parts.work.charge(this, milliseconds),
    });
    this.#ports = {
      context: () => this.#context(),
      demand: (method) => demandAccess(method, METHODS[method].access, parts.rights()?.level, peer),
      onFault: parts.onFault,
    };
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('end', () => this.#receiveEnd());
    // A client that vanished is its own affair; `close` follows.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#dispose());
    this.#awaitRequest();
  }

  /** Nothing of it is under way and it follows nothing: since when. Undefined where it is at work. */
  get idleSince(): number | undefined {
    const isAtWork = this.#pending > 0 || this.#lines !== undefined || this.#subscriptions.size > 0;
    return isAtWork ? undefined : this.#lastActive;
  }

  get hasSubscriptions(): boolean {
    return this.#subscriptions.size > 0 || this.#verbs.hasSubscriptions;
  }

  get isInTheMiddle(): boolean {
    return this.#current !== undefined || this.#late.length > 0;
  }

  wake(): void {
    if (this.#socket.destroyed) return;
    this.#parts.work.wake(this);
  }

  /** Ends the connection from our side: what waits is sent, what is under way is answered with the reason. */
  end(reason: TaskmasterError): void {
    this.#isClosing = true;
    this.#subscriptions.cancelAll();
    this.#gone.abort(reason);
    this.#verbs.end(reason);
    this.#endIfDone();
  }

  /** One piece of work. */
  step(): boolean {
    if (this.#socket.destroyed) return false;
    if (this.#stepLate()) return true;
    if (this.#current !== undefined) {
      if (this.#current.next().done === true) this.#current = undefined;
      return true;
    }
    const next = this.#entries[0];
    if (next !== undefined && (next.line.isBatch || this.#mayGoOn())) return this.#begin(next);
    if (next === undefined && this.#lines !== undefined && !this.#isClosing && this.#mayGoOn())
      return this.#takeLine();
    return false;
  }

  /** A batch goes out whole, so what is missing of it must not wait for what it holds. */
  #stepLate(): boolean {
    const isCongested = this.#outbox.isCongested;
    const at = this.#late.findIndex(({ isBatch }) => isBatch || !isCongested);
    if (at === -1) return false;
    if (this.#late[at]?.work.next().done === true) this.#late.splice(at, 1);
    return true;
  }

  /** As a piece of the client's work, when its turn comes. */
  #doLater(work: () => void): void {
    const step = function* (): Generator<undefined, void> {
      yield;
      work();
    };
    this.#late.push({ isBatch: false, work: step() });
    this.wake();
  }

  #mayGoOn(): boolean {
    const hasRoom = this.#pending < this.#parts.limits.pendingRequests && !this.#outbox.isCongested;
    return hasRoom && !this.#isHeldUpByCall;
  }

  #receive(chunk: Buffer): void {
    if (this.#isClosing) return;
    this.#lastActive = this.#parts.clock.now();
    this.#lines = this.#splitter.push(chunk);
    this.wake();
    if (this.#lines !== undefined) this.#socket.pause();
  }

  /** Empty ones are skipped, as many as there are in a moment. */
  #takeLine(): boolean {
    try {
      for (let blanks = 0; blanks < 256; blanks++) {
        const { done, value } = this.#lines?.next() ?? { done: true, value: undefined };
        if (done === true) return this.#finishChunk();
        if (isBlank(value)) continue;
        this.#read(value);
        return true;
      }
    } catch (error) {
      this.#refuseLine(error);
      return false;
    }
    return true;
  }

  #finishChunk(): boolean {
    this.#lines = undefined;
    if (this.#splitter.heldBytes > 0) this.#awaitRequest();
    if (this.#hasEnded) this.#readRest();
    else if (!this.#socket.destroyed) this.#socket.resume();
    return this.#entries.length > 0;
  }

  /** What is begun has to be ended, and the first request has to come. */
  #awaitRequest(): void {
    const { clock, limits, onCutOff } = this.#parts;
    this.#cancelRequest ??= clock.after(limits.requestMs, () => {
      onCutOff('it never ended a request');
      this.#socket.destroy();
    });
  }

  #read(line: Buffer): void {
    this.#hasRequested();
    const message = readMessage(line);
    const entries = message.kind === 'single' ? [message.entry] : message.entries;
    const answers = new LineAnswers(entries.length, message.kind === 'batch', {
      reply: (text) => this.#outbox.reply(...text),
      hold: (bytes) => {
        if (bytes > 0) this.#parts.replies.take(bytes);
        else if (!this.#socket.destroyed) this.#parts.replies.giveBack(-bytes);
      },
      begin: (begin) => this.#follow(begin),
    });
    this.#pending += entries.length;
    this.#entries = entries.map((entry) => ({ entry, line: answers }));
  }

  #hasRequested(): void {
    this.#cancelRequest?.();
    this.#cancelRequest = undefined;
  }

  #begin(task: Task): boolean {
    const { line } = task;
    if (this.#isHeldUpByCall) return false;
    this.#entries.shift();
    if (line.isFull || (line.isBatch && this.#parts.replies.isSpent)) this.#refuseRest(task);
    else this.#current = this.#work(task);
    return true;
  }

  #refuseRest({ entry, line }: Task): void {
    const message = 'the answers of this batch are more than go in one line; ask for this by itself';
    const error = { code: ERROR_FACES['action-failed'].rpc, message, data: { code: 'action-failed' } };
    const { id } = entry;
    this.#settle(line, { response: id === undefined ? undefined : [errorText(id, error)], begin: undefined });
  }

  *#work(task: Task): Generator<undefined, void> {
    const settled = yield* handle(task.entry, this.#ports);
    if (!(settled instanceof Promise)) {
      this.#settle(task.line, yield* answer(task.entry, settled, this.#ports));
      return;
    }
    const holdsUp = !mayLast(task.entry);
    this.#isHeldUpByCall ||= holdsUp;
    void settled.then((late) => {
      if (holdsUp) this.#isHeldUpByCall = false;
      this.#late.push({ isBatch: task.line.isBatch, work: this.#answerLate(task, late) });
      this.wake();
    });
  }

  *#answerLate({ entry, line }: Task, settled: Parameters<typeof answer>[1]): Generator<undefined, void> {
    this.#settle(line, yield* answer(entry, settled, this.#ports));
  }

  #settle(line: LineAnswers, answered: Answered): void {
    if (this.#socket.destroyed) return;
    this.#pending -= 1;
    line.add(answered);
    this.#lastActive = this.#parts.clock.now();
    this.#endIfDone();
  }

  #follow(begin: () => void): void {
    if (this.#socket.destroyed || this.#isClosing) return;
    try {
      begin();
    } catch (error) {
      this.#parts.onFault(error);
    }
  }

  #refuseLine(error: unknown): void {
    if (!(error instanceof LineTooLong)) throw error;
    const message = `Parse error: ${error.message}; the connection is closed`;
    const told = { code: PARSE_ERROR, message, data: { code: 'protocol' } };
    this.#outbox.reply(Buffer.from(frame({ jsonrpc: '2.0', id: null, error: told })));
    this.#lines = undefined;
    this.#isClosing = true;
    // What still comes is read and thrown away until the other side has the reply: closing a socket with unread
    // bytes in it would reset the connection and the reply with it (unix(7), ECONNRESET).
    this.#outbox.end();
    this.#socket.resume();
  }

  /** The client sends no more, but may still read: answer what it asked, then end. */
  #receiveEnd(): void {
    this.#hasEnded = true;
    if (this.#lines === undefined) this.#readRest();
    this.wake();
    // One that closed only its writing side and one that is gone look the same from here; a blank line, which means
    // nothing between JSON texts, fails with EPIPE for the second (unix(7)) and so frees what it holds.
    if (this.#pending > 0 || this.#subscriptions.size > 0) this.#socket.write('\n');
  }

  #readRest(): void {
    const rest = this.#splitter.rest();
    if (!this.#isClosing && !isBlank(rest)) this.#read(rest);
    this.#endIfDone();
  }

  #endIfDone(): void {
    if (this.#pending > 0 || (this.#lines !== undefined && !this.#isClosing)) return;
    if (this.#isClosing || (this.#hasEnded && this.#subscriptions.size === 0)) this.#outbox.end();
  }

  #engine(): EnginePort {
    const rights = this.#parts.rights() ?? NO_RIGHTS;
    if (this.#view?.rights !== rights) {
      this.#view = { rights, engine: scopedEngine(this.#parts.engine, rights) };
    }
    return this.#view.engine;
  }

  #context(): CallContext {
    const { peer, rights } = this.#parts;
    return {
      clock: this.#parts.clock,
      engine: this.#engine(),
      by: { uid: peer.uid, pid: peer.pid },
      subscriptions: this.#subscriptions,
      verbs: this.#verbs,
      demand: (level) => demandAccess('attach with stdin', level, rights()?.level, peer),
      signal: this.#gone.signal,
    };
  }

  #dispose(): void {
    this.#isClosing = true;
    this.#lines = undefined;
    this.#entries = [];
    this.#current = undefined;
    this.#cancelRequest?.();
    this.#parts.work.forget(this);
    this.#subscriptions.cancelAll();
    this.#verbs.cancel();
    this.#outbox.discard();
    if (!this.#gone.signal.aborted) {
      this.#gone.abort(new TaskmasterError('protocol', 'the client has gone'));
    }
  }
}
