import type { JsonObject } from '@writ/decision';
import { readTraceContext, traceIdOf } from '@writ/telemetry';

/** The trace that a request says it belongs to; undefined where it says nothing well-formed. */
export function traceId(meta: JsonObject): string | undefined {
  return traceIdOf(meta['traceparent']);
}

/**
 * What of a request's `_meta` goes on to the server: well-formed trace context and nothing else, since no policy looked
 * at it. `baggage` is free text and stays behind.
 */
export function traceMeta(meta: JsonObject): JsonObject {
  return { ...readTraceContext(meta) };
}
