/**
 * A client for the conformance suite's client scenarios, on the official SDK: `client.ts [through] URL` uses everything
 * that the server offers, directly or through the gateway.
 */
import { Client, StreamableHTTPClientTransport, type Tool } from '@modelcontextprotocol/client';
import { openGateway } from './open-gateway.ts';

const url = process.argv.at(-1) ?? '';
const gateway = process.argv.includes('through') ? await openGateway(url) : undefined;
const modern = process.env['MCP_CONFORMANCE_PROTOCOL_VERSION'] === '2026-07-28';

const client = new Client(
  { name: 'conformance-client', version: '1.0.0' },
  {
    versionNegotiation: { mode: modern ? 'auto' : 'legacy' },
    capabilities: { elicitation: { form: { applyDefaults: true } }, sampling: {}, roots: {} },
  },
);
client.setRequestHandler('elicitation/create', ({ params }) => ({
  action: 'accept',
  content: 'requestedSchema' in params ? answersTo(params.requestedSchema) : {},
}));
client.setRequestHandler('sampling/createMessage', () => ({
  role: 'assistant',
  content: { type: 'text', text: 'an answer' },
  model: 'none',
}));
client.setRequestHandler('roots/list', () => ({ roots: [] }));

/** Only what has to be there: the SDK fills in defaults. */
function answersTo(schema: object): Record<string, string> {
  const { properties = {}, required = [] } = schema as {
    readonly properties?: object;
    readonly required?: readonly string[];
  };
  const values = { string: 'text', number: 1, integer: 1, boolean: true, array: [] } as const;
  const given = Object.entries(properties as Record<string, { type: keyof typeof values }>);
  return Object.fromEntries(
    given.filter(([name]) => required.includes(name)).map(([name, { type }]) => [name, values[type]]),
  ) as Record<string, string>;
}

interface ToolCall {
  readonly name: string;
  readonly arguments?: Record<string, unknown>;
}

/** What to call: as the scenario says, else each tool once. */
function callsOf(tools: readonly Tool[]): readonly ToolCall[] {
  const { toolCalls } = JSON.parse(process.env['MCP_CONFORMANCE_CONTEXT'] ?? '{}') as {
    readonly toolCalls?: readonly ToolCall[];
  };
  if (toolCalls !== undefined) return toolCalls;
  const focal = tools.find(({ inputSchema }) => '$defs' in inputSchema);
  return tools.map(({ name, inputSchema }) => {
    const names = Object.entries(
      (inputSchema.properties ?? {}) as Record<string, { readonly type?: string }>,
    );
    const args = names.map(([key, { type }]) => [
      key,
      key === 'schema' ? (focal?.inputSchema ?? {}) : type === 'number' || type === 'integer' ? 5 : 'text',
    ]);
    return { name, arguments: Object.fromEntries(args) };
  });
}

const attempt = async <Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> => {
  try {
    return await ask();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return undefined;
  }
};

try {
  await client.connect(new StreamableHTTPClientTransport(new URL(gateway?.url ?? url)));
  const listed = await attempt(() => client.listTools());
  for (const call of callsOf(listed?.tools ?? [])) await attempt(() => client.callTool(call));
  const resources = await attempt(() => client.listResources());
  for (const { uri } of resources?.resources ?? []) await attempt(() => client.readResource({ uri }));
  const prompts = await attempt(() => client.listPrompts());
  for (const { name } of prompts?.prompts ?? []) await attempt(() => client.getPrompt({ name }));
  await client.close();
} finally {
  await gateway?.close();
}
