import { nearestName } from '@writ/decision';
import { type Document, LineCounter, parseDocument, visit } from 'yaml';
import type { z } from 'zod';
import type { BundleProblem } from '../problem.ts';
import { placeIn } from '../yaml-place.ts';
import { checkYamlPolicy } from './check.ts';
import { type YamlPolicy, yamlPolicyJsonSchema, yamlPolicySchema } from './schema.ts';

export type YamlPolicyResult =
  | {
      readonly ok: true;
      readonly policy: YamlPolicy;
      readonly rowOf: (path: readonly PropertyKey[]) => number;
    }
  | { readonly ok: false; readonly problems: readonly BundleProblem[] };

/** Reads and checks a policy in YAML. Every problem has its row and column, and the mend where one is known. */
export function readYamlPolicy(text: string, file: string): YamlPolicyResult {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    uniqueKeys: true,
    version: '1.2',
    schema: 'core',
  });
  const place = (path: readonly PropertyKey[], ofKey = false) => placeIn(document, lines, path, ofKey);
  const alias = findAlias(document);
  if (alias !== undefined) {
    const { line, col } = lines.linePos(alias);
    const message = 'aliases are not taken: a policy says everything where it means it';
    return {
      ok: false,
      problems: [
        { code: 'yaml_policy_invalid', message, file, row: line, column: col, help: 'write it out' },
      ],
    };
  }
  const broken = document.errors[0] ?? document.warnings[0];
  if (broken !== undefined) {
    const { line, col } = lines.linePos(broken.pos[0]);
    const message = broken.message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, '');
    return {
      ok: false,
      problems: [
        {
          code: 'yaml_policy_invalid',
          message: lower(message),
          file,
          row: line,
          column: col,
          help: 'the text must be YAML 1.2: look at the indentation, quotes and keys there',
        },
      ],
    };
  }
  const parsed = yamlPolicySchema.safeParse(document.toJS() ?? {});
  if (!parsed.success)
    return { ok: false, problems: parsed.error.issues.flatMap((issue) => describe(issue, file, place)) };
  const findings = checkYamlPolicy(parsed.data);
  if (findings.length > 0)
    return {
      ok: false,
      problems: findings.map(({ path, ...finding }) => ({
        code: 'yaml_policy_invalid',
        ...finding,
        file,
        ...place(path),
      })),
    };
  return { ok: true, policy: parsed.data, rowOf: (path) => place(path).row };
}

/** Where the first alias stands. */
function findAlias(document: Document): number | undefined {
  let found: number | undefined;
  visit(document, {
    Alias(_key, node) {
      found = node.range?.[0] ?? 0;
      return visit.BREAK;
    },
  });
  return found;
}

type Place = (
  path: readonly PropertyKey[],
  ofKey?: boolean,
) => { readonly row: number; readonly column: number };

function describe(issue: z.core.$ZodIssue, file: string, place: Place): BundleProblem[] {
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(issue.path);
    return issue.keys.map((key) => {
      const near = nearestName(key, known);
      return {
        code: 'yaml_policy_invalid',
        message: `unknown key \`${key}\``,
        file,
        ...place([...issue.path, key], true),
        help: near === undefined ? `known are ${known.join(', ')}` : `did you mean \`${near}\`?`,
      };
    });
  }
  const values = issue.code === 'invalid_value' ? issue.values.map(String) : [];
  return [
    {
      code: 'yaml_policy_invalid',
      message: `\`${issue.path.map(String).join('.')}\`: ${lower(issue.message)}`,
      file,
      ...place(issue.path),
      help: values.length === 0 ? meant(issue.path) : `one of ${values.join(', ')}`,
    },
  ];
}

function lower(text: string): string {
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
}

interface SchemaNode {
  readonly description?: string;
  readonly type?: string;
  readonly minimum?: number;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly additionalProperties?: SchemaNode | boolean;
}

function keysAt(path: readonly PropertyKey[]): string[] {
  return Object.keys(nodeAt(path)?.properties ?? {});
}

const TYPES: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  integer: 'a whole number, without quotes',
  number: 'a number, without quotes',
  object: 'an object',
  string: 'a text',
};

/** What stands at a place where it is right. */
function meant(path: readonly PropertyKey[]): string {
  const { description, type, minimum, properties } = nodeAt(path) ?? {};
  const least = minimum === undefined || minimum < 0 ? '' : ` from ${minimum} up`;
  const keys = properties === undefined ? '' : ` with ${Object.keys(properties).join(', ')}`;
  const what = `${TYPES[type ?? ''] ?? 'something else'}${least}${keys}`;
  return description === undefined ? `it is ${what}` : `it is ${what}: ${description}`;
}

function nodeAt(path: readonly PropertyKey[]): SchemaNode | undefined {
  let node: SchemaNode | undefined = yamlPolicyJsonSchema();
  for (const step of path) {
    const beyond: SchemaNode | undefined =
      typeof node?.additionalProperties === 'object' ? node.additionalProperties : undefined;
    node = typeof step === 'number' ? node?.items : (node?.properties?.[String(step)] ?? beyond);
  }
  return node;
}
