import type {
  CallToolResult,
  InputRequiredResult,
  RequestId,
  ServerContext,
} from '@modelcontextprotocol/server';
import type { JsonObject } from '@writ/decision';
import { type Asked, askWithin, notifyWithin } from './asked.ts';

/** What a call of a tool is answered with. */
export type CallAnswer = CallToolResult | InputRequiredResult;

/** A call of a tool as it stands in a message, before anything is known of it. */
export interface PlainCall {
  readonly id: RequestId;
  readonly name: string;
  readonly args: JsonObject | undefined;
  readonly meta: JsonObject;
  /** What the newer era says with each request; empty in the older one. */
  readonly envelope: JsonObject;
  /** Its client can keep a task in place of the answer, and for how long it wants it. */
  readonly task?: { readonly ttlMs?: number };
}

/**
 * One call of a tool that is served without the SDK for as long as its answer is all that its client has to hear. The
 * first time that something else must be told or asked, the SDK takes the request over, with the work under way.
 */
export class DirectCall implements Asked {
  readonly id: RequestId;
  readonly meta: JsonObject;
  readonly envelope: JsonObject;
  readonly #abort = new AbortController();
  readonly #wanted: () => void;
  #taken: Promise<ServerContext> | undefined;
  #give: (extra: ServerContext) => void = () => {};
  #miss: (why: Error) => void = () => {};
  #answer: Promise<CallAnswer> | undefined;

  /** `wanted` is called once, when the SDK has to take over. */
  constructor(call: PlainCall, wanted: () => void) {
    this.id = call.id;
    this.meta = call.meta;
    this.envelope = call.envelope;
    this.#wanted = wanted;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Begins the work, once. */
  begin(work: () => Promise<CallAnswer>): Promise<CallAnswer> {
    this.#answer ??= work();
    return this.#answer;
  }

  /** Did, or does, the SDK take over. */
  get handedOver(): boolean {
    return this.#taken !== undefined;
  }

  /** Asks the SDK to take over. */
  handOver(): Promise<ServerContext> {
    if (this.#taken === undefined) {
      this.#taken = new Promise((resolve, reject) => {
        this.#give = resolve;
        this.#miss = reject;
      });
      // Whoever has something to tell hears of it; the time that was up has nothing to tell.
      this.#taken.catch(() => undefined);
      this.#wanted();
    }
    return this.#taken;
  }

  /** The SDK serves this request from now on; gives what it shall answer. */
  join(extra: ServerContext): Promise<CallAnswer> {
    const { signal } = extra.mcpReq;
    if (signal.aborted) this.abort();
    else signal.addEventListener('abort', () => this.abort(), { once: true });
    this.#give(extra);
    return this.#answer ?? Promise.reject(new Error('this call never began'));
  }

  /** Its client hears no more: whoever waits to tell it something need not wait. */
  leave(): void {
    this.#miss(new Error('the client is gone'));
  }

  /** Its client gave up. */
  abort(): void {
    this.#abort.abort(new Error('the client gave up'));
  }

  async notify(notification: { readonly method: string; readonly params: JsonObject }): Promise<void> {
    return notifyWithin(await this.handOver(), notification);
  }

  async ask(...asked: Parameters<Asked['ask']>): Promise<JsonObject> {
    return askWithin(await this.handOver(), ...asked);
  }
}
