import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { nearestName } from '@writ/decision';
import { type Document, isMap, isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { CommandError, EXIT } from '../exit-status.ts';
import { type Config, configSchema } from './config.ts';

/** A configuration with the folder that its relative paths start from. */
export interface LoadedConfig {
  readonly config: Config;
  readonly folder: string;
  readonly file: string | undefined;
}

/**
 * Reads `writ.yaml`: the file named, else the one in the working directory, else defaults. A wrong key or value
 * ends in an error that names its line and, for a key, the right one that is nearest.
 */
export function readConfig(file: string | undefined): LoadedConfig {
  const path = resolve(file ?? 'writ.yaml');
  if (!existsSync(path)) {
    if (file !== undefined) throw new CommandError(EXIT.config, `there is no configuration at ${path}`);
    return { config: {}, folder: process.cwd(), file: undefined };
  }
  return { config: parseConfig(readFileSync(path, 'utf8'), path), folder: dirname(path), file: path };
}

/** Parses and checks the text of a configuration. */
export function parseConfig(text: string, path: string): Config {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const broken = document.errors[0];
  if (broken !== undefined) {
    throw new CommandError(
      EXIT.config,
      `${path}:${lines.linePos(broken.pos[0]).line}: ${broken.message.split('\n')[0]}`,
    );
  }
  const parsed = configSchema.safeParse(document.toJS() ?? {});
  if (parsed.success) return parsed.data;
  const messages = parsed.error.issues.flatMap((issue) => describe(issue, document, lines, path));
  throw new CommandError(
    EXIT.config,
    messages.join('\n'),
    'the whole shape is the JSON Schema `@writ/cli/schemas/writ.schema.json`',
  );
}

function describe(issue: z.core.$ZodIssue, document: Document, lines: LineCounter, path: string): string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const near = nearestName(key, keysAt(issue.path));
      const hint =
        near === undefined ? `known are: ${keysAt(issue.path).join(', ')}` : `did you mean \`${near}\`?`;
      return `${path}:${lineOf([...issue.path, key], document, lines)}: unknown key \`${dotted([...issue.path, key])}\`; ${hint}`;
    });
  }
  const message = issue.code === 'invalid_value' ? valueMessage(issue, document) : issue.message;
  return [`${path}:${lineOf(issue.path, document, lines)}: \`${dotted(issue.path)}\`: ${message}`];
}

function valueMessage(issue: z.core.$ZodIssueInvalidValue, document: Document): string {
  const known = issue.values.map(String);
  const near = nearestName(String(document.getIn(issue.path) ?? ''), known);
  return `must be one of ${known.join(', ')}${near === undefined ? '' : `; did you mean \`${near}\`?`}`;
}

/** The keys that the schema knows at a path, for suggestions. */
function keysAt(path: readonly PropertyKey[]): string[] {
  let schema: unknown = configSchema;
  for (const step of path) schema = childSchema(unwrap(schema), step);
  const inner = unwrap(schema) as { shape?: object; options?: readonly { shape?: object }[] } | undefined;
  if (inner?.shape !== undefined) return Object.keys(inner.shape);
  return (inner?.options ?? []).flatMap((option) => Object.keys(option.shape ?? {}));
}

function childSchema(schema: unknown, step: PropertyKey): unknown {
  const inner = schema as
    | { shape?: Record<PropertyKey, unknown>; element?: unknown; valueType?: unknown }
    | undefined;
  return inner?.shape?.[step] ?? inner?.element ?? inner?.valueType;
}

function unwrap(schema: unknown): unknown {
  let inner = schema as { def?: { innerType?: unknown } } | undefined;
  while (inner?.def?.innerType !== undefined) inner = inner.def.innerType as typeof inner;
  return inner;
}

function lineOf(path: readonly PropertyKey[], document: Document, lines: LineCounter): number {
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const pair = isMap(parent)
      ? parent.items.find((item) => String(item.key) === String(path[length - 1]))
      : undefined;
    const node = pair === undefined ? document.getIn(path.slice(0, length), true) : pair.key;
    if (isNode(node) && node.range != null) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

function dotted(path: readonly PropertyKey[]): string {
  return path.map(String).join('.');
}
