import type { CallToolResult } from '@modelcontextprotocol/client';
import type { Json, JsonObject } from '@writ/decision';
import { type AnswerListener, type AnswerReader, readerOf } from './answer-reader.ts';
import { isObject } from './json-object.ts';
import { type TaskBegun, toolAnswer, toolOrTask } from './tool-answer.ts';
import { STALE_STATUSES, UNSUPPORTED_VERSION, type UpstreamAnswer } from './upstream-answer.ts';
import type { CallOptions } from './upstream-call.ts';
import type { WaitLimits } from './upstream-config.ts';
import type { HttpWay, PostListener } from './upstream-post.ts';

type Answer = UpstreamAnswer<CallToolResult> | TaskBegun;

/** One request to a server, and what is done with what comes beside its answer. */
export interface Posting {
  readonly way: HttpWay;
  readonly era: 'legacy' | 'modern';
  /** The server was told that tasks are kept. */
  readonly keepsTasks: boolean;
  readonly id: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly message: JsonObject;
  readonly limits: WaitLimits;
  readonly options: Pick<CallOptions, 'signal' | 'onProgress'>;
  /** Any other message that came on the way of the answer. */
  readonly aside: (message: unknown) => void;
  /** The server no longer knows this connection. */
  readonly stale: () => void;
}

const UNKNOWN: Answer = { kind: 'unknown', message: 'The server did not answer.' };
const RESUMED_MAX = 2;
const RETRY_MS = 1_000;
const STREAM_END_MS = 5_000;
const ERROR_BYTES_MAX = 65_536;

/** Posts a call of a tool and waits for its answer, as a document or on a stream; whatever happens is an answer. */
export class PostedCall implements PostListener, AnswerListener {
  readonly #posting: Posting;
  readonly #deadlineMs: number;
  readonly #resolve: (answer: Answer) => void;
  readonly answer: Promise<Answer>;
  #breakOff: () => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  #resuming: NodeJS.Timeout | undefined;
  #closing: NodeJS.Timeout | undefined;
  #reader: AnswerReader | undefined;
  #status = 0;
  #refusal: Buffer[] | undefined;
  #place: string | undefined;
  #retryMs = RETRY_MS;
  #resumed = 0;
  #done = false;
  /** The body that is read now ended. */
  #over = false;

  constructor(posting: Posting) {
    this.#posting = posting;
    let resolve: (answer: Answer) => void = () => {};
    this.answer = new Promise((settle) => {
      resolve = settle;
    });
    this.#resolve = resolve;
    this.#deadlineMs = performance.now() + posting.limits.timeoutTotalMs;
    posting.options.signal?.addEventListener('abort', this.#giveUp, { once: true });
    this.#touch();
    const { way, headers, message } = posting;
    this.#breakOff = way.send('POST', headers, JSON.stringify(message), this);
  }

  head(status: number, headers: Record<string, string | string[] | undefined>): boolean {
    this.#status = status;
    this.#over = false;
    if (status >= 400) {
      this.#refusal = [];
      return true;
    }
    // A body that is compressed all the same is not read: it was not asked for, and nobody bounds it.
    const encoding = headers['content-encoding'] ?? 'identity';
    const media = String(headers['content-type'] ?? '').split(';', 1)[0];
    const readable = status >= 200 && status < 300 && encoding === 'identity';
    this.#reader = readable ? readerOf((media ?? '').trim().toLowerCase(), this) : undefined;
    if (this.#reader !== undefined) return true;
    this.#finish(UNKNOWN);
    return false;
  }

  data(chunk: Buffer): void {
    if (this.#done) return;
    if (this.#refusal === undefined) return void this.#reader?.data(chunk);
    const kept = this.#refusal.reduce((sum, { length }) => sum + length, 0);
    if (kept + chunk.length <= ERROR_BYTES_MAX) this.#refusal.push(chunk);
  }

  end(error?: Error): void {
    this.#over = true;
    clearTimeout(this.#closing);
    if (this.#done) return;
    if (this.#refusal !== undefined) return void this.#refused(Buffer.concat(this.#refusal).toString('utf8'));
    if (error === undefined) this.#reader?.end();
    if (!this.#done) this.#broke(error);
  }

  message(value: unknown): void {
    if (this.#done) return;
    const { id } = this.#posting;
    const {
      id: answered,
      method,
      params,
      result,
      error,
    } = (isObject(value as never) ? value : {}) as JsonObject;
    if (answered === id && method === undefined && (result !== undefined || error !== undefined)) {
      // A stream that stays open after its answer would keep its connection for nothing.
      if (!this.#over) this.#closing = setTimeout(this.#breakOff, STREAM_END_MS);
      if (isUnsupported(error)) this.#posting.stale();
      const { era, keepsTasks } = this.#posting;
      return void this.#finish(keepsTasks ? toolOrTask(result, error) : toolAnswer(era, result, error));
    }
    if (method === 'notifications/progress' && isObject(params) && params['progressToken'] === id) {
      return void this.#progress(params);
    }
    this.#posting.aside(value);
  }

  place(id: string): void {
    this.#place = id;
  }

  retry(ms: number): void {
    this.#retryMs = ms;
  }

  #progress({ progress, total, message }: JsonObject): void {
    if (typeof progress !== 'number') return;
    this.#touch();
    this.#posting.options.onProgress?.({
      progress,
      ...(typeof total === 'number' ? { total } : {}),
      ...(typeof message === 'string' ? { message } : {}),
    });
  }

  /** There was a sign: the time begins anew, up to the whole time. */
  #touch(): void {
    clearTimeout(this.#timer);
    const leftMs = Math.min(this.#posting.limits.timeoutMs, this.#deadlineMs - performance.now());
    this.#timer = setTimeout(this.#giveUp, Math.max(0, leftMs));
  }

  /** A refusal by HTTP; one of the newer era may say in its body what is wrong. */
  #refused(text: string): void {
    if (this.#posting.era === 'modern' && this.#status === 400) {
      try {
        const { id, error } = JSON.parse(text) as JsonObject;
        if (id === this.#posting.id && isObject(error)) {
          if (isUnsupported(error)) this.#posting.stale();
          return void this.#finish(toolAnswer('modern', undefined, error));
        }
      } catch {
        // No JSON: the status alone counts.
      }
    }
    if (this.#resumed === 0 && STALE_STATUSES.includes(this.#status)) this.#posting.stale();
    this.#finish(UNKNOWN);
  }

  /** The body ended without an answer: a stream that named its places can be taken up again. */
  #broke(error: Error | undefined): void {
    if (this.#place === undefined || this.#resumed >= RESUMED_MAX) {
      const unsent = UNSENT.includes(String((error as NodeJS.ErrnoException | undefined)?.code));
      return void this.#finish(unsent && this.#status === 0 ? { kind: 'not_sent' } : UNKNOWN);
    }
    this.#resumed += 1;
    const { way, headers } = this.#posting;
    const { accept: _both, ...rest } = headers;
    const again = { ...rest, accept: 'text/event-stream', 'last-event-id': this.#place };
    this.#resuming = setTimeout(() => {
      this.#breakOff = way.send('GET', again, undefined, this);
    }, this.#retryMs);
  }

  readonly #giveUp = (): void => {
    if (this.#done) return;
    const { era, id, way, headers } = this.#posting;
    this.#finish(UNKNOWN);
    this.#breakOff();
    if (era === 'modern') return;
    // In the older era a closed connection cancels nothing.
    const params = { requestId: id, reason: 'given up' };
    const message = { jsonrpc: '2.0', method: 'notifications/cancelled', params };
    way.send('POST', headers, JSON.stringify(message), UNHEARD);
  };

  #finish(answer: Answer): void {
    if (this.#done) return;
    this.#done = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#resuming);
    this.#posting.options.signal?.removeEventListener('abort', this.#giveUp);
    this.#resolve(answer);
  }
}

/** Does the server say, with whatever status, that it speaks another version by now. */
function isUnsupported(error: Json | undefined): boolean {
  return isObject(error) && error['code'] === UNSUPPORTED_VERSION;
}

/** Failures before anything could be sent. */
const UNSENT: readonly string[] = ['ECONNREFUSED', 'ENOTFOUND', 'UND_ERR_CONNECT_TIMEOUT'];

const UNHEARD: PostListener = { head: () => true, data: () => {}, end: () => {} };
