import { Pool } from 'undici';

const MODERN = '2026-07-28';
const LEGACY = '2025-11-25';

/** A client that costs little, so that figures are of what stands before the server: JSON over kept connections. */
export interface LightClient {
  /** Calls the tool whose name ends with this one; gives its content. Rejects where it failed. */
  call(tool: string, args: object): Promise<unknown>;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly message: { readonly result?: Record<string, unknown>; readonly error?: unknown };
}

/** Connects in the newer era where the server knows it, else in a session of the older one. */
export async function connectLight(url: string, connections = 1): Promise<LightClient> {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections, headersTimeout: 60_000 });
  let count = 0;
  const post = async (body: object, headers: Record<string, string>): Promise<Answer> => {
    const answer = await pool.request({
      method: 'POST',
      path: pathname,
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...headers,
      },
      body: JSON.stringify({ jsonrpc: '2.0', ...body }),
    });
    const text = await answer.body.text();
    return { status: answer.statusCode, headers: answer.headers, message: messageOf(text) };
  };
  const envelope = {
    'io.modelcontextprotocol/protocolVersion': MODERN,
    'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const newer = (method: string, params: object, name?: string) => {
    const mirrored = name === undefined ? {} : { 'mcp-name': name };
    const headers = { 'mcp-protocol-version': MODERN, 'mcp-method': method, ...mirrored };
    count += 1;
    return post({ id: count, method, params: { ...params, _meta: envelope } }, headers);
  };
  let session: Record<string, string> = {};
  const older = (method: string, params: object) => {
    count += 1;
    return post({ id: count, method, params }, session);
  };
  const discovered = await newer('server/discover', {});
  const modern = discovered.status === 200 && discovered.message.result !== undefined;
  if (!modern) {
    const clientInfo = { name: 'bench', version: '1' };
    const begun = await older('initialize', { protocolVersion: LEGACY, capabilities: {}, clientInfo });
    const id = begun.headers['mcp-session-id'];
    session = {
      'mcp-protocol-version': LEGACY,
      ...(id === undefined ? {} : { 'mcp-session-id': String(id) }),
    };
    await post({ method: 'notifications/initialized' }, session);
  }
  const ask = modern ? newer : older;
  const { message } = await ask('tools/list', {});
  const names = ((message.result?.['tools'] ?? []) as readonly { readonly name: string }[]).map(
    ({ name }) => name,
  );
  return {
    async call(tool, args) {
      const name = names.find((each) => each.endsWith(tool)) ?? tool;
      const { status, message: given } = await ask('tools/call', { name, arguments: args }, name);
      if (status !== 200 || given.result === undefined || given.result['isError'] === true)
        throw new Error(`${url}: ${status} ${JSON.stringify(given)}`);
      return given.result['content'];
    },
    close: () => pool.close(),
  };
}

/** A document, or the last event of a stream. */
function messageOf(text: string): Answer['message'] {
  const at = text.lastIndexOf('data: {');
  const document = text.startsWith('{') ? text : at < 0 ? '{}' : text.slice(at + 'data: '.length);
  try {
    return JSON.parse(document);
  } catch {
    return {};
  }
}
