import type { Value } from '../value/index.ts';
import { makeObject } from '../value/index.ts';
import type { BuiltinContext, BuiltinOutcome } from './builtin.ts';
import type { Family } from './define.ts';
import { fault } from './fault.ts';
import { isUrlFault, parseGoUrl, splitHostPort } from './go-url.ts';

function parse(_context: BuiltinContext, text: string): BuiltinOutcome {
  const url = parseGoUrl(text);
  if (isUrlFault(url)) return fault(url.problem);
  const { hostname, port } = splitHostPort(url.host);
  const parts: readonly (readonly [string, string])[] = [
    ['scheme', url.scheme],
    ['hostname', hostname],
    ['port', port],
    ['path', url.path],
    ['raw_path', url.rawPath === '' ? url.path : url.rawPath],
    ['raw_query', url.rawQuery],
    ['fragment', url.fragment],
  ];
  return makeObject(parts.filter(([name, part]) => part !== '' && (name !== 'raw_path' || url.path !== '')));
}

/** URLs. Source: OPA's `topdown/uri.go`. */
export const URI: Family = {
  'uri.parse': parse,
  'uri.is_valid': {
    call: (_context: BuiltinContext, text: Value) =>
      typeof text === 'string' && text !== '' && !isUrlFault(parseGoUrl(text)),
    checked: 0,
  },
};
