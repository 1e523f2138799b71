export { decisionAttributes } from './decision-attributes.ts';
export { type Log, type LogRecord, NO_LOG } from './log.ts';
export { type Counter, createMeters, type Histogram, type Labels, type Meters } from './meters.ts';
export { readTraceContext, traceIdOf } from './trace-context.ts';
export {
  type ActiveSpan,
  type Attributes,
  NO_TRACER,
  type SpanFacts,
  type TraceContext,
  type Tracer,
} from './tracer.ts';
