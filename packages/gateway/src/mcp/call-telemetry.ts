import type { RequestId } from '@modelcontextprotocol/server';
import type { JsonObject } from '@writ/decision';
import {
  decisionAttributes,
  type Meters,
  NO_TRACER,
  readTraceContext,
  type TraceContext,
  type Tracer,
} from '@writ/telemetry';
import type { BoundedPoint } from './bounded-point.ts';
import { traceMeta } from './trace.ts';
import type { UpstreamAnswer } from './upstream-answer.ts';

/** What the gateway tells whoever watches it. */
export interface GatewayTelemetry {
  readonly meters?: Meters;
  readonly tracer?: Tracer;
}

/** A request on its way to a server. */
export interface Sent {
  readonly server: string;
  readonly method: string;
  /** Tool or prompt; absent where there is none. */
  readonly name?: string;
  /** `_meta` of the client's request. */
  readonly meta: JsonObject;
}

/** Meters and spans around the work of one gateway; where neither is wanted, the work alone. */
export interface CallTelemetry {
  request<T>(
    asked: {
      readonly method: string;
      readonly name?: string;
      readonly meta: JsonObject;
      readonly id: RequestId;
    },
    work: () => Promise<T>,
  ): Promise<T>;
  /** A question of a server to its client. */
  question<T>(
    asked: { readonly server: string; readonly method: string },
    work: () => Promise<T>,
  ): Promise<T>;
  /** A definition is not the pinned one. */
  changed(server: string): void;
  /** The point, with each decision measured. */
  point(point: BoundedPoint): BoundedPoint;
  /** Sends with the trace context that the server shall see. */
  upstream<Answer extends UpstreamAnswer>(
    sent: Sent,
    work: (meta: JsonObject) => Promise<Answer>,
  ): Promise<Answer>;
}

/** Upper bounds, s. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const TOOL_CALL = 'tools/call';

export function callTelemetry({ meters, tracer = NO_TRACER }: GatewayTelemetry): CallTelemetry {
  const decisions = meters?.histogram(
    'writ_gateway_decision_seconds',
    'Time from a question of the gateway to its durable answer.',
    BOUNDS,
  );
  const refusals = meters?.counter('writ_gateway_refusals_total', 'Refused calls, by leading reason.');
  const upstreams = meters?.histogram(
    'writ_gateway_upstream_seconds',
    'Time from a request sent to a server to its answer.',
    BOUNDS,
  );
  const answers = meters?.counter(
    'writ_gateway_upstream_answers_total',
    'Answers of servers by kind; not_sent and unknown are faults.',
  );

  const changes = meters?.counter(
    'writ_gateway_changed_definitions_total',
    'Definitions that are not the pinned ones: each form that was seen of each.',
  );

  const decide = async (point: BoundedPoint, call: Parameters<BoundedPoint['decide']>[0]) => {
    const startedMs = performance.now();
    const decision = await tracer.span('writ.decide', {}, async (span) => {
      const made = await point.decide(call);
      span.set(decisionAttributes(made));
      return made;
    });
    tracer.annotate(decisionAttributes(decision));
    decisions?.observe({ outcome: decision.outcome }, (performance.now() - startedMs) / 1000);
    if (decision.effect === 'refuse') refusals?.add({ reason: decision.reason });
    return decision;
  };

  return {
    request: ({ method, name, meta, id }, work) =>
      tracer.span(
        nameOf(method, name),
        {
          kind: 'server',
          attributes: { ...attributesOf(method, name), 'jsonrpc.request.id': String(id) },
          ...parentOf(meta),
        },
        async (span) => {
          const answer = await work();
          if ((answer as { isError?: unknown } | undefined)?.isError === true) span.fail('tool_error');
          return answer;
        },
      ),
    question: ({ server, method }, work) =>
      tracer.span(
        method,
        { kind: 'client', attributes: { 'mcp.method.name': method, 'writ.server': server } },
        work,
      ),
    changed: (server) => changes?.add({ server }),
    point: (point) => ({ ...point, decide: (call) => decide(point, call) }),
    upstream: ({ server, method, name, meta }, work) =>
      tracer.span(
        nameOf(method, name),
        { kind: 'client', attributes: { ...attributesOf(method, name), 'writ.server': server } },
        async (span) => {
          const startedMs = performance.now();
          const here = tracer.current();
          const answer = await work(here === undefined ? traceMeta(meta) : { ...here });
          upstreams?.observe({ server }, (performance.now() - startedMs) / 1000);
          answers?.add({ server, kind: answer.kind });
          if (answer.kind !== 'result' && answer.kind !== 'input_required') span.fail(answer.kind);
          return answer;
        },
      ),
  };
}

/** As the MCP conventions name spans: the method, and what it is about. */
function nameOf(method: string, name: string | undefined): string {
  return name === undefined ? method : `${method} ${name}`;
}

function attributesOf(method: string, name: string | undefined): Record<string, string> {
  const named =
    name === undefined ? {} : { [method === TOOL_CALL ? 'gen_ai.tool.name' : 'gen_ai.prompt.name']: name };
  return {
    'mcp.method.name': method,
    ...named,
    ...(method === TOOL_CALL ? { 'gen_ai.operation.name': 'execute_tool' } : {}),
  };
}

/** Only well-formed trace context of a client counts. */
function parentOf(meta: JsonObject): { readonly parent?: TraceContext } {
  const parent = readTraceContext(meta);
  return parent === undefined ? {} : { parent };
}
