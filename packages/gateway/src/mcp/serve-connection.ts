import type { Readable, Writable } from 'node:stream';
import { type JSONRPCMessage, type Server, SUBSCRIPTION_ID_META_KEY } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import type { Json, JsonObject } from '@writ/decision';
import type { Caller } from '@writ/identity';
import { answerTask, asksForTask, errorMessage } from './answer-task.ts';
import { answerTaskCall } from './answer-task-call.ts';
import { reportMalformed, reportUnserved } from './ask-decision.ts';
import type { CallContext } from './call-context.ts';
import { followChanges } from './change-relay.ts';
import type { Arrival, ClientSession } from './client-session.ts';
import { requestFront } from './front.ts';
import { isObject } from './json-object.ts';
import { type AllowedListen, allowListen, isListen, undeclaredTasks } from './listen.ts';
import { grantedOf } from './listen-stream.ts';
import { mayStillHear } from './may-hear.ts';
import { eraOf } from './methods.ts';
import { plainCall } from './plain-call.ts';
import { serveMcp } from './serve-mcp.ts';
import { shownLists } from './shown-lists.ts';
import { StrictStdioTransport } from './stdio-transport.ts';
import type { Task } from './task.ts';

/** One client on a pair of streams. */
export interface StdioSession {
  /** Resolves when the client's side ended. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

interface ConnectionOptions {
  readonly context: CallContext;
  readonly openSession: (arrival: Arrival) => ClientSession;
  readonly caller: Caller;
  readonly input: Readable;
  readonly output: Writable;
  /** True while the gateway waits for what is under way, and takes nothing more. */
  readonly stopping: () => boolean;
}

/** Serves one client on a pair of streams, in the era that it begins with. */
export function serveConnection({
  context,
  openSession,
  caller,
  input,
  output,
  stopping,
}: ConnectionOptions): StdioSession {
  const { point } = context;
  const listens = new Map<unknown, AllowedListen>();
  const closers: (() => Promise<void> | void)[] = [];
  let end: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const calls = new Map<Json, AbortController>();
  const finish = () => {
    for (const call of calls.values()) call.abort();
    for (const listen of listens.values()) listen.end();
    listens.clear();
    for (const close of closers.splice(0)) void close();
    end();
  };
  const transport = new StrictStdioTransport(
    input,
    output,
    {
      malformed: (code, message) => void reportMalformed(point, caller, code, message),
      unserved: (method) => void reportUnserved(point, caller, method),
      own: (message) =>
        stopping()
          ? refuseStopping(context, caller, message)
          : answerOwn(context, caller, message, { calls, follow: (task) => older?.follow(task) }),
      passing: (message) => takeBack(message, listens, calls),
      telling: (message) => acknowledged(message, listens),
      async admit(message) {
        const allowed = await allowListen(context, caller, message);
        const { id = null } = message;
        const stop = allowed.followTasks((task) => transport.tell(taskMessage(id, task)));
        const end = (): void => {
          stop();
          allowed.end();
        };
        listens.set(id, { ...allowed, end });
        return allowed.message;
      },
    },
    context.limits.messageBytes,
    finish,
  );
  let older: ClientSession | undefined;
  const legacy = (): Server => {
    const session = openSession({ caller });
    older = session;
    closers.push(() => session.close());
    return session.server;
  };
  const modern = (): Server => {
    const shown = shownLists(
      () => context,
      () => caller,
    );
    const server = serveMcp({ ...requestFront(context, caller, { era: 'modern' }), shown });
    const wanted = async (uri: string) =>
      [...listens.values()].some(({ uris }) => uris.has(uri)) && mayStillHear(context, caller, 'modern', uri);
    const relay = followChanges(server, { wants: wanted, shown });
    relay.follow(context.catalogue);
    closers.push(() => relay.close());
    return server;
  };
  const handle = serveStdio(({ era }) => (era === 'legacy' ? legacy() : modern()), { transport });
  return { ended, close: () => handle.close() };
}

/** Nothing more is taken; answers that a client owes still pass. */
function refuseStopping(
  { point }: CallContext,
  caller: Caller,
  { id, method }: JsonObject,
): Promise<JsonObject> | undefined {
  if (id === undefined || method === undefined) return undefined;
  const message = 'the gateway is stopping: ask again';
  return reportMalformed(point, caller, 'stopping', message).then(() =>
    errorMessage(id, { code: -32_000, message: `stopping: ${message}` }),
  );
}

/** Requests about tasks, and calls that may become one. */
function answerOwn(
  context: CallContext,
  caller: Caller,
  message: JsonObject,
  { calls, follow }: { readonly calls: Map<Json, AbortController>; readonly follow: (task: Task) => void },
): Promise<JsonObject | undefined> | undefined {
  const era = eraOf(message);
  const undeclared = isListen(message) ? undeclaredTasks(message) : undefined;
  if (undeclared !== undefined) {
    const refused = errorMessage(message['id'] ?? null, undeclared);
    return reportMalformed(context.point, caller, 'message_refused', undeclared.message).then(() => refused);
  }
  if (asksForTask(message)) return answerTask(context, caller, era, message).then(({ message: own }) => own);
  const call = plainCall(message, era);
  if (call?.task === undefined) return undefined;
  const gone = new AbortController();
  calls.set(call.id, gone);
  return answerTaskCall(context, caller, era, call, { gone: gone.signal, follow }).finally(() =>
    calls.delete(call.id),
  );
}

/** The acknowledgement of a request for changes, with the tasks that the SDK does not know of. */
function acknowledged(message: JSONRPCMessage, listens: ReadonlyMap<unknown, AllowedListen>): JSONRPCMessage {
  if (!('method' in message) || message.method !== 'notifications/subscriptions/acknowledged') return message;
  const { params = {} } = message as { readonly params?: JsonObject };
  const { _meta: meta } = params;
  const allowed = listens.get(isObject(meta) ? meta[SUBSCRIPTION_ID_META_KEY] : undefined);
  if (allowed === undefined || allowed.taskIds.size === 0) return message;
  const told = { ...message, params: { ...params, notifications: grantedOf(allowed) } };
  return told as unknown as JSONRPCMessage;
}

function taskMessage(id: Json, task: JsonObject): JsonObject {
  const params = { ...task, _meta: { [SUBSCRIPTION_ID_META_KEY]: id } };
  return { jsonrpc: '2.0', method: 'notifications/tasks', params };
}

/** What its client does not want any more: a stream of changes, or a call that the SDK does not know. */
function takeBack(
  { method, params }: JsonObject,
  listens: Map<unknown, AllowedListen>,
  calls: ReadonlyMap<Json, AbortController>,
): void {
  if (method !== 'notifications/cancelled') return;
  const { requestId = null } = (params ?? {}) as JsonObject;
  listens.get(requestId)?.end();
  listens.delete(requestId);
  calls.get(requestId)?.abort();
}
