import type { BuiltinSignature, BuiltinType } from '../builtins/index.ts';
import { BUILTINS, KNOWN_BUILTINS } from '../builtins/index.ts';

/** A builtin as `capabilities.json` writes it. */
export interface DeclaredBuiltin {
  readonly name: string;
  readonly decl: {
    readonly args?: readonly BuiltinType[];
    readonly result?: BuiltinType;
    readonly variadic?: BuiltinType;
    readonly type: 'function';
  };
  readonly infix?: string;
  readonly relation?: boolean;
  readonly deprecated?: boolean;
  readonly nondeterministic?: boolean;
}

/** What an engine can do, in the form of OPA's `capabilities.json`. */
export interface Capabilities {
  readonly builtins?: readonly DeclaredBuiltin[];
  readonly future_keywords?: readonly string[];
  readonly features?: readonly string[];
  readonly wasm_abi_versions?: readonly { readonly version: number; readonly minor_version: number }[];
  /** Hosts that builtins may reach: absent means any, empty means none. */
  readonly allow_net?: readonly string[];
}

/** Builtins that the analysis replaces by something else, so that no implementation stands for them. */
const REWRITTEN = new Set(['assign', 'eq', 'print', 'internal.print', 'internal.test_case']);

/** Features of OPA 1.22 for modules of each version. */
const FEATURES = {
  0: [
    'keywords_in_refs',
    'rego_v1',
    'rego_v1_import',
    'rego_v2',
    'rego_v2_import',
    'rule_head_ref_string_prefixes',
    'rule_head_refs',
  ],
  1: ['keywords_in_refs', 'rego_v1', 'rego_v2', 'rego_v2_import', 'template_strings'],
} as const;
const FUTURE_KEYWORDS = {
  0: ['and', 'contains', 'every', 'if', 'in', 'not', 'or'],
  1: ['and', 'not', 'or'],
} as const;

/**
 * What this engine can do, in the form of OPA's `capabilities.json` (`opa capabilities --current`): the builtins that
 * it can call, the keywords that a module can import and the features of the language.
 *
 * @param version of the language that modules are written in where nothing else is said
 */
export function capabilities(version: 0 | 1 = 1): Capabilities {
  return {
    builtins: Object.values(KNOWN_BUILTINS)
      .filter(({ name }) => BUILTINS[name] !== undefined || REWRITTEN.has(name))
      .map(declaredBuiltin),
    future_keywords: FUTURE_KEYWORDS[version],
    features: FEATURES[version],
  };
}

function declaredBuiltin(signature: BuiltinSignature): DeclaredBuiltin {
  const { name, args, result, variadic, infix, relation, deprecated, nondeterministic } = signature;
  return {
    name,
    decl: {
      ...(args.length > 0 && { args }),
      ...(result !== undefined && { result }),
      ...(variadic !== undefined && { variadic }),
      type: 'function',
    },
    ...(infix !== undefined && { infix }),
    ...(relation && { relation }),
    ...(deprecated && { deprecated }),
    ...(nondeterministic && { nondeterministic }),
  };
}

/** Reads a `capabilities.json`, or says what is wrong with it. */
export function readCapabilities(json: unknown): Capabilities | { readonly problem: string } {
  if (!isRecord(json)) return { problem: 'capabilities must be a JSON object' };
  for (const name of ['future_keywords', 'features', 'allow_net']) {
    const list = json[name];
    if (list === undefined || list === null) continue;
    if (!Array.isArray(list) || !list.every((item) => typeof item === 'string')) {
      return { problem: `\`${name}\` must be a list of strings` };
    }
  }
  const builtins = json['builtins'] ?? [];
  if (!Array.isArray(builtins) || !builtins.every(isDeclaration)) {
    return { problem: '`builtins` must be a list of objects with a `name` and a `decl`' };
  }
  return json as Capabilities;
}

function isDeclaration(item: unknown): boolean {
  return isRecord(item) && typeof item['name'] === 'string' && isRecord(item['decl']);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
