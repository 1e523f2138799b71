import { createTraceState, isSpanContextValid, type SpanContext } from '@opentelemetry/api';
import type { TraceContext } from '../tracer.ts';

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Trace context as OpenTelemetry has it; undefined where it names no span. */
export function spanContextOf(parent: TraceContext | undefined): SpanContext | undefined {
  const found = TRACEPARENT.exec(parent?.traceparent ?? '');
  if (found === null) return undefined;
  const [, traceId = '', spanId = '', flags = ''] = found;
  const context: SpanContext = {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
    ...(parent?.tracestate === undefined ? {} : { traceState: createTraceState(parent.tracestate) }),
  };
  return isSpanContextValid(context) ? context : undefined;
}
