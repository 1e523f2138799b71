import {
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import {
  isReasonCodeOfWrit,
  type Json,
  REASON_TABLE,
  type ReasonCode,
  readStrictBytes,
} from '@writ/decision';

/** Where the decision point is: a URL, or a Unix socket beside its data. */
export type Address =
  | { readonly url: string; readonly socketPath?: undefined }
  | { readonly socketPath: string; readonly url?: undefined };

export interface TransportOptions {
  readonly address: Address;
  /** Bearer token of the enforcement point. */
  readonly token?: string;
  /** Bytes of an answer; more is a fault. */
  readonly answerBytesMax: number;
}

/** One exchange: an answer read strictly, or the code that a fault denies with. Never an exception. */
export type Exchange =
  | { readonly ok: true; readonly value: Json | undefined }
  | { readonly ok: false; readonly code: ReasonCode; readonly message: string; readonly status?: number };

export interface ExchangeOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** HTTP/1.1 over kept connections. Redirects are not followed: the decision point does not send any. */
export class HttpTransport {
  readonly #options: TransportOptions;
  readonly #base: URL;
  readonly #agent: HttpAgent;
  #closed = false;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#base = new URL(options.address.url ?? 'http://localhost/');
    if (this.#base.protocol !== 'http:' && this.#base.protocol !== 'https:') {
      throw new TypeError(`not an HTTP address: ${this.#base.protocol}`);
    }
    this.#agent =
      this.#base.protocol === 'https:'
        ? new HttpsAgent({ keepAlive: true })
        : new HttpAgent({ keepAlive: true });
  }

  /** Sends one request; once more where a kept connection had gone stale underneath it. */
  async exchange(
    method: 'GET' | 'POST',
    path: string,
    body: string | undefined,
    options: ExchangeOptions,
  ): Promise<Exchange> {
    if (this.#closed) return unavailable('the client is closed');
    const first = await this.#once(method, path, body, options);
    return first === 'stale' ? this.#final(await this.#once(method, path, body, options)) : first;
  }

  close(): void {
    this.#closed = true;
    this.#agent.destroy();
  }

  #final(exchange: Exchange | 'stale'): Exchange {
    return exchange === 'stale' ? unavailable('the connection was closed') : exchange;
  }

  #requestOptions(method: string, path: string, body: string | undefined): RequestOptions {
    const base = this.#base;
    const { token, address } = this.#options;
    return {
      method,
      agent: this.#agent,
      path: `${base.pathname.replace(/\/$/, '')}${path}`,
      ...(address.socketPath === undefined
        ? { protocol: base.protocol, hostname: base.hostname.replace(/^\[|\]$/g, ''), port: base.port }
        : { socketPath: address.socketPath }),
      headers: {
        accept: 'application/json',
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
    };
  }

  #once(
    method: string,
    path: string,
    body: string | undefined,
    { timeoutMs, signal }: ExchangeOptions,
  ): Promise<Exchange | 'stale'> {
    return new Promise((resolve) => {
      const send = this.#base.protocol === 'https:' ? httpsRequest : httpRequest;
      const request = send(this.#requestOptions(method, path, body));
      const settle = (exchange: Exchange | 'stale'): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        resolve(exchange);
        request.destroy();
      };
      const abort = (): void => settle(unavailable('the call was cancelled'));
      const timer = setTimeout(() => settle(unavailable(`no answer within ${timeoutMs} ms`)), timeoutMs);
      if (signal?.aborted) return abort();
      signal?.addEventListener('abort', abort, { once: true });
      request.on('error', (error: NodeJS.ErrnoException) => {
        const stale = request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
        settle(stale ? 'stale' : unavailable('the connection failed'));
      });
      request.on('response', (response) => {
        this.#read(response).then(settle, () => settle(unavailable('the answer broke off')));
      });
      request.end(body);
    });
  }

  async #read(response: IncomingMessage): Promise<Exchange> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > this.#options.answerBytesMax) return unavailable('the answer is too large');
      chunks.push(chunk);
    }
    if (!response.complete) return unavailable('the answer broke off');
    const status = response.statusCode ?? 0;
    const bytes = Buffer.concat(chunks);
    if (status === 204) return { ok: true, value: undefined };
    const read = readStrictBytes(bytes, { sizeBytesMax: this.#options.answerBytesMax, depthMax: 300 });
    if (status >= 200 && status <= 299) {
      if (bytes.length === 0) return { ok: true, value: undefined };
      return read.ok ? { ok: true, value: read.value } : unavailable('the answer is not JSON');
    }
    return refusalOf(status, read.ok ? read.value : undefined);
  }
}

/** An error answer: its own code where it is one of Writ's that refuses, else that the decision point is not there. */
function refusalOf(status: number, body: Json | undefined): Exchange {
  const fields = typeof body === 'object' && body !== null && !Array.isArray(body) ? body : {};
  const { code, message } = fields as { readonly code?: Json; readonly message?: Json };
  if (typeof code === 'string' && isReasonCodeOfWrit(code) && REASON_TABLE[code].category !== 'granted') {
    return {
      ok: false,
      code,
      message: typeof message === 'string' ? message : REASON_TABLE[code].sentence,
      status,
    };
  }
  if (status === 401)
    return { ok: false, code: 'unauthenticated', message: REASON_TABLE.unauthenticated.sentence, status };
  return {
    ok: false,
    code: 'policy_engine_unavailable',
    message: `the decision point answered with status ${status}`,
    status,
  };
}

function unavailable(message: string): Exchange {
  return { ok: false, code: 'policy_engine_unavailable', message };
}
