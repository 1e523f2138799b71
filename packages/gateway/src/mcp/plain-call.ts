import type { IncomingHttpHeaders } from 'node:http';
import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  LOG_LEVEL_META_KEY,
  PROTOCOL_VERSION_META_KEY,
  RELATED_TASK_META_KEY,
  SUPPORTED_PROTOCOL_VERSIONS,
} from '@modelcontextprotocol/server';
import type { Json, JsonObject } from '@writ/decision';
import type { PlainCall } from './direct-call.ts';
import { isObject } from './json-object.ts';
import type { Era } from './methods.ts';
import { keepsTasks } from './task-forms.ts';

const MODERN_VERSION = '2026-07-28';
const MESSAGE_KEYS: readonly string[] = ['jsonrpc', 'id', 'method', 'params'];
const PARAMS_KEYS: readonly string[] = ['name', 'arguments', '_meta'];
const OLDER_KEYS: readonly string[] = [...PARAMS_KEYS, 'task'];
const NONE: JsonObject = {};

/** The call of a tool in an HTTP request, where headers and body agree and nothing is out of the ordinary. */
export function plainHttpCall(
  message: JsonObject,
  headers: IncomingHttpHeaders,
  era: Era,
): PlainCall | undefined {
  const call = plainCall(message, era);
  if (call === undefined || !acceptsBoth(headers.accept)) return undefined;
  const agrees = era === 'legacy' ? agreesOlder(headers) : agreesNewer(headers, call.name);
  return agrees ? call : undefined;
}

/**
 * The call of a tool in a message that holds nothing else. Everything that is out of the ordinary, or wrong, gives
 * undefined: the SDK reads it, and has the words to refuse it.
 */
export function plainCall(message: JsonObject, era: Era): PlainCall | undefined {
  const { jsonrpc, id, method, params } = message;
  if (method !== 'tools/call' || jsonrpc !== '2.0' || !isId(id) || !isObject(params)) return undefined;
  const keys = era === 'legacy' ? OLDER_KEYS : PARAMS_KEYS;
  if (!holdsOnly(message, MESSAGE_KEYS) || !holdsOnly(params, keys)) return undefined;
  const { name, arguments: args, _meta: meta = NONE, task } = params;
  if (typeof name !== 'string' || !isObject(meta) || !isPlainMeta(meta)) return undefined;
  if (args !== undefined && !isObject(args)) return undefined;
  const call = { id, name, args, meta };
  if (era === 'legacy') return olderCall({ ...call, envelope: NONE }, task);
  if (!isPlainEnvelope(meta)) return undefined;
  const kept = keepsTasks(meta[CLIENT_CAPABILITIES_META_KEY]) ? { task: {} } : {};
  return { ...call, envelope: meta, ...kept };
}

/** In the older era a client says with each call that it wants a task. */
function olderCall(call: PlainCall, task: Json | undefined): PlainCall | undefined {
  if (task === undefined) return call;
  if (!isObject(task)) return undefined;
  const { ttl } = task;
  if (ttl === undefined) return { ...call, task: {} };
  return typeof ttl === 'number' && ttl > 0 ? { ...call, task: { ttlMs: ttl } } : undefined;
}

function isId(id: Json | undefined): id is string | number {
  return typeof id === 'string' || Number.isSafeInteger(id);
}

function holdsOnly(object: JsonObject, keys: readonly string[]): boolean {
  for (const key in object) if (!keys.includes(key)) return false;
  return true;
}

/** The protocol wants clients to take both: an answer may become a stream. */
function acceptsBoth(accept: string | undefined): boolean {
  return accept?.includes('application/json') === true && accept.includes('text/event-stream');
}

function agreesOlder(headers: IncomingHttpHeaders): boolean {
  const version = headers['mcp-protocol-version'];
  return version === undefined || SUPPORTED_PROTOCOL_VERSIONS.includes(String(version));
}

function agreesNewer(headers: IncomingHttpHeaders, name: string): boolean {
  return (
    headers['mcp-protocol-version'] === MODERN_VERSION &&
    headers['mcp-method'] === 'tools/call' &&
    headers['mcp-name'] === name &&
    // What only a decoder can compare.
    !name.startsWith('=?')
  );
}

function isPlainEnvelope(meta: JsonObject): boolean {
  const info = meta[CLIENT_INFO_META_KEY];
  return (
    meta[PROTOCOL_VERSION_META_KEY] === MODERN_VERSION &&
    isPlainCapabilities(meta[CLIENT_CAPABILITIES_META_KEY]) &&
    (info === undefined || isPlainInfo(info)) &&
    meta[LOG_LEVEL_META_KEY] === undefined
  );
}

/** Capabilities as clients usually declare them: what else there may be is the SDK's to judge. */
function isPlainCapabilities(declared: Json | undefined): boolean {
  if (!isObject(declared)) return false;
  for (const key in declared) {
    const of = declared[key];
    if (!CAPABILITIES.includes(key) || !isObject(of)) return false;
    for (const mode in of) if (!isObject(of[mode]) && typeof of[mode] !== 'boolean') return false;
  }
  return true;
}

const CAPABILITIES: readonly string[] = ['sampling', 'elicitation', 'roots', 'extensions', 'experimental'];

function isPlainInfo(info: Json): boolean {
  if (!isObject(info) || info['name'] === undefined || info['version'] === undefined) return false;
  for (const key in info) if (typeof info[key] !== 'string') return false;
  return true;
}

function isPlainMeta({ progressToken, [RELATED_TASK_META_KEY]: task }: JsonObject): boolean {
  return task === undefined && (progressToken === undefined || isId(progressToken));
}
