import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Context,
  createTraceState,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Attributes, SpanFacts, TraceContext, Tracer } from '../tracer.ts';

/** Where spans go. */
export interface OtlpOptions {
  /** Of the receiver, path included: `http://127.0.0.1:4318/v1/traces`. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** `service.name`, by which the receiver tells processes apart. */
  readonly serviceName: string;
  readonly serviceVersion?: string;
  /** Share of traces that begin here and are kept, 0 to 1. Default 1. A trace of a caller's is kept where it kept it. */
  readonly sampleRatio?: number;
}

const QUEUE_MAX = 2_048;
const SEND_EVERY_MS = 1_000;
const SEND_WAIT_MS = 5_000;
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const KINDS = { server: SpanKind.SERVER, client: SpanKind.CLIENT, internal: SpanKind.INTERNAL } as const;

/** Spans that are sent by OTLP/HTTP in JSON. What cannot be sent is dropped; nothing waits for the receiver. */
export function openOtlp(options: OtlpOptions): Tracer {
  const { url, headers, serviceName, serviceVersion, sampleRatio = 1 } = options;
  const exporter = new OTLPTraceExporter({
    url,
    timeoutMillis: SEND_WAIT_MS,
    ...(headers === undefined ? {} : { headers: { ...headers } }),
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': serviceName,
      ...(serviceVersion === undefined ? {} : { 'service.version': serviceVersion }),
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        maxQueueSize: QUEUE_MAX,
        scheduledDelayMillis: SEND_EVERY_MS,
        exportTimeoutMillis: SEND_WAIT_MS,
      }),
    ],
  });
  const tracer = provider.getTracer('writ');
  // Of its own, and not the process's: two services in one process have a tracer each.
  const open = new AsyncLocalStorage<Context>();

  return {
    async span(name, facts, work) {
      const span = tracer.startSpan(
        name,
        { kind: KINDS[facts.kind ?? 'internal'], attributes: { ...facts.attributes } },
        contextOf(facts, open.getStore()),
      );
      try {
        return await open.run(trace.setSpan(ROOT_CONTEXT, span), () =>
          work({
            set: (attributes) => void span.setAttributes({ ...attributes }),
            fail: (type) => fail(span, type),
          }),
        );
      } catch (error) {
        fail(span, error instanceof Error ? error.name : 'unknown');
        throw error;
      } finally {
        span.end();
      }
    },
    annotate: (attributes: Attributes) => {
      const context = open.getStore();
      if (context !== undefined) trace.getSpan(context)?.setAttributes({ ...attributes });
    },
    current: () => contextText(open.getStore()),
    async close() {
      await provider.shutdown().catch(() => undefined);
    },
  };
}

function fail(span: Span, type: string): void {
  span.setAttribute('error.type', type);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

function contextOf({ parent }: SpanFacts, here: Context | undefined): Context {
  const read = here === undefined ? spanContextOf(parent) : undefined;
  return read === undefined ? (here ?? ROOT_CONTEXT) : trace.setSpanContext(ROOT_CONTEXT, read);
}

function spanContextOf(parent: TraceContext | undefined): SpanContext | undefined {
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

function contextText(context: Context | undefined): TraceContext | undefined {
  const span = context === undefined ? undefined : trace.getSpan(context)?.spanContext();
  if (span === undefined || !isSpanContextValid(span)) return undefined;
  const flags = span.traceFlags.toString(16).padStart(2, '0');
  const tracestate = span.traceState?.serialize();
  return {
    traceparent: `00-${span.traceId}-${span.spanId}-${flags}`,
    ...(tracestate === undefined || tracestate === '' ? {} : { tracestate }),
  };
}
