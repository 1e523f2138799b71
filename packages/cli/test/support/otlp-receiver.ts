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
const request = z.strictObject({
  resourceSpans: z.array(
    z.strictObject({
      resource: z.strictObject({
        attributes,
        droppedAttributesCount: count,
        entityRefs: z.array(z.unknown()).optional(),
      }),
      scopeSpans: z.array(z.strictObject({ scope, spans: z.array(span), schemaUrl: z.string().optional() })),
      schemaUrl: z.string().optional(),
    }),
  ),
});

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
  const faults: string[] = [];
  const server = createServer(async (asked, response) => {
    let text = '';
    for await (const chunk of asked) text += chunk;
    const read = request.safeParse(JSON.parse(text));
    if (!read.success || asked.url !== '/v1/traces' || asked.headers['content-type'] !== 'application/json') {
      faults.push(read.success ? `${asked.url} ${asked.headers['content-type']}` : read.error.message);
      response.writeHead(400).end();
      return;
    }
    for (const { scopeSpans } of read.data.resourceSpans)
      for (const each of scopeSpans.flatMap((found) => found.spans))
        spans.push({
          name: each.name,
          kind: each.kind,
          traceId: each.traceId,
          spanId: each.spanId,
          parentSpanId: each.parentSpanId,
          failed: each.status?.code === 2,
          attributes: Object.fromEntries(
            (each.attributes ?? []).map(({ key, value: held }) => [key, Object.values(held)[0]]),
          ),
        });
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/v1/traces`, spans, faults };
}
