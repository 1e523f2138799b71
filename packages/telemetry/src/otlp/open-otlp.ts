import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Attributes, SpanFacts, TraceContext, Tracer } from '../tracer.ts';
import { BATCHES, exporterOf, type OtlpReceiver, resourceOf } from './otlp-receiver.ts';
import { spanContextOf } from './span-context.ts';

/** Where spans go. */
export interface OtlpOptions extends OtlpReceiver {
  /** Share of traces that begin here and are kept, 0 to 1. Default 1. A trace of a caller's is kept where it kept it. */
  readonly sampleRatio?: number;
}

const KINDS = { server: SpanKind.SERVER, client: SpanKind.CLIENT, internal: SpanKind.INTERNAL } as const;

/** Spans that are sent by OTLP/HTTP in JSON. What cannot be sent is dropped; nothing waits for the receiver. */
export function openOtlp(options: OtlpOptions): Tracer {
  const { sampleRatio = 1 } = options;
  const exporter = new OTLPTraceExporter(exporterOf(options));
  const provider = new TracerProvider({
    resource: resourceOf(options),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        ...BATCHES,
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
