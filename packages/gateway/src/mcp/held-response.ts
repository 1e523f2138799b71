import type { ServerResponse } from 'node:http';
import type { NodeServerResponseLike } from '@modelcontextprotocol/node';
import type { Json, JsonObject } from '@writ/decision';

/** An HTTP answer in place of the protocol's. */
export interface HttpRefusal {
  readonly status: 401 | 403;
  readonly headers: Readonly<Record<string, string>>;
  /** The JSON-RPC error in its body. */
  readonly error: JsonObject;
}

/**
 * A response whose head is held until its first byte: the SDK begins a stream before a decision is known, and HTTP has
 * one status. What comes after a refusal is dropped.
 */
export class HeldResponse implements NodeServerResponseLike {
  readonly #response: ServerResponse;
  readonly #id: Json;
  #head: { readonly status: number; readonly headers: Record<string, string> } | undefined;
  #refusal: HttpRefusal | undefined;
  /** The event that begins a stream and says nothing yet: it waits for the first that does. */
  #opening: string | Uint8Array | undefined;

  constructor(response: ServerResponse, id: Json | undefined) {
    this.#response = response;
    this.#id = id ?? null;
  }

  /** False where something went out already. */
  refuse(refusal: HttpRefusal): boolean {
    if (this.#response.headersSent) return false;
    this.#refusal = refusal;
    return true;
  }

  /** Was an answer put in place of the protocol's. */
  get refused(): boolean {
    return this.#refusal !== undefined;
  }

  get destroyed(): boolean {
    return this.#response.destroyed;
  }

  writeHead(status: number, headers: Record<string, string> = {}): this {
    this.#head = { status, headers };
    return this;
  }

  write(chunk: string | Uint8Array): boolean {
    if (this.#refusal !== undefined) return true;
    if (!this.#response.headersSent && this.#opening === undefined && isOpening(chunk)) {
      this.#opening = chunk;
      return true;
    }
    this.#sendHead();
    return this.#response.write(chunk);
  }

  end(chunk?: string | Uint8Array): this {
    if (this.#refusal === undefined) {
      this.#sendHead();
      this.#response.end(chunk);
      return this;
    }
    const { status, headers, error } = this.#refusal;
    this.#response.writeHead(status, { ...headers, 'Content-Type': 'application/json' });
    this.#response.end(JSON.stringify({ jsonrpc: '2.0', id: this.#id, error }));
    return this;
  }

  on(event: string, listener: (...args: unknown[]) => void): this {
    this.#response.on(event, listener);
    return this;
  }

  #sendHead(): void {
    if (this.#response.headersSent || this.#head === undefined) return;
    this.#response.writeHead(this.#head.status, this.#head.headers);
    if (this.#opening !== undefined) this.#response.write(this.#opening);
    this.#opening = undefined;
  }
}

/** An event with an id and no data. */
function isOpening(chunk: string | Uint8Array): boolean {
  const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
  return /^id: [^\n]*\n(?:retry: \d+\n)?data: ?\n\n$/.test(text);
}
