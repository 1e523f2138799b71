import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DecideCall, Decision } from '@writ/decision';
import { callOf, isOnRecord, type Told } from './calls.ts';

const RETRY_MS = 10;

/** One decision over HTTP; undefined where no whole answer came. */
export function postDecide(agent: Agent, api: string, call: DecideCall): Promise<Decision | undefined> {
  return new Promise((resolve) => {
    const body = JSON.stringify(call);
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const sent = request(`${api}/v1/decide`, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('close', () =>
        resolve(
          response.complete && response.statusCode === 200 ? (JSON.parse(text) as Decision) : undefined,
        ),
      );
    });
    sent.on('error', () => resolve(undefined));
    sent.end(body);
  });
}

/** Load on a service from this process: so many calls in flight, and what was acknowledged. */
export class HttpLoad {
  /** Answers that came whole and are on record, by idempotency key. */
  readonly acknowledged = new Map<string, Told>();
  /** Calls without an answer, and answers that promise nothing. */
  unanswered = 0;
  readonly #agent: Agent;
  readonly #workers: readonly Promise<void>[];
  readonly #mark: string;
  readonly #api: string;
  #next: number;
  #stopped = false;

  constructor(
    api: string,
    options: { readonly mark: string; readonly inFlight: number; readonly from?: number },
  ) {
    this.#api = api;
    this.#mark = options.mark;
    this.#next = options.from ?? 0;
    this.#agent = new Agent({ keepAlive: true, maxSockets: options.inFlight });
    this.#workers = Array.from({ length: options.inFlight }, () => this.#work());
  }

  /** Number of the call that comes next. */
  get next(): number {
    return this.#next;
  }

  /** Lets what is in flight end, and gives the connections back. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#workers);
    this.#agent.destroy();
  }

  async #work(): Promise<void> {
    while (!this.#stopped) {
      const index = this.#next;
      this.#next += 1;
      const call = callOf(this.#mark, index);
      const decision = await postDecide(this.#agent, this.#api, call);
      if (decision !== undefined && isOnRecord(decision)) {
        const { decision_id: id, effect, reason } = decision;
        this.acknowledged.set(call.idempotency_key ?? '', { id, effect, reason });
        continue;
      }
      this.unanswered += 1;
      if (decision === undefined) await sleep(RETRY_MS);
    }
  }
}
