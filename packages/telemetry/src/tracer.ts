/** What a span says about itself. Names of OpenTelemetry's semantic conventions where there are some. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** Where a span belongs (W3C Trace Context). */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate?: string;
}

export interface SpanFacts {
  /** Default `internal`. */
  readonly kind?: 'server' | 'client' | 'internal';
  readonly attributes?: Attributes;
  /** The span of another process that this one belongs to; absent: the one that is open here. */
  readonly parent?: TraceContext;
}

/** A span while its work is done. */
export interface ActiveSpan {
  set(attributes: Attributes): void;
  /** Ends in an error of this type (`error.type`): a code, never a text that somebody else wrote. */
  fail(type: string): void;
}

/** Opens spans around work. */
export interface Tracer {
  /** Does the work within a span; what the work throws goes on, and fails the span. */
  span<T>(name: string, facts: SpanFacts, work: (span: ActiveSpan) => Promise<T>): Promise<T>;
  /** Says more about the span that is open; nothing where none is. */
  annotate(attributes: Attributes): void;
  /** The span that is open, for another process; undefined where none is. */
  current(): TraceContext | undefined;
  /** Sends what waits. */
  close(): Promise<void>;
}

const NO_SPAN: ActiveSpan = { set: () => {}, fail: () => {} };

/** No spans at all. */
export const NO_TRACER: Tracer = {
  span: (_name, _facts, work) => work(NO_SPAN),
  annotate: () => {},
  current: () => undefined,
  close: async () => {},
};
