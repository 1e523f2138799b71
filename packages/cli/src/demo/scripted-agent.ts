import { type CallToolResult, Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

/** One call that the model chooses. */
export interface ChosenCall {
  readonly tool: string;
  readonly args: Record<string, unknown>;
  readonly meta?: Record<string, unknown>;
}

/**
 * A model that is a script: it answers what it was told to answer, given what the last tool call returned. It stands
 * where a language model would, and has exactly as much say: it chooses calls, and reads results.
 */
export type ScriptedModel = (lastResult: string | undefined) => ChosenCall | undefined;

/** A model that makes one call, and reacts to a result that begins with a known refusal by another. */
export function reactingModel(
  first: ChosenCall,
  reactions: Readonly<Record<string, ChosenCall>>,
): ScriptedModel {
  return (lastResult) => {
    if (lastResult === undefined) return first;
    const reaction = Object.keys(reactions).find((refusal) => lastResult.startsWith(refusal));
    return reaction === undefined ? undefined : reactions[reaction];
  };
}

/** An agent: the official MCP client in a loop with a model. */
export interface Agent {
  tools(): Promise<readonly string[]>;
  call(call: ChosenCall): Promise<CallToolResult>;
  /** Runs until the model chooses nothing more; each call goes to `onCall` before the next is chosen. */
  run(model: ScriptedModel, onCall: (call: ChosenCall, text: string) => void): Promise<void>;
  close(): Promise<void>;
}

/** Connects an agent to an MCP endpoint, as any client would. */
export async function connectAgent(url: string, token: string): Promise<Agent> {
  const client = new Client(
    { name: 'tour-agent', version: '1.0.0' },
    { versionNegotiation: { mode: 'auto' } },
  );
  await client.connect(
    new StreamableHTTPClientTransport(new URL(url), {
      requestInit: { headers: { authorization: `Bearer ${token}` } },
    }),
  );
  const call = ({ tool, args, meta }: ChosenCall): Promise<CallToolResult> =>
    client.callTool({ name: tool, arguments: args, ...(meta === undefined ? {} : { _meta: meta }) });
  return {
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call,
    async run(model, onCall) {
      let lastResult: string | undefined;
      for (let chosen = model(lastResult); chosen !== undefined; chosen = model(lastResult)) {
        lastResult = textOf(await call(chosen));
        onCall(chosen, lastResult);
      }
    },
    close: () => client.close(),
  };
}

/** The text of a result, as a model would read it. */
export function textOf(result: CallToolResult): string {
  return result.content.map((part) => (part.type === 'text' ? part.text : `[${part.type}]`)).join('\n');
}
