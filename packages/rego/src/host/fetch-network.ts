import type { NetworkFailure, NetworkHost, NetworkRequest, NetworkResponse } from './network.ts';

export interface FetchInit {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly signal: AbortSignal;
}

/** An answer, wholly read. */
export interface FetchResponse {
  readonly status: number;
  readonly statusText?: string;
  /** Names in lower case; values of a repeated header joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Sends one request and follows no redirect: the guarded client of `@writ/outbound` with `redirectsMax: 0` is one. */
export type Fetch = (url: string, init: FetchInit) => Promise<FetchResponse>;

function refused(message: string): NetworkFailure {
  return { kind: 'failure', cause: 'internal', message };
}

function usesTls(tls: NetworkRequest['tls']): boolean {
  return Object.values(tls).some((value) => value !== false);
}

/** What an HTTP status says in words (RFC 9110), for clients that do not hand them on. */
const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  304: 'Not Modified',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  410: 'Gone',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

function responseOf({ status, statusText, headers, body }: FetchResponse): NetworkResponse {
  const words = statusText || REASONS[status] || '';
  return {
    kind: 'response',
    statusCode: status,
    status: `${status} ${words}`.trimEnd(),
    headers: new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value]])),
    body,
  };
}

/**
 * A network over a function that sends requests, which decides what may be reached. The options `tls_*` of `http.send`
 * are refused: that function has its own. Names are looked up by `lookup`, or not at all.
 */
export function fetchNetwork(
  fetch: Fetch,
  lookup?: (name: string, signal: AbortSignal) => Promise<readonly string[]>,
): NetworkHost {
  return {
    async send({ method, url, headers, body, tls }, signal) {
      if (usesTls(tls)) return refused('tls options are not supported by this network');
      try {
        const init = {
          method,
          headers: Object.fromEntries(headers),
          signal,
          ...(body.length > 0 && { body }),
        };
        return responseOf(await fetch(url, init));
      } catch (caught) {
        return { kind: 'failure', cause: 'network', message: messageOf(caught) };
      }
    },
    async lookup(name, signal) {
      if (lookup === undefined) return refused(`lookup ${name}: not supported by this network`);
      try {
        return await lookup(name, signal);
      } catch (caught) {
        return { kind: 'failure', cause: 'network', message: `lookup ${name}: ${messageOf(caught)}` };
      }
    },
  };
}

function messageOf(caught: unknown): string {
  return caught instanceof Error ? caught.message : String(caught);
}
