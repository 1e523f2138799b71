import type {
  CallToolResult,
  CompleteRequest,
  GetPromptRequest,
  ReadResourceRequest,
  RequestOptions,
  Result,
} from '@modelcontextprotocol/client';
import type { JsonObject } from '@writ/decision';
import type { RequestMethod } from './methods.ts';
import { answerOf, type UpstreamAnswer } from './upstream-answer.ts';
import type { CallOptions, UpstreamTool } from './upstream-call.ts';
import type { WaitLimits } from './upstream-config.ts';
import type { Connection } from './upstream-connection.ts';
import { begunTask, followTask, keptTask, type NewerTask } from './upstream-newer-task.ts';
import { added } from './upstream-params.ts';
import { callThroughTask, wantsTask } from './upstream-task.ts';

/** Sends one call of a tool, with what was authorised and nothing else. */
export function sendCall(
  connection: Connection,
  tool: UpstreamTool,
  args: JsonObject | undefined,
  options: CallOptions,
  limits: WaitLimits,
): Promise<UpstreamAnswer<CallToolResult>> {
  const params = {
    name: tool.definition.name,
    ...(args === undefined ? {} : { arguments: args as Record<string, unknown> }),
    ...added(connection, options),
  };
  if (wantsTask(connection, tool)) {
    return patiently(connection, options, limits, (waiting, touch) =>
      callThroughTask(connection.client, params as JsonObject, waiting, touch),
    );
  }
  const follow = (task: NewerTask) =>
    patiently(connection, options, limits, (waiting, touch) =>
      followTask(connection.client, task, options.inputs?.responses, waiting, touch),
    );
  const kept = connection.keepsTasks ? keptTask(options.inputs?.state) : undefined;
  if (kept !== undefined) return follow(kept);
  const direct = connection.direct?.call(tool, args, options);
  if (direct !== undefined)
    return direct.then((answer) => (answer.kind === 'task' ? follow(begunTask(answer.task)) : answer));
  const { outputSchema: _unused, ...toolDefinition } = tool.definition;
  // Headers mirror the schema that was decided on. Output schemas are the client's to check: compiling what a server
  // wrote is no work for the process that decides.
  return patiently(connection, options, limits, (waiting) =>
    connection.client.callTool(params, { ...waiting, toolDefinition }),
  );
}

/** Sends one other request. Its parameters are those that were decided on. */
export function sendRequest(
  connection: Connection,
  method: Exclude<RequestMethod, 'resources/subscribe'>,
  params: JsonObject,
  options: CallOptions,
  limits: WaitLimits,
): Promise<UpstreamAnswer<Result>> {
  const { client } = connection;
  const whole = { ...params, ...added(connection, options) };
  const senders: Readonly<Record<typeof method, (waiting: RequestOptions) => Promise<Result>>> = {
    'resources/read': (waiting) =>
      client.readResource(whole as unknown as ReadResourceRequest['params'], {
        ...waiting,
        cacheMode: 'bypass',
      }),
    'prompts/get': (waiting) => client.getPrompt(whole as unknown as GetPromptRequest['params'], waiting),
    'completion/complete': (waiting) =>
      client.complete(whole as unknown as CompleteRequest['params'], waiting),
  };
  return patiently(connection, options, limits, senders[method]);
}

async function patiently<Answer extends Result>(
  { patience, client }: Connection,
  { signal, onProgress }: CallOptions,
  { timeoutMs, timeoutTotalMs }: WaitLimits,
  send: (waiting: RequestOptions, touch: () => void) => Promise<Answer>,
): Promise<UpstreamAnswer<Answer>> {
  if (signal?.aborted === true) return { kind: 'not_sent' };
  const wait = patience.begin(timeoutMs);
  const waiting: RequestOptions = {
    timeout: timeoutTotalMs,
    maxTotalTimeout: timeoutTotalMs,
    allowInputRequired: true,
    signal: signal === undefined ? wait.signal : AbortSignal.any([signal, wait.signal]),
    ...(onProgress === undefined
      ? {}
      : {
          onprogress: (progress) => {
            wait.touch();
            onProgress(progress);
          },
        }),
  };
  try {
    return await answerOf(
      () => send(waiting, () => wait.touch()),
      () => void client.close().catch(() => undefined),
    );
  } finally {
    wait.end();
  }
}
