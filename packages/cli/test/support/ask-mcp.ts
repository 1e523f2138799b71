import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface McpAnswer {
  readonly status: number;
  /** Code of a refusal by identity; undefined where the call was decided. */
  readonly code: string | undefined;
  readonly challenge: string | undefined;
  readonly text: string;
}

export interface McpAsk {
  readonly headers?: Readonly<Record<string, string>>;
  /** Certificate and key of the client, PEM. */
  readonly own?: { readonly cert: string; readonly key: string };
  readonly tool?: string;
  readonly args?: Readonly<Record<string, unknown>>;
  /** Members of the message's `_meta`. */
  readonly meta?: Readonly<Record<string, unknown>>;
  readonly method?: 'GET' | 'POST';
  readonly path?: string;
}

/** One request to a gateway, by default a call of the fixture's `echo`. Whom the client trusts is not what is tested. */
export function askMcp(url: string, ask: McpAsk = {}): Promise<McpAnswer> {
  const { headers = {}, own, tool = 'echo', args = {}, meta, method = 'POST' } = ask;
  const target = new URL(ask.path ?? '/mcp', url);
  const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
  const params = { name: tool, arguments: args, ...(meta === undefined ? {} : { _meta: meta }) };
  const body =
    method === 'GET' ? '' : JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
  return new Promise((resolve, reject) => {
    const request = send(target, {
      method,
      agent: false,
      rejectUnauthorized: false,
      ...own,
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...headers,
      },
    });
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () => {
        const status = response.statusCode ?? 0;
        const code = status === 200 ? undefined : /"message":"([a-z_]+): /.exec(text)?.[1];
        resolve({ status, code, challenge: response.headers['www-authenticate'], text });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}
