import type { Json, JsonObject } from '@writ/decision';

/** W3C Trace Context, version 00. */
const TRACEPARENT = /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;
const TRACESTATE =
  /^[a-z0-9_\-*/@]{1,256}=[\x21-\x2b\x2d-\x3c\x3e-\x7e]{1,256}(?:,[a-z0-9_\-*/@]{1,256}=[\x21-\x2b\x2d-\x3c\x3e-\x7e]{1,256}){0,31}$/;
const TRACESTATE_LENGTH_MAX = 512;

/** The trace that a request says it belongs to; undefined where it says nothing well-formed. */
export function traceId(meta: JsonObject): string | undefined {
  const { traceparent } = meta;
  return typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent)?.[1] : undefined;
}

/**
 * What of a request's `_meta` goes on to the server: well-formed trace context and nothing else, since no policy looked
 * at it. `baggage` is free text and stays behind.
 */
export function traceMeta(meta: JsonObject): JsonObject {
  const { traceparent, tracestate } = meta;
  if (traceId(meta) === undefined) return {};
  return {
    traceparent: traceparent as Json,
    ...(typeof tracestate === 'string' &&
    tracestate.length <= TRACESTATE_LENGTH_MAX &&
    TRACESTATE.test(tracestate)
      ? { tracestate }
      : {}),
  };
}
