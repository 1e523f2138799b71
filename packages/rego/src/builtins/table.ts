import { AWS_SIGN } from './aws-sign.ts';
import { BITS } from './bits.ts';
import type { Builtin, BuiltinSignature } from './builtin.ts';
import { CIDR_MERGE } from './cidr-merge.ts';
import { AGGREGATES, ARRAYS, DEPRECATED_CASTS, SETS } from './collections.ts';
import { COMPARISON, TYPES } from './comparison.ts';
import { CRYPTO } from './crypto.ts';
import type { Family } from './define.ts';
import { bindBuiltin } from './define.ts';
import { ENCODING } from './encoding.ts';
import { GLOB } from './glob.ts';
import { GLOBS_MATCH } from './globs-match.ts';
import { GRAPH } from './graph.ts';
import { GRAPHQL } from './graphql.ts';
import { HOST } from './host.ts';
import { HTTP_SEND } from './http-send.ts';
import { JSON_PATCH } from './json-patch.ts';
import { OBJECTS } from './json-path.ts';
import { JSON_SCHEMA } from './json-schema.ts';
import { JWT } from './jwt.ts';
import { NETWORK } from './network.ts';
import { NUMBERS } from './numbers.ts';
import { PRIVATE_KEYS } from './private-keys.ts';
import { REGEX } from './regex.ts';
import { REGO } from './rego.ts';
import { RENDER_TEMPLATE } from './render-template.ts';
import { SEMVER } from './semver.ts';
import { SIGNATURES } from './signatures.ts';
import { STRINGS } from './strings.ts';
import { SUBSET } from './subset.ts';
import { TIME } from './time.ts';
import { UNITS } from './units.ts';
import { URI } from './uri.ts';
import { UUID } from './uuid.ts';
import { X509 } from './x509.ts';
import { YAML } from './yaml.ts';

/** The families of builtins that this engine has. */
const FAMILIES: readonly Family[] = [
  NUMBERS,
  STRINGS,
  COMPARISON,
  TYPES,
  TIME,
  AGGREGATES,
  ARRAYS,
  SETS,
  DEPRECATED_CASTS,
  OBJECTS,
  SUBSET,
  JSON_PATCH,
  REGEX,
  GLOB,
  ENCODING,
  UUID,
  UNITS,
  SEMVER,
  NETWORK,
  HOST,
  HTTP_SEND,
  GRAPH,
  CRYPTO,
  BITS,
  URI,
  CIDR_MERGE,
  GLOBS_MATCH,
  AWS_SIGN,
  YAML,
  JWT,
  GRAPHQL,
  RENDER_TEMPLATE,
  JSON_SCHEMA,
  X509,
  PRIVATE_KEYS,
  REGO,
];

/** Every builtin of OPA 1.22 by name, whether this engine can call it or not. */
export const KNOWN_BUILTINS: Readonly<Record<string, BuiltinSignature>> = Object.freeze(
  Object.assign(
    Object.create(null),
    Object.fromEntries(SIGNATURES.map((signature) => [signature.name, signature])),
  ),
);

/** The builtins that this engine can call, by name. */
export const BUILTINS: Readonly<Record<string, Builtin>> = Object.freeze(bindAll());

function bindAll(): Record<string, Builtin> {
  const bound: Record<string, Builtin> = Object.create(null);
  for (const family of FAMILIES) {
    for (const [name, definition] of Object.entries(family)) {
      const signature = KNOWN_BUILTINS[name];
      if (signature === undefined) throw new TypeError(`no such builtin: ${name}`);
      bound[name] = bindBuiltin(signature, definition);
    }
  }
  return bound;
}

/** Whether OPA has a builtin of that name. One that is known but not in {@link BUILTINS} is unsupported here. */
export function isKnownBuiltin(name: string): boolean {
  return Object.hasOwn(KNOWN_BUILTINS, name);
}
