import type { Decision, DecisionRequest, Json, JsonObject } from '../contract.ts';
import { httpStatusOf } from '../reason-codes.ts';
import type { FromInput, Profile } from './profile.ts';
import { goesOnUnchanged, objectWith, present, reading, reasonFor, refuse, textAt } from './reading.ts';

const KEYS = ['attributes', 'parsed_path', 'parsed_query', 'parsed_body', 'truncated_body', 'version'];
const HTTP_KEYS = [
  'id',
  'method',
  'headers',
  'path',
  'host',
  'scheme',
  'protocol',
  'query',
  'fragment',
  'size',
  'body',
  'raw_body',
];

/**
 * Envoy's external authorization, version 3, in the form that policies for OPA's Envoy plugin read: `attributes`
 * with `source.principal` and `request.http`, `parsed_path`, `parsed_query`, `parsed_body`. Answered with
 * `{allowed, http_status, headers, body}`. An outbound request's arguments are `{method, path, headers?, body?}`.
 */
export const envoyV3: Profile = Object.freeze({
  name: 'envoy/v3',
  types: ['http_request'] as const,
  toInput,
  fromInput,
  toAnswer,
});

function toInput({ actor, action, environment }: DecisionRequest): Json {
  const { method, path, headers, body } = action.args ?? {};
  const { scheme, host, port } = action.destination ?? {};
  const parsed = typeof path === 'string' ? parsePath(path) : undefined;
  return present({
    attributes: present({
      source: { principal: actor.id },
      request: present({
        time: environment?.time,
        http: present({
          method,
          path,
          headers,
          scheme,
          host: host === undefined ? undefined : port === undefined ? host : `${host}:${port}`,
        }),
      }),
    }),
    parsed_path: parsed?.path,
    parsed_query: parsed?.query,
    parsed_body: body,
    truncated_body: false,
    version: { encoding: 'protojson', ext_authz: 'v3' },
  }) as Json;
}

function parsePath(path: string): { readonly path: readonly string[]; readonly query: JsonObject } {
  const mark = path.indexOf('?');
  const plain = mark === -1 ? path : path.slice(0, mark);
  const query: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  if (mark !== -1) {
    for (const [key, value] of new URLSearchParams(path.slice(mark + 1))) {
      if (key === '__proto__') continue;
      query[key] = [...(query[key] ?? []), value];
    }
  }
  return { path: plain.replace(/^\//, '').split('/'), query: { ...query } };
}

function fromInput(input: Json): FromInput {
  return reading(() => {
    const document = objectWith(input, 'input', KEYS);
    if (document['truncated_body'] === true) refuse('input: the body is cut off');
    const attributes = record(document['attributes'], 'input.attributes');
    const source = record(attributes['source'], 'input.attributes.source');
    const principal = textAt(source, 'principal', 'input.attributes.source');
    const request = record(attributes['request'], 'input.attributes.request');
    const http = objectWith(request['http'], 'input.attributes.request.http', HTTP_KEYS);
    const host = textAt(http, 'host', 'input.attributes.request.http');
    const time = request['time'];
    return {
      request: present({
        principal: { id: principal },
        actor: { id: principal },
        action: {
          type: 'http_request',
          phase: 'call',
          args: present({
            method: http['method'],
            path: http['path'],
            headers: http['headers'],
            body: document['parsed_body'],
          }),
          destination: present({
            scheme: http['scheme'] === '' ? undefined : http['scheme'],
            ...hostAndPort(host),
          }),
        },
        environment: time === undefined ? undefined : { time },
      }),
    };
  });
}

function hostAndPort(authority: string): { readonly host: string; readonly port?: number } {
  const found = /^(.+):([0-9]{1,5})$/.exec(authority);
  const host = found?.[1];
  // An IPv6 address without brackets holds colons too, and no port.
  if (found === null || host === undefined || (host.includes(':') && !host.endsWith(']')))
    return { host: authority };
  return { host, port: Number(found[2]) };
}

function record(value: Json | undefined, where: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse(`${where}: expected an object`);
  return value as JsonObject;
}

function toAnswer(decision: Decision): Json {
  const headers = { 'x-writ-decision': decision.decision_id };
  if (goesOnUnchanged(decision)) return { allowed: true, headers };
  const reason = reasonFor(decision);
  return { allowed: false, http_status: httpStatusOf(reason), headers, body: reason };
}
