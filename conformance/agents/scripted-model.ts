/** A model that does what a script says, spoken to by Anthropic's Messages API: what a coding agent does is real, its wishes are not. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A call of a tool that the model wishes for. */
export interface Wish {
  readonly tool: string;
  readonly input: object;
}

export interface ScriptedModel {
  readonly url: string;
  /** What the agent told of each call, in order. */
  readonly told: readonly string[];
  /** Names of the tools that the agent offered last. */
  readonly offered: readonly string[];
  close(): Promise<void>;
}

interface Block {
  readonly type: string;
  readonly tool_use_id?: string;
  readonly content?: unknown;
}

interface Asked {
  readonly messages?: readonly { readonly role: string; readonly content: string | readonly Block[] }[];
  readonly tools?: readonly { readonly name: string }[];
}

export async function startScriptedModel(script: readonly Wish[]): Promise<ScriptedModel> {
  let told: string[] = [];
  let offered: string[] = [];
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (!request.url?.startsWith('/v1/messages') || request.url.includes('count_tokens')) {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{}');
      return;
    }
    const { messages = [], tools = [] } = JSON.parse(Buffer.concat(chunks).toString()) as Asked;
    const results = messages.flatMap(({ content }) =>
      typeof content === 'string' ? [] : content.filter(({ type }) => type === 'tool_result'),
    );
    const answered = results.filter(({ tool_use_id: id }) => id?.startsWith(WISHED) === true);
    if (answered.length >= told.length) told = answered.map(({ content }) => JSON.stringify(content));
    if (tools.length > 0) offered = tools.map(({ name }) => name);
    // Side questions (a title for the conversation) bring no tools.
    const next = tools.length === 0 ? undefined : script[answered.length];
    // An agent that is still connecting says so by what it offers.
    const wish =
      next === undefined || offered.includes(next.tool) || results.length - answered.length > WAITS_MAX
        ? next
        : WAIT;
    const id = wish === WAIT ? `toolu_wait_${results.length}` : `${WISHED}${answered.length}`;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of wish === undefined ? saying('Done.') : wishing(wish, id))
      response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    response.end();
  };
  const server = createServer(
    (request, response) => void serve(request, response).catch(() => response.destroy()),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get told() {
      return told;
    },
    get offered() {
      return offered;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const WISHED = 'toolu_wish_';
const WAIT: Wish = { tool: 'WaitForMcpServers', input: {} };
const WAITS_MAX = 20;

type Event = { readonly type: string; readonly [member: string]: unknown };

function saying(text: string): readonly Event[] {
  const block = { type: 'text', text: '' };
  return stream(block, { type: 'text_delta', text }, 'end_turn');
}

function wishing({ tool, input }: Wish, id: string): readonly Event[] {
  const block = { type: 'tool_use', id, name: tool, input: {} };
  return stream(block, { type: 'input_json_delta', partial_json: JSON.stringify(input) }, 'tool_use');
}

function stream(block: object, delta: object, stop: string): readonly Event[] {
  const usage = { input_tokens: 1, output_tokens: 1 };
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'scripted', content: [] };
  return [
    { type: 'message_start', message: { ...message, stop_reason: null, stop_sequence: null, usage } },
    { type: 'content_block_start', index: 0, content_block: block },
    { type: 'content_block_delta', index: 0, delta },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: stop, stop_sequence: null }, usage },
    { type: 'message_stop' },
  ];
}
