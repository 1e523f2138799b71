import { isPlainObject, objectEntries, RegoNumber, RegoObject, RegoSet } from '../value/index.ts';
import type { Code } from './code.ts';
import { code, join, literal } from './code.ts';

const COMMA = code`,`;

function all(parts: Iterable<unknown>): Code {
  return join(
    Array.from(parts, (part) => dataCode(part)),
    COMMA,
  );
}

function objectCode(data: object): Code {
  const members = Object.entries(data).flatMap(([name, member]) => {
    if (member === undefined) return [];
    const key = name === '__proto__' ? code`[${literal(name)}]` : literal(name);
    return [code`${key}:${dataCode(member)}`];
  });
  return code`{${join(members, COMMA)}}`;
}

/** What cannot be written into a file: a builtin that the caller of the engine brought. */
export class NoDataFault extends TypeError {
  constructor() {
    super('no data');
    this.name = 'NoDataFault';
  }
}

/** Data as an expression that makes it again: values, plans, and what is made of them. Members without value are left out. */
export function dataCode(data: unknown): Code {
  if (data === undefined) return code`undefined`;
  if (data === null || typeof data === 'boolean' || typeof data === 'number' || typeof data === 'string')
    return literal(data);
  if (Array.isArray(data)) return code`[${all(data)}]`;
  if (data instanceof Map) return code`new Map([${all(data)}])`;
  if (data instanceof RegoSet) return code`RegoSet.from([${all(data.values())}])`;
  if (data instanceof RegoNumber) return code`numberAsWritten(${literal(data.toString())})`;
  if (data instanceof RegoObject) return code`makeObject([${all(objectEntries(data))}])`;
  if (typeof data === 'object' && isPlainObject(data as never)) return objectCode(data);
  throw new NoDataFault();
}
