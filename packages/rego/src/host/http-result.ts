import { BuiltinError, readYaml, textOfBytes } from '../builtins/index.ts';
import type { Value } from '../value/index.ts';
import { fromJson, makeObject } from '../value/index.ts';
import { headerOf } from './http-expiry.ts';
import type { NetworkResponse } from './network.ts';

function isJsonType(contentType: string): boolean {
  const type = contentType.split(';')[0]!.trim().toLowerCase();
  return /^application\/(?:json|[^/]*\+json)$/.test(type);
}

function decoded(response: NetworkResponse, text: string, force: { json: boolean; yaml: boolean }): Value {
  const contentType = headerOf(response.headers, 'content-type');
  if (force.json || isJsonType(contentType)) return fromJson(text) ?? null;
  if (!force.yaml && !/application\/(?:x-)?yaml/.test(contentType)) return null;
  const value = readYaml(text);
  return value instanceof BuiltinError ? null : value;
}

/** What `http.send` gives for an answer. A body that cannot be decoded is null. */
export function httpResult(
  response: NetworkResponse,
  force: { readonly json: boolean; readonly yaml: boolean },
): Value {
  const text = textOfBytes(response.body);
  return {
    status: response.status,
    status_code: response.statusCode,
    body: decoded(response, text, force),
    raw_body: text,
    headers: makeObject([...response.headers].map(([name, values]) => [name, [...values]] as const)),
  };
}
