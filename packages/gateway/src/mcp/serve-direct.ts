import type { ServerResponse } from 'node:http';
import { SERVER_INFO_META_KEY } from '@modelcontextprotocol/server';
import type { JsonObject } from '@writ/decision';
import { type CallAnswer, DirectCall, type PlainCall } from './direct-call.ts';
import type { Front } from './front.ts';
import type { HeldResponse } from './held-response.ts';
import { isObject } from './json-object.ts';
import { SERVER_INFO, serveCall } from './serve-mcp.ts';

/** After this long the SDK takes a call over: an answer that takes long is told on a stream, which can be resumed. */
const WHOLE_MS = 1_000;

export interface DirectServing {
  /** Who is served, and with what; asked before anything else happens. */
  readonly front: (direct: DirectCall) => Front;
  readonly response: ServerResponse;
  readonly held: HeldResponse;
  /** Headers of the answer beside its own. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Makes a stream of the answer, which is kept for a client that loses it; else the answer is a document. */
  readonly streamed?: (answer: JsonObject) => Promise<string>;
  /** The work, where it began already. */
  readonly work?: () => Promise<CallAnswer>;
  /** Has the SDK serve the request; it finds the call under way by the front. */
  takeOver(direct: DirectCall): Promise<void>;
}

/** Serves a call of a tool without the SDK where its whole answer is one JSON document. */
export async function serveDirect(call: PlainCall, serving: DirectServing): Promise<void> {
  const { response, held } = serving;
  let handOver: (none: undefined) => void = () => {};
  const handedOver = new Promise<undefined>((resolve) => {
    handOver = resolve;
  });
  const direct = new DirectCall(call, () => handOver(undefined));
  const front = serving.front(direct);
  const timer = setTimeout(() => void direct.handOver(), WHOLE_MS);
  const answer = direct.begin(serving.work ?? (() => serveCall(front, direct, call.name, call.args)));
  // An error is the SDK's to tell.
  const first = await Promise.race([answer.catch(() => undefined), handedOver]);
  clearTimeout(timer);
  if (!direct.handedOver && held.refused) return void held.end();
  if (direct.handedOver || first === undefined || !isPlain(first)) {
    await serving.takeOver(direct);
    return direct.leave();
  }
  const whole = { jsonrpc: '2.0', id: call.id, result: encoded(first, front) as JsonObject };
  const { streamed } = serving;
  const text = streamed === undefined ? JSON.stringify(whole) : await streamed(whole);
  response.writeHead(200, {
    ...serving.headers,
    'Content-Type': streamed === undefined ? 'application/json' : 'text/event-stream',
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(text);
}

/** What both eras write in the same way. */
function isPlain(answer: CallAnswer): boolean {
  const { resultType, content, structuredContent } = answer as JsonObject;
  return (
    resultType === undefined &&
    Array.isArray(content) &&
    (structuredContent === undefined || isObject(structuredContent))
  );
}

/** An answer as the era writes it. */
export function encoded(answer: CallAnswer, { era }: Pick<Front, 'era'>): object {
  if (era === 'legacy') return answer;
  return {
    resultType: 'complete',
    ...answer,
    _meta: { ...answer._meta, [SERVER_INFO_META_KEY]: SERVER_INFO },
  };
}
