import type { IncomingMessage } from 'node:http';

export interface TransportRefusal {
  readonly status: number;
  readonly rpcCode: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const CODE = -32_000;

/** Why a request is not looked at any further: where it says it goes, where it comes from, how it is sent. */
export function refuseTransport(
  request: IncomingMessage,
  hosts: readonly string[],
): TransportRefusal | undefined {
  const { headers, method } = request;
  const host = hostName(headers.host);
  if (host === undefined || !hosts.includes(host)) {
    return { status: 403, rpcCode: CODE, message: 'host_refused: this Host is not served here' };
  }
  const { origin } = headers;
  if (origin !== undefined && !hosts.includes(originHost(origin) ?? '')) {
    return { status: 403, rpcCode: CODE, message: 'origin_refused: this Origin may not call' };
  }
  if (method === 'GET' || method === 'DELETE') {
    return sessionIdOf(request) === undefined
      ? notAllowed('POST, and with a session GET and DELETE')
      : undefined;
  }
  if (method !== 'POST') return notAllowed('POST');
  const media = headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (media !== 'application/json') {
    return { status: 415, rpcCode: CODE, message: 'media_type_refused: send application/json' };
  }
  return undefined;
}

function notAllowed(allowed: string): TransportRefusal {
  const message = `method_not_allowed: ${allowed} only`;
  return { status: 405, rpcCode: CODE, message, headers: { Allow: 'POST' } };
}

/** The session that a request says it belongs to. */
export function sessionIdOf({ headers }: IncomingMessage): string | undefined {
  const id = headers['mcp-session-id'];
  return typeof id === 'string' ? id : undefined;
}

function hostName(host: string | undefined): string | undefined {
  return host === undefined
    ? undefined
    : /^(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:\d+)?$/i.exec(host)?.[1]?.toLowerCase();
}

function originHost(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).hostname : undefined;
}
