import type { Json } from '@writ/decision';
import { createOutbound, type Outbound, OutboundError, type OutboundErrorCode } from '@writ/outbound';
import type { EngineAnswer } from './engine.ts';
import {
  type EngineFault,
  type ExpectedRevision,
  engineFault,
  OPA_REPLY_SIZE_BYTES_MAX,
  type OpaReply,
  readOpaReply,
} from './opa-reply.ts';

/** Where an OPA listens. */
export interface OpaAddress {
  /** `http://host:port`; with a socket only the path counts. */
  readonly url: string;
  /** Unix socket; goes before the URL's host. */
  readonly socketPath?: string;
  /** Bearer token for OPA's own authentication. */
  readonly token?: string;
}

/** Speaks OPA's REST API to one OPA. Nothing here throws or rejects: faults are answers. */
export interface OpaClient {
  evaluate(
    path: string,
    input: Json | undefined,
    deadlineMs: number,
    expected: ExpectedRevision,
  ): Promise<EngineAnswer>;
  /** Undefined when OPA is ready, with its bundles active. */
  health(timeoutMs: number): Promise<EngineFault | undefined>;
  close(): Promise<void>;
}

/** No single request lasts longer, whatever its caller allows. */
const TIMEOUT_MS = 60_000;

export function createOpaClient(address: OpaAddress): OpaClient {
  const { origin, pathname, host } = new URL(address.url);
  const prefix = `${origin}${pathname.replace(/\/+$/, '')}`;
  const outbound = createOutbound({
    // The operator named this OPA; it may be on this machine or in its network, and nothing leads away from it.
    allowLoopback: true,
    allowPrivate: true,
    allowHosts: [host],
    redirectsMax: 0,
    responseBytesMax: OPA_REPLY_SIZE_BYTES_MAX,
    timeoutMs: TIMEOUT_MS,
    ...(address.socketPath === undefined ? {} : { socketPath: address.socketPath }),
  });
  const headers = address.token === undefined ? {} : { authorization: `Bearer ${address.token}` };
  return {
    async evaluate(path, input, deadlineMs, expected) {
      if (deadlineMs <= 0) return engineFault('policy_timeout', 'no time is left for this evaluation');
      const names = path.split('/');
      // A URL takes these for steps up, written out or escaped.
      if (names.some((name) => name === '' || name === '.' || name === '..'))
        return engineFault('policy_error', 'the path names no rule');
      const steps = names.map(encodeURIComponent).join('/');
      const body = input === undefined ? '{}' : JSON.stringify({ input });
      const url = `${prefix}/v1/data/${steps}?provenance=true`;
      const reply = await ask(outbound, { url, headers, body, timeoutMs: deadlineMs });
      return 'kind' in reply ? reply : readOpaReply(reply, expected);
    },
    async health(timeoutMs) {
      const reply = await ask(outbound, { url: `${prefix}/health?bundles`, headers, timeoutMs });
      if ('kind' in reply) return reply;
      if (reply.status === 200) return undefined;
      return engineFault('policy_engine_unavailable', `OPA's health is ${reply.status}`);
    },
    close: () => outbound.close(),
  };
}

interface Asked {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Posts it; without one the request is a GET. */
  readonly body?: string;
  readonly timeoutMs: number;
}

async function ask(outbound: Outbound, asked: Asked): Promise<OpaReply | EngineFault> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), asked.timeoutMs);
  const { body } = asked;
  try {
    const reply = await outbound.fetch(asked.url, {
      headers: { ...asked.headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { method: 'POST', body }),
      signal: abort.signal,
    });
    return { status: reply.status, body: reply.body };
  } catch (error) {
    if (abort.signal.aborted) {
      return engineFault('policy_timeout', `OPA gave no answer within ${Math.round(asked.timeoutMs)} ms`);
    }
    return faultOf(error);
  } finally {
    clearTimeout(timer);
  }
}

/** What a failed request says about OPA: it cannot be asked, or what it answers is not to be believed. */
const FAULTS: Readonly<Record<OutboundErrorCode, EngineFault['code']>> = {
  outbound_url_refused: 'policy_engine_unavailable',
  outbound_host_refused: 'policy_engine_unavailable',
  outbound_address_refused: 'policy_engine_unavailable',
  outbound_redirect_refused: 'policy_error',
  outbound_response_too_large: 'policy_error',
  outbound_timeout: 'policy_timeout',
  outbound_cancelled: 'policy_timeout',
  outbound_name_not_found: 'policy_engine_unavailable',
  outbound_connection_failed: 'policy_engine_unavailable',
};

function faultOf(error: unknown): EngineFault {
  if (!(error instanceof OutboundError))
    return engineFault('policy_engine_unavailable', 'OPA cannot be reached');
  return engineFault(FAULTS[error.code], `OPA cannot be asked (${error.code})`);
}
