import type { HttpTlsOptions } from '../builtins/index.ts';

/** One request as it goes out: no redirect is followed, nothing is tried again. */
export interface NetworkRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
  readonly tls: HttpTlsOptions;
}

/** An answer, wholly read. Any status is an answer. */
export interface NetworkResponse {
  readonly kind: 'response';
  readonly statusCode: number;
  /** `200 OK` */
  readonly status: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: Uint8Array;
}

/** Why there is no answer: `network` where a server could not be reached, `internal` where nothing was sent. */
export interface NetworkFailure {
  readonly kind: 'failure';
  readonly cause: 'network' | 'internal';
  /** In Go's words where Go has some: `dial tcp 127.0.0.1:1: connect: connection refused`. */
  readonly message: string;
}

/**
 * The network that `http.send` and `net.lookup_ip_addr` reach. What it lets through is its own decision, on top of
 * `allow_net`. Never rejects; ends soon after the signal aborts. `nodeNetwork` of `@writ/rego/node` is one for Node,
 * `fetchNetwork` makes one of a function like `fetch`.
 */
export interface NetworkHost {
  send(request: NetworkRequest, signal: AbortSignal): Promise<NetworkResponse | NetworkFailure>;
  /** Addresses of a name; the failure's message in Go's words: `lookup x.test: no such host`. */
  lookup(name: string, signal: AbortSignal): Promise<readonly string[] | NetworkFailure>;
}
