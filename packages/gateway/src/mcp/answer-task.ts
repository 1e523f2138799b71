import type { IncomingHttpHeaders } from 'node:http';
import {
  CLIENT_CAPABILITIES_META_KEY,
  classifyInboundRequest,
  ProtocolError,
} from '@modelcontextprotocol/server';
import type { Json, JsonObject } from '@writ/decision';
import type { Caller } from '@writ/identity';
import { reportMalformed, reportUnserved } from './ask-decision.ts';
import type { CallContext } from './call-context.ts';
import { isObject } from './json-object.ts';
import { isListen } from './listen.ts';
import { type Era, METHODS, type MethodRule } from './methods.ts';
import { isTaskMethod, serveTask, type TaskMethod } from './serve-task.ts';
import { keepsTasks, missingTasks } from './task-forms.ts';

/** A request about tasks, of either era. */
export type TaskMessage = JsonObject & { readonly id: Json; readonly method: TaskMethod };

/** Is this a request about tasks. */
export function asksForTask(message: JsonObject): message is TaskMessage {
  return message['id'] !== undefined && isTaskMethod(message['method']);
}

/** A JSON-RPC answer, and the HTTP status that it goes out with. */
export interface TaskAnswer {
  readonly status: number;
  readonly message: JsonObject;
}

/** Answers one request about tasks; never rejects. `headers`: of the HTTP request, absent on stdio. */
export async function answerTask(
  context: CallContext,
  caller: Caller,
  era: Era,
  message: TaskMessage,
  headers?: IncomingHttpHeaders,
): Promise<TaskAnswer> {
  const { id, method } = message;
  const params = isObject(message['params']) ? message['params'] : {};
  if (!isOfEra(method, era)) {
    await reportUnserved(context.point, caller, method);
    return { status: 200, message: errorMessage(id, NOT_FOUND) };
  }
  const fault = era === 'modern' ? newerFault(message, params, headers) : undefined;
  if (fault !== undefined) {
    await reportMalformed(context.point, caller, 'message_refused', fault.message);
    return { status: 400, message: errorMessage(id, fault) };
  }
  try {
    const result = await serveTask(context, { caller, era, id, method, params });
    return { status: 200, message: { jsonrpc: '2.0', id, result } };
  } catch (error) {
    const known = error instanceof ProtocolError ? error : new ProtocolError(-32_603, 'Internal error');
    return { status: 200, message: errorMessage(id, known) };
  }
}

/** Methods that the era of the request does not have, and that are refused only here: those of the newer one. */
function isOfEra(method: TaskMethod, era: Era): boolean {
  const rule: MethodRule = METHODS[method];
  return rule.era === undefined || rule.era === era;
}

const NOT_FOUND = { code: -32_601, message: 'Method not found' };
const MISMATCH = -32_020;

interface Fault {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

export function errorMessage(id: Json, { code, message, data }: Fault): JsonObject {
  const given = data === undefined ? {} : { data: data as Json };
  return { jsonrpc: '2.0', id, error: { code, message, ...given } };
}

/** What is wrong with a request of the newer era about tasks: its envelope, headers that disagree, or what its client can. */
export function newerFault(
  message: JsonObject,
  params: JsonObject,
  headers: IncomingHttpHeaders | undefined,
): Fault | undefined {
  const read = classifyInboundRequest({ httpMethod: 'POST', body: message, ...mirrored(headers) });
  if (read.kind === 'reject') return read;
  const { taskId, _meta: meta } = params;
  const fault =
    headers === undefined ? undefined : headerFault(headers, isListen(message) ? undefined : { taskId });
  if (fault !== undefined) return fault;
  if (isObject(meta) && keepsTasks(meta[CLIENT_CAPABILITIES_META_KEY])) return undefined;
  return missingTasks();
}

function mirrored(headers: IncomingHttpHeaders | undefined) {
  const of = (name: string) => (headers?.[name] === undefined ? undefined : String(headers[name]));
  const [version, method] = [of('mcp-protocol-version'), of('mcp-method')];
  return {
    ...(version === undefined ? {} : { protocolVersionHeader: version }),
    ...(method === undefined ? {} : { mcpMethodHeader: method }),
  };
}

/** Headers that a request must have, and say the same as its body. */
function headerFault(
  headers: IncomingHttpHeaders,
  named: { readonly taskId: Json | undefined } | undefined,
): Fault | undefined {
  for (const name of ['mcp-protocol-version', 'mcp-method', ...(named === undefined ? [] : ['mcp-name'])]) {
    if (headers[name] === undefined)
      return { code: MISMATCH, message: `Bad Request: the required header ${name} is missing` };
  }
  if (named === undefined || String(headers['mcp-name']).trim() === named.taskId) return undefined;
  return { code: MISMATCH, message: 'Bad Request: the header mcp-name and params.taskId disagree' };
}
