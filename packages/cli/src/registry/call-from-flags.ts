import type { Registry, ResolveCall } from '@writ/bundle';
import { type DecisionRequest, type Json, type JsonObject, readStrict } from '@writ/decision';
import { readText } from '../compose/read-text.ts';
import { CommandError, EXIT } from '../exit-status.ts';

/** A call as the command line describes it. */
export interface CallFlags {
  readonly tool?: string;
  readonly server?: string;
  readonly args?: string;
  readonly command?: string;
  readonly cwd?: string;
  readonly url?: string;
  readonly method?: string;
  readonly provider?: string;
  readonly model?: string;
  readonly request?: string;
}

/** The call that flags describe: of a tool, a command line, a request or a model; or the one in a file. */
export function callFromFlags(flags: CallFlags, registry: Registry): ResolveCall {
  if (flags.request !== undefined) return callFromRequest(flags.request);
  if (flags.provider !== undefined || flags.model !== undefined) return modelCall(flags);
  if (flags.command !== undefined) return commandCall(flags, flags.command, registry);
  if (flags.url !== undefined) return urlCall(flags, flags.url);
  if (flags.tool === undefined)
    throw new CommandError(
      EXIT.usage,
      'name a call: --tool, --command, --url, --provider or --request',
      'such as `writ registry resolve capabilities.yaml --command "cat notes.txt"`',
    );
  return toolCall(flags, flags.tool, argsOf(flags));
}

function toolCall({ server }: CallFlags, tool: string, args: JsonObject): ResolveCall {
  return { type: 'tool_call', tool, args, ...(server === undefined ? {} : { server }) };
}

function argsOf({ args }: CallFlags): JsonObject {
  if (args === undefined) return {};
  const read = readStrict(args);
  if (!read.ok) throw new CommandError(EXIT.usage, `--args: ${read.code}: ${read.message}`);
  if (typeof read.value !== 'object' || read.value === null || Array.isArray(read.value))
    throw new CommandError(EXIT.usage, '--args must be a JSON object');
  return read.value as JsonObject;
}

function modelCall({ provider = '', model = '', ...flags }: CallFlags): ResolveCall {
  const [first = '', ...rest] = model.split('/');
  // `--model groq/llama` says both.
  const both = provider === '' && rest.length > 0;
  const named = both ? { provider: first, model: rest.join('/') } : { provider, model };
  if (named.provider === '')
    throw new CommandError(EXIT.usage, 'name the provider too: --model PROVIDER/MODEL');
  return { type: 'model_inference', ...named, args: argsOf(flags) };
}

function commandCall(flags: CallFlags, command: string, registry: Registry): ResolveCall {
  const candidates = [...registry.tools.values()].flatMap((tools) =>
    [...tools].flatMap(([name, entries]) => (entries[0]?.capability.adapter === 'cli' ? [name] : [])),
  );
  const tools = [...new Set(candidates)];
  const tool = flags.tool ?? (tools.length === 1 ? tools[0] : undefined);
  if (tool === undefined) {
    const help =
      tools.length === 0 ? 'the registry has no capability with adapter `cli`' : `one of ${tools.join(', ')}`;
    throw new CommandError(EXIT.usage, 'say which tool runs the command: --tool', help);
  }
  const { server = '*', cwd } = flags;
  const held = registry.tools.get(server) ?? registry.tools.get('*');
  const facts = (held?.get(tool) ?? held?.get('*'))?.[0]?.facts;
  const given = put(argsOf(flags), facts?.command ?? '/command', command);
  return toolCall(flags, tool, cwd === undefined ? given : put(given, facts?.cwd ?? '/cwd', cwd));
}

function urlCall({ tool, method, ...flags }: CallFlags, url: string): ResolveCall {
  const args = argsOf(flags);
  if (tool !== undefined)
    return toolCall(flags, tool, { ...args, url, ...(method === undefined ? {} : { method }) });
  const parsed = URL.parse(url);
  if (parsed === null) throw new CommandError(EXIT.usage, `--url: \`${url}\` is no URL`);
  const port = parsed.port === '' ? {} : { port: Number(parsed.port) };
  return {
    type: 'http_request',
    destination: { scheme: parsed.protocol.slice(0, -1), host: parsed.hostname, ...port },
    args: { ...args, method: method ?? 'GET', path: `${parsed.pathname}${parsed.search}` },
  };
}

/** A value at a pointer through objects. */
function put(args: JsonObject, pointer: string, value: Json): JsonObject {
  const [step = '', ...rest] = pointer.slice(1).split('/');
  const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
  const inner = args[name];
  const below = typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? inner : {};
  return {
    ...args,
    [name]: rest.length === 0 ? value : put(below as JsonObject, `/${rest.join('/')}`, value),
  };
}

function callFromRequest(file: string): ResolveCall {
  const read = readStrict(readText(file));
  if (!read.ok)
    throw new CommandError(
      EXIT.badInput,
      `${file}:${read.line}:${read.column}: ${read.code}: ${read.message}`,
    );
  const value = read.value as { readonly request?: DecisionRequest } & Partial<DecisionRequest>;
  const action = value.request?.action ?? value.action;
  if (action === undefined) throw new CommandError(EXIT.badInput, `${file} holds no request with an action`);
  const { type, server, tool, args, destination, provider, model } = action;
  return { type, server, tool, args, destination, provider, model };
}
