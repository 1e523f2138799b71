import { randomUUID } from 'node:crypto';
import { ProtocolError } from '@modelcontextprotocol/server';
import type { JsonObject } from '@writ/decision';
import type { Flight } from './flight.ts';
import { isObject } from './json-object.ts';
import type { Lease } from './leases.ts';
import { REFUSED_CODE } from './refusal.ts';
import type { InputRequest, UpstreamAnswer } from './upstream-answer.ts';

/** A client's answers to a server's questions, and the server's state. */
export interface Inputs {
  readonly responses: JsonObject;
  readonly state?: string;
}

/** One request to a server, with as many rounds of questions as it takes. */
export interface Exchange {
  /** Sends the request; later, the answers to what was asked. */
  send(inputs?: Inputs): Promise<UpstreamAnswer>;
  /** Does the server's request stay open between rounds, so that answers must come back to this very exchange. */
  readonly held: boolean;
  /** Gives up: the server gets no more answers. */
  end(): void;
}

/** An exchange with a server of the newer era, which asks in its results: each round is a request of its own. */
export function roundByRound(send: (inputs?: Inputs) => Promise<UpstreamAnswer>): Exchange {
  return { send, held: false, end: () => {} };
}

interface OpenQuestion {
  readonly request: InputRequest;
  readonly answer: (response: JsonObject) => void;
  readonly refuse: (error: Error) => void;
}

/**
 * An exchange with a server of the older era on behalf of a client that can only be asked by a result: the server's
 * request stays open, and its questions wait until the client comes back with answers.
 */
export class HeldExchange implements Exchange {
  readonly held = true;
  readonly #start: (signal: AbortSignal) => Promise<UpstreamAnswer>;
  readonly #lease: Lease;
  readonly #abort = new AbortController();
  readonly #open = new Map<string, OpenQuestion>();
  #call: Promise<UpstreamAnswer> | undefined;
  #asked: () => void = () => {};

  constructor(start: (signal: AbortSignal) => Promise<UpstreamAnswer>, lease: Lease) {
    this.#start = start;
    this.#lease = lease;
  }

  /** What the server logs from now on belongs to this request of the client. */
  board(flight: Flight): void {
    this.#lease.bind((method, params) => this.#input(method, params), flight);
  }

  #input(method: string, params: JsonObject): Promise<JsonObject> {
    return new Promise((answer, refuse) => {
      if (this.#abort.signal.aborted) return refuse(refusedInput());
      this.#open.set(randomUUID(), { request: { method, params }, answer, refuse });
      this.#asked();
    });
  }

  async send(inputs?: Inputs): Promise<UpstreamAnswer> {
    this.#call ??= this.#start(this.#abort.signal).finally(() => this.#lease.release());
    for (const [key, response] of Object.entries(inputs?.responses ?? {})) {
      const question = this.#open.get(key);
      if (question === undefined || !isObject(response)) continue;
      this.#open.delete(key);
      question.answer(response);
    }
    const asked = new Promise<'asked'>((resolve) => {
      this.#asked = () => resolve('asked');
      if (this.#open.size > 0) resolve('asked');
    });
    const first = await Promise.race([this.#call, asked]);
    if (first !== 'asked') return first;
    const requests = Object.fromEntries([...this.#open].map(([key, { request }]) => [key, request]));
    return { kind: 'input_required', requests };
  }

  end(): void {
    this.#abort.abort(new Error('given up'));
    for (const { refuse } of this.#open.values()) refuse(refusedInput());
    this.#open.clear();
  }
}

function refusedInput(): ProtocolError {
  return new ProtocolError(REFUSED_CODE, 'REQUEST_DENIED: nobody answers');
}
