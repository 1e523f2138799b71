import { randomUUID } from 'node:crypto';
import {
  type CallToolResult,
  type InputRequiredResult,
  isInputRequiredResult,
  ProtocolError,
} from '@modelcontextprotocol/server';
import type { JsonObject } from '@writ/decision';
import type { CallAnswer } from './direct-call.ts';
import type { Inputs } from './exchange.ts';
import { isObject } from './json-object.ts';
import { DECISION_META_KEY } from './refusal.ts';

export type TaskStatus = 'working' | 'input_required' | 'completed' | 'failed' | 'cancelled';

/** What a round of the work begins with beside the call itself. */
export interface TaskRound {
  /** Answers to what was asked in the round before. */
  readonly inputs?: Inputs;
  /** The approval that was given meanwhile. */
  readonly approval?: string;
  readonly signal: AbortSignal;
}

export interface TaskOptions {
  /** Digest of who asked for it (`callerKey`): for anybody else it does not exist. */
  readonly owner: string;
  readonly tool: string;
  /** Carries the call out, as far as it goes: to its answer, to questions, or to a refusal that waits for a person. */
  readonly work: (round: TaskRound) => Promise<CallAnswer>;
  /** Resolves with what an approval came to. */
  readonly decided: (approvalId: string, signal: AbortSignal) => Promise<string | undefined>;
  readonly ttlMs: number;
  readonly roundsMax: number;
}

/** How the work of a task ended. */
export type TaskOutcome =
  | { readonly kind: 'result'; readonly result: CallToolResult }
  | { readonly kind: 'error'; readonly error: JsonObject };

/** A call of a tool that goes on behind its request. What it comes to was judged before the task holds it. */
export class Task {
  readonly id = `task-${randomUUID()}`;
  readonly owner: string;
  readonly tool: string;
  readonly ttlMs: number;
  readonly createdAt = new Date().toISOString();
  /** The first thing that the work came to, whatever it is. */
  readonly first: Promise<CallAnswer>;
  /** Resolves when nothing more happens. */
  readonly ended: Promise<void>;
  readonly #options: TaskOptions;
  readonly #abort = new AbortController();
  readonly #listeners = new Set<() => void>();
  #end: () => void = () => {};
  #status: TaskStatus = 'working';
  #message: string | undefined;
  #updatedAt = this.createdAt;
  #outcome: TaskOutcome | undefined;
  #questions: JsonObject = {};
  #responses: Record<string, JsonObject> = {};
  #answered: () => void = () => {};

  constructor(options: TaskOptions) {
    this.#options = options;
    this.owner = options.owner;
    this.tool = options.tool;
    this.ttlMs = options.ttlMs;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.first = options.work({ signal: this.#abort.signal });
    void this.#follow(this.first);
  }

  get status(): TaskStatus {
    return this.#status;
  }

  get message(): string | undefined {
    return this.#message;
  }

  get updatedAt(): string {
    return this.#updatedAt;
  }

  get outcome(): TaskOutcome | undefined {
    return this.#outcome;
  }

  /** What the client is asked and has not answered, by key. */
  get questions(): JsonObject {
    return this.#questions;
  }

  get over(): boolean {
    return this.#status !== 'working' && this.#status !== 'input_required';
  }

  /** Hears each time that something about it changes, until it is stopped. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Answers of the client; what was not asked is passed over. The work goes on when all is answered. */
  answer(responses: JsonObject): void {
    for (const [key, response] of Object.entries(responses)) {
      if (!Object.hasOwn(this.#questions, key) || !isObject(response)) continue;
      const { [key]: _answered, ...rest } = this.#questions;
      this.#questions = rest;
      this.#responses[key] = response;
    }
    if (this.#status === 'input_required' && Object.keys(this.#questions).length === 0) this.#answered();
  }

  /** Ends it; what it comes to later is not told any more. */
  cancel(): void {
    if (this.over) return;
    this.#become('cancelled', 'cancelled by its client');
    this.#abort.abort(new Error('cancelled'));
    this.#answered();
    this.#end();
  }

  async #follow(first: Promise<CallAnswer>): Promise<void> {
    const { work, roundsMax } = this.#options;
    const { signal } = this.#abort;
    let round = first;
    for (let rounds = 0; ; rounds++) {
      const ended = await this.#step(round, rounds >= roundsMax);
      if (ended === undefined || this.over) return;
      round = work({ ...ended, signal });
      round.catch(() => undefined);
    }
  }

  /** What the next round begins with; undefined where there is none. */
  async #step(round: Promise<CallAnswer>, last: boolean): Promise<Omit<TaskRound, 'signal'> | undefined> {
    try {
      const answer = await round;
      if (this.over) return undefined;
      if (!last && isInputRequiredResult(answer)) return await this.#ask(answer);
      const approval = last ? undefined : pendingApproval(answer);
      if (approval !== undefined && (await this.#wait(approval))) return { approval };
      if (isInputRequiredResult(answer)) throw new ProtocolError(INTERNAL_ERROR, 'The server keeps asking.');
      this.#finish('completed', { kind: 'result', result: answer });
    } catch (error) {
      this.#finish('failed', { kind: 'error', error: errorOf(error) });
    }
    return undefined;
  }

  async #ask({ inputRequests = {}, requestState }: InputRequiredResult): Promise<Omit<TaskRound, 'signal'>> {
    this.#questions = inputRequests as unknown as JsonObject;
    this.#responses = {};
    const answered = new Promise<void>((resolve) => {
      this.#answered = resolve;
    });
    this.#become('input_required', undefined);
    await answered;
    if (!this.over) this.#become('working', undefined);
    const state = requestState === undefined ? {} : { state: requestState };
    return { inputs: { responses: this.#responses, ...state } };
  }

  /** Waits for the people who were asked; true where they agreed. */
  async #wait(approval: string): Promise<boolean> {
    this.#become('working', `waits for a person to decide about approval ${approval}`);
    const status = await this.#options.decided(approval, this.#abort.signal).catch(() => undefined);
    if (!this.over) this.#become('working', undefined);
    return status === 'approved';
  }

  #finish(status: 'completed' | 'failed', outcome: TaskOutcome): void {
    if (this.over) return;
    this.#outcome = outcome;
    this.#become(status, undefined);
    this.#end();
  }

  #become(status: TaskStatus, message: string | undefined): void {
    this.#status = status;
    this.#message = message;
    this.#updatedAt = new Date().toISOString();
    for (const listener of [...this.#listeners]) listener();
  }
}

const INTERNAL_ERROR = -32_603;

/** The approval that a refused call waits for, if people can still give it. */
export function pendingApproval(answer: CallAnswer): string | undefined {
  const verdict = answer._meta?.[DECISION_META_KEY] as
    | { readonly approval?: { readonly id: string; readonly status: string } }
    | undefined;
  return verdict?.approval?.status === 'pending' ? verdict.approval.id : undefined;
}

function errorOf(error: unknown): JsonObject {
  if (!(error instanceof ProtocolError)) return { code: INTERNAL_ERROR, message: 'Internal error' };
  const { code, message, data } = error;
  return { code, message, ...(isObject(data as JsonObject) ? { data: data as JsonObject } : {}) };
}
