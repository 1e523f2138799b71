import { type Bundle, modeOf } from '@writ/bundle';
import { type Json, type JsonObject, parsePointer } from '@writ/decision';
import type { PolicySet } from '../layers/policy-set.ts';
import { memberOf } from './json-member.ts';

/** A subject or resource that searches know of, as an application would name it. */
export interface KnownEntity {
  readonly type: string;
  readonly id: string;
  /** Asked about, and given back, together with the id. */
  readonly properties?: JsonObject;
}

/** An operation that searches know of. */
export interface KnownAction {
  readonly name: string;
  readonly properties?: JsonObject;
  /** Types of resources that it is about; any where left out. */
  readonly resourceTypes?: readonly string[];
}

/** What can be searched for: nobody has a list of everything that policies could allow. */
export interface KnownEntities {
  readonly subjects: readonly KnownEntity[];
  readonly resources: readonly KnownEntity[];
  readonly actions: readonly KnownAction[];
}

export type EntitiesRead =
  | { readonly ok: true; readonly entities: KnownEntities }
  | { readonly ok: false; readonly message: string };

const KINDS = ['subjects', 'resources', 'actions'] as const;
const ENTITY_KEYS = ['type', 'id', 'properties'];
const LIST_KEYS = ['type', 'from'];
const ACTION_KEYS = ['name', 'properties', 'resource_types'];
/** What the binding for MCP calls the use of a tool, a model and a prompt. */
const BOUND_ACTIONS: readonly KnownAction[] = [
  { name: 'tools/call', resourceTypes: ['tool'] },
  { name: 'model/inference', resourceTypes: ['model'] },
  { name: 'prompts/get', resourceTypes: ['prompt'] },
];

/** Read once for each policy set. */
const known = new WeakMap<PolicySet, EntitiesRead>();

/**
 * Subjects, resources and actions that the active policies know by name: `data.writ.entities` of first-party bundles
 * that enforce (`{subjects, resources, actions}`; an entry is one entity, or `{type, from}` for the keys of an object or
 * the texts of a list at a JSON Pointer into the bundle's data), and the tools that the capability registry describes.
 */
export function entitiesOf(set: PolicySet): EntitiesRead {
  const before = known.get(set);
  if (before !== undefined) return before;
  const read = readEntities(set);
  known.set(set, read);
  return read;
}

/** Thrown inside this file only. */
class BadEntities extends Error {}

function readEntities(set: PolicySet): EntitiesRead {
  const subjects: KnownEntity[] = [];
  const resources: KnownEntity[] = toolsOf(set);
  const actions: KnownAction[] = [...BOUND_ACTIONS];
  try {
    for (const bundle of set.bundles) {
      if (bundle.thirdParty || modeOf(bundle) === 'observe') continue;
      const written = memberOf(memberOf(bundle.data, 'writ'), 'entities');
      if (written === undefined) continue;
      const lists = objectOf(written, bundle, 'it', KINDS);
      subjects.push(...entityList(lists['subjects'], bundle, 'subjects'));
      resources.push(...entityList(lists['resources'], bundle, 'resources'));
      actions.push(...actionList(lists['actions'], bundle));
    }
    return {
      ok: true,
      entities: {
        subjects: sorted(subjects, ({ type, id }) => JSON.stringify([type, id])),
        resources: sorted(resources, resourceKey),
        actions: sorted(actions, ({ name }) => name),
      },
    };
  } catch (problem) {
    if (problem instanceof BadEntities) return { ok: false, message: problem.message };
    throw problem;
  }
}

/** Two tools of one name on two servers are two resources. */
function resourceKey({ type, id, properties }: KnownEntity): string {
  return JSON.stringify([type, id, type === 'tool' ? (properties?.['server'] ?? null) : null]);
}

function toolsOf({ registry }: PolicySet): KnownEntity[] {
  return [...registry.tools].flatMap(([server, tools]) =>
    [...tools.keys()]
      // A pattern names no tool, and what is no tool stands in the registry under its method.
      .filter((tool) => tool !== '*' && !tool.includes('/'))
      .map((tool) => ({
        type: 'tool',
        id: tool,
        ...(server === '*' ? {} : { properties: { server } }),
      })),
  );
}

/** In order and each once; of two with one key the later one stands. */
function sorted<Entity>(entities: readonly Entity[], keyOf: (entity: Entity) => string): readonly Entity[] {
  const byKey = new Map(entities.map((entity) => [keyOf(entity), entity]));
  return [...byKey].sort(([first], [second]) => (first < second ? -1 : 1)).map(([, entity]) => entity);
}

function entityList(value: Json | undefined, bundle: Bundle, kind: string): KnownEntity[] {
  return listOf(value, bundle, kind).flatMap((item) => {
    if (memberOf(item, 'from') !== undefined) return entitiesFrom(item, bundle, kind);
    const { type, id, properties } = objectOf(item, bundle, `an entry of \`${kind}\``, ENTITY_KEYS);
    if (!isText(type) || !isText(id)) throw bad(bundle, `an entry of \`${kind}\` lacks \`type\` or \`id\``);
    return [{ type, id, ...propertiesOf(properties, bundle, kind) }];
  });
}

function entitiesFrom(item: Json, bundle: Bundle, kind: string): KnownEntity[] {
  const { type, from } = objectOf(item, bundle, `an entry of \`${kind}\``, LIST_KEYS);
  if (!isText(type) || typeof from !== 'string')
    throw bad(bundle, `an entry of \`${kind}\` lacks \`type\` or \`from\``);
  const steps = parsePointer(from);
  const found = steps?.reduce<Json | undefined>(memberOf, bundle.data);
  const ids = Array.isArray(found)
    ? (found as readonly Json[])
    : typeof found === 'object' && found !== null
      ? Object.keys(found)
      : undefined;
  if (ids === undefined || !ids.every(isText))
    throw bad(bundle, `\`${from}\` is neither an object nor a list of texts`);
  return ids.filter(isText).map((id) => ({ type, id }));
}

function actionList(value: Json | undefined, bundle: Bundle): KnownAction[] {
  return listOf(value, bundle, 'actions').map((item) => {
    const written = isText(item) ? { name: item } : objectOf(item, bundle, 'an action', ACTION_KEYS);
    const { name, properties, resource_types: types } = written as JsonObject;
    if (!isText(name)) throw bad(bundle, 'an action lacks `name`');
    if (types !== undefined && !(Array.isArray(types) && (types as readonly Json[]).every(isText)))
      throw bad(bundle, '`resource_types` is not a list of texts');
    return {
      name,
      ...propertiesOf(properties, bundle, 'actions'),
      ...(types === undefined ? {} : { resourceTypes: types as readonly string[] }),
    };
  });
}

function propertiesOf(
  value: Json | undefined,
  bundle: Bundle,
  kind: string,
): { readonly properties?: JsonObject } {
  if (value === undefined) return {};
  if (!isObject(value)) throw bad(bundle, `\`properties\` of an entry of \`${kind}\` is not an object`);
  return { properties: value };
}

function listOf(value: Json | undefined, bundle: Bundle, kind: string): readonly Json[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw bad(bundle, `\`${kind}\` is not a list`);
  return value as readonly Json[];
}

function objectOf(value: Json, bundle: Bundle, what: string, keys: readonly string[]): JsonObject {
  if (!isObject(value)) throw bad(bundle, `${what} is not an object`);
  const unknown = Object.keys(value).find((key) => !keys.includes(key));
  if (unknown !== undefined) throw bad(bundle, `${what} has no \`${unknown}\`: known are ${keys.join(', ')}`);
  return value;
}

function bad(bundle: Bundle, message: string): BadEntities {
  return new BadEntities(`\`data.writ.entities\` of bundle \`${bundle.name}\`: ${message}`);
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: Json | undefined): value is string {
  return typeof value === 'string' && value !== '';
}
