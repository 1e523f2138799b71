import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JsonObject } from '@writ/decision';
import type { Caller } from '@writ/identity';
import { answerTask, type TaskMessage } from './answer-task.ts';
import { callAsTask } from './call-as-task.ts';
import type { CallContext } from './call-context.ts';
import type { CallAnswer, PlainCall } from './direct-call.ts';
import type { HttpSessions } from './http-sessions.ts';
import type { Era } from './methods.ts';
import { sessionIdOf } from './refuse-transport.ts';
import { sendError } from './send-json.ts';

/** A request about tasks, or for one, by a caller that is known. */
export interface TaskHttpRequest<Message extends JsonObject = JsonObject> {
  readonly caller: Caller;
  readonly era: Era;
  readonly message: Message;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Answers a request about tasks over HTTP: one document, whoever asks. */
export async function serveTaskHttp(
  context: CallContext,
  sessions: HttpSessions,
  asked: TaskHttpRequest<TaskMessage>,
): Promise<void> {
  const headers = sessionHeaders(sessions, asked);
  if (headers === undefined) return;
  const { caller, era, message, request, response } = asked;
  const { status, message: answer } = await answerTask(context, caller, era, message, request.headers);
  sendDocument(response, status, headers, answer);
}

/** Serves a call that may become a task. Gives its answer where it did not. */
export async function serveCallAsTask(
  context: CallContext,
  sessions: HttpSessions,
  call: PlainCall,
  asked: TaskHttpRequest,
): Promise<(() => Promise<CallAnswer>) | undefined> {
  const headers = sessionHeaders(sessions, asked);
  if (headers === undefined) return undefined;
  const { caller, era, response } = asked;
  const gone = new AbortController();
  const leave = () => gone.abort();
  if (era === 'modern') response.once('close', leave);
  const begun = await callAsTask(context, caller, era, call, gone.signal);
  if ('answer' in begun) return () => begun.answer;
  const session = era === 'legacy' ? sessionIdOf(asked.request) : undefined;
  if (session !== undefined) sessions.find(session, { caller })?.session.follow(begun.kept);
  sendDocument(response, 200, headers, { jsonrpc: '2.0', id: call.id, result: begun.task });
  return undefined;
}

/** Undefined where the request names a session that the caller does not have: then it is answered. */
function sessionHeaders(
  sessions: HttpSessions,
  { caller, era, request, response }: TaskHttpRequest,
): Record<string, string> | undefined {
  const id = era === 'legacy' ? sessionIdOf(request) : undefined;
  if (id === undefined) return {};
  if (sessions.find(id, { caller }) !== undefined) return { 'mcp-session-id': id };
  sendError(response, 404, -32_001, 'session_unknown: begin a new session');
  return undefined;
}

function sendDocument(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  message: JsonObject,
): void {
  const text = JSON.stringify(message);
  const about = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) };
  response.writeHead(status, { ...headers, ...about });
  response.end(text);
}
