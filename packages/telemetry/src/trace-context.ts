import type { TraceContext } from './tracer.ts';

/** W3C Trace Context, version 00. */
const TRACEPARENT = /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;
const TRACESTATE =
  /^[a-z0-9_\-*/@]{1,256}=[\x21-\x2b\x2d-\x3c\x3e-\x7e]{1,256}(?:,[a-z0-9_\-*/@]{1,256}=[\x21-\x2b\x2d-\x3c\x3e-\x7e]{1,256}){0,31}$/;
const TRACESTATE_LENGTH_MAX = 512;

/** The trace that a `traceparent` names; undefined where it is none. */
export function traceIdOf(traceparent: unknown): string | undefined {
  return typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent)?.[1] : undefined;
}

/** Trace context that somebody else sent, as far as it is well-formed; undefined where it names no trace. */
export function readTraceContext({
  traceparent,
  tracestate,
}: {
  readonly traceparent?: unknown;
  readonly tracestate?: unknown;
}): TraceContext | undefined {
  if (typeof traceparent !== 'string' || traceIdOf(traceparent) === undefined) return undefined;
  const isWellFormed =
    typeof tracestate === 'string' &&
    tracestate.length <= TRACESTATE_LENGTH_MAX &&
    TRACESTATE.test(tracestate);
  return { traceparent, ...(isWellFormed ? { tracestate } : {}) };
}
