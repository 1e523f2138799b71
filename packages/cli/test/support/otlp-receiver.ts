import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { z } from 'zod';

const id = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`));
const nanoseconds = z.union([z.string().regex(/^\d{19}$/), z.number()]);
const count = z.number().int().min(0).optional();
/** `AnyValue`, as far as spans of Writ use it. */
const value = z.union([
  z.strictObject({ stringValue: z.string() }),
  z.strictObject({ boolValue: z.boolean() }),
  z.strictObject({ intValue: z.union([z.number().int(), z.string().regex(/^-?\d+$/)]) }),
  z.strictObject({ doubleValue: z.number() }),
  z.strictObject({ arrayValue: z.strictObject({ values: z.array(z.unknown()) }) }),
]);
const attributes = z.array(z.strictObject({ key: z.string().min(1), value })).optional();
const event = z.strictObject({
  timeUnixNano: nanoseconds,
  name: z.string(),
  attributes,
  droppedAttributesCount: count,
});
/** `Span` of opentelemetry/proto/trace/v1/trace.proto in its JSON mapping: every field by its name, and no other. */
const span = z.strictObject({
  traceId: id(16),
  spanId: id(8),
  traceState: z.string().optional(),
  parentSpanId: id(8).optional(),
  flags: z.number().int().optional(),
  name: z.string().min(1),
  kind: z.number().int().min(0).max(5),
  startTimeUnixNano: nanoseconds,
  endTimeUnixNano: nanoseconds,
  attributes,
  droppedAttributesCount: count,
  events: z.array(event).optional(),
  droppedEventsCount: count,
  links: z.array(z.unknown()).max(0).optional(),
  droppedLinksCount: count,
  status: z
    .strictObject({ message: z.string().optional(), code: z.number().int().min(0).max(2).optional() })
    .optional(),
});
const scope = z.strictObject({
  name: z.string(),
  version: z.string().optional(),
  attributes,
  droppedAttributesCount: count,
});
const resource = z.strictObject({
  attributes,
  droppedAttributesCount: count,
  entityRefs: z.array(z.unknown()).optional(),
});
const traces = z.strictObject({
  resourceSpans: z.array(
    z.strictObject({
      resource,
      scopeSpans: z.array(z.strictObject({ scope, spans: z.array(span), schemaUrl: z.string().optional() })),
      schemaUrl: z.string().optional(),
    }),
  ),
});

/** `LogRecord` of opentelemetry/proto/logs/v1/logs.proto in its JSON mapping. */
const record = z.strictObject({
  timeUnixNano: nanoseconds,
  observedTimeUnixNano: nanoseconds,
  severityNumber: z.number().int().min(1).max(24),
  severityText: z.string(),
  body: value,
  eventName: z.string().optional(),
  attributes,
  droppedAttributesCount: count,
  flags: z.number().int().optional(),
  traceId: id(16).optional(),
  spanId: id(8).optional(),
});
const logs = z.strictObject({
  resourceLogs: z.array(
    z.strictObject({
      resource,
      scopeLogs: z.array(
        z.strictObject({ scope, logRecords: z.array(record), schemaUrl: z.string().optional() }),
      ),
      schemaUrl: z.string().optional(),
    }),
  ),
});

export interface ReceivedRecord {
  readonly event: string | undefined;
  readonly severity: string;
  readonly body: unknown;
  readonly traceId: string | undefined;
  readonly spanId: string | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface ReceivedSpan {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly failed: boolean;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** A receiver of OTLP/HTTP on a free port, which takes what the protocol's definition allows and nothing else. */
export async function startReceiver() {
  const spans: ReceivedSpan[] = [];
  const records: ReceivedRecord[] = [];
  const faults: string[] = [];
  const server = createServer(async (asked, response) => {
    let text = '';
    for await (const chunk of asked) text += chunk;
    const type = asked.headers['content-type'];
    const isLogs = asked.url === '/v1/logs';
    const read = (isLogs ? logs : traces).safeParse(JSON.parse(text));
    if (!read.success || (!isLogs && asked.url !== '/v1/traces') || type !== 'application/json') {
      faults.push(read.success ? `${asked.url} ${type}` : read.error.message);
      response.writeHead(400).end();
      return;
    }
    for (const { scopeLogs } of 'resourceLogs' in read.data ? read.data.resourceLogs : [])
      for (const each of scopeLogs.flatMap((found) => found.logRecords))
        records.push({
          event: each.eventName,
          severity: each.severityText,
          body: Object.values(each.body)[0],
          traceId: each.traceId,
          spanId: each.spanId,
          attributes: plain(each.attributes),
        });
    for (const { scopeSpans } of 'resourceSpans' in read.data ? read.data.resourceSpans : [])
      for (const each of scopeSpans.flatMap((found) => found.spans))
        spans.push({
          name: each.name,
          kind: each.kind,
          traceId: each.traceId,
          spanId: each.spanId,
          parentSpanId: each.parentSpanId,
          failed: each.status?.code === 2,
          attributes: plain(each.attributes),
        });
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  const base = `http://127.0.0.1:${port}`;
  return { url: `${base}/v1/traces`, logsUrl: `${base}/v1/logs`, spans, records, faults };
}

function plain(given: z.infer<typeof attributes>): Readonly<Record<string, unknown>> {
  return Object.fromEntries((given ?? []).map(({ key, value: held }) => [key, Object.values(held)[0]]));
}
