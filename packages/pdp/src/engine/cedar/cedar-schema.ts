import type { Json } from '@writ/decision';
import type { CedarEntity, CedarUid } from './cedar-messages.ts';
import { type Convertible, decimalText, EntityReference, recordToCedar, toCedar } from './cedar-values.ts';

/** A type in Cedar's schema as JSON. */
export interface SchemaType {
  readonly type: string;
  readonly name?: string;
  readonly element?: SchemaType;
  readonly attributes?: { readonly [name: string]: SchemaType };
}

interface Namespace {
  readonly commonTypes?: { readonly [name: string]: SchemaType };
  readonly entityTypes: {
    readonly [name: string]: { readonly memberOfTypes?: readonly string[]; readonly shape?: SchemaType };
  };
  readonly actions: { readonly [name: string]: { readonly appliesTo?: { readonly context?: SchemaType } } };
}

export type SchemaJson = { readonly [namespace: string]: Namespace };

/**
 * What a schema declares, for cutting requests to it: policies that were validated cannot read anything else, and Cedar
 * refuses what is not declared. A declared member of another type stays as it is, so that Cedar refuses the request.
 */
export class CedarSchema {
  readonly #schema: SchemaJson;

  constructor(schema: SchemaJson) {
    this.#schema = schema;
  }

  /** The context as the action declares it; undefined where the schema has no such action. */
  context(action: string, value: { readonly [name: string]: Convertible }): Json | undefined {
    const declared = this.#schema['']?.actions[action];
    if (declared === undefined) return undefined;
    return this.#fit(value, declared.appliesTo?.context ?? { type: 'Record', attributes: {} });
  }

  /** The entity with its declared attributes and parents; undefined where the schema has no such type. */
  entity(entity: CedarEntity, attributes: { readonly [name: string]: Convertible }): CedarEntity | undefined {
    const declared = this.#schema['']?.entityTypes[entity.uid.type];
    if (declared === undefined) return undefined;
    const shape = declared.shape ?? { type: 'Record', attributes: {} };
    const parents = entity.parents.filter(
      ({ type }: CedarUid) => declared.memberOfTypes?.includes(type) === true,
    );
    return { uid: entity.uid, attrs: this.#fit(attributes, shape) as CedarEntity['attrs'], parents };
  }

  #fit(value: Convertible, written: SchemaType): Json | undefined {
    const type = this.#resolve(written);
    if (value === undefined || value === null || value instanceof EntityReference) return toCedar(value);
    if (type.type === 'Record' && isRecord(value)) {
      const { attributes = {} } = type;
      const declared = Object.entries(value).filter(([name]) => Object.hasOwn(attributes, name));
      return recordToCedar(Object.fromEntries(declared), (member, name) =>
        this.#fit(member, attributes[name]!),
      );
    }
    if (type.type === 'Set' && type.element !== undefined && Array.isArray(value)) {
      const { element } = type;
      return (value as readonly Convertible[]).flatMap((item) => this.#fit(item, element) ?? []);
    }
    // An integer where a decimal is declared: without the schema it would be a long.
    if (nameOf(type) === 'decimal' && typeof value === 'number') return decimalText(value) ?? String(value);
    return toCedar(value);
  }

  /** A name of a common type stands for that type. */
  #resolve(type: SchemaType): SchemaType {
    const { commonTypes = {} } = this.#schema[''] ?? { commonTypes: {} };
    let resolved = type;
    for (let steps = 0; steps < Object.keys(commonTypes).length + 1; steps += 1) {
      const name = nameOf(resolved);
      if (!Object.hasOwn(commonTypes, name)) return resolved;
      resolved = commonTypes[name]!;
    }
    return resolved;
  }
}

function nameOf({ type, name }: SchemaType): string {
  const own = type === 'EntityOrCommon' || type === 'Extension' ? (name ?? type) : type;
  return own.replace(/^__cedar::/, '');
}

function isRecord(value: Convertible): value is { readonly [name: string]: Convertible } {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof EntityReference)
  );
}
