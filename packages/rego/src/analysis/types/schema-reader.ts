import type { ObjectValue, Value } from '../../value/index.ts';
import { isObject, objectEntries, objectGet } from '../../value/index.ts';

/** A JSON Schema as far as the checker looks at it. Merging changes it, as it does OPA's. */
export interface Schema {
  types: string[];
  properties: { readonly name: string; readonly schema: Schema }[];
  items: Schema[];
  /** One schema for all items. */
  hasSingleItem: boolean;
  anyOf?: Schema[];
  allOf?: Schema[];
  /** What a `$ref` leads to. */
  reference?: { readonly name: string; readonly target: Schema };
}

/** Reads a schema that has been found to be one; references lead to places in the same document. */
export function readSchema(root: Value): Schema {
  return new Reader(root).read(root);
}

class Reader {
  readonly #root: Value;
  readonly #known = new Map<Value, Schema>();

  constructor(root: Value) {
    this.#root = root;
  }

  read(value: Value): Schema {
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    const schema: Schema = { types: [], properties: [], items: [], hasSingleItem: false };
    if (!isObject(value)) return schema;
    this.#known.set(value, schema);
    const name = objectGet(value, '$ref');
    if (typeof name === 'string') schema.reference = { name, target: this.read(this.#at(name)) };
    else this.#keywords(value, schema);
    return schema;
  }

  #keywords(value: ObjectValue, schema: Schema): void {
    const types = objectGet(value, 'type');
    schema.types = (Array.isArray(types) ? types : [types]).filter((type) => typeof type === 'string');
    const properties = objectGet(value, 'properties');
    if (properties !== undefined && isObject(properties)) {
      schema.properties = objectEntries(properties).map(([name, inner]) => ({
        name: String(name),
        schema: this.read(inner),
      }));
    }
    const items = objectGet(value, 'items');
    if (Array.isArray(items)) schema.items = this.#list(items);
    else if (items !== undefined && isObject(items)) {
      schema.items = [this.read(items)];
      schema.hasSingleItem = true;
    }
    const anyOf = objectGet(value, 'anyOf');
    if (Array.isArray(anyOf)) schema.anyOf = this.#list(anyOf);
    const allOf = objectGet(value, 'allOf');
    if (Array.isArray(allOf)) schema.allOf = this.#list(allOf);
  }

  #list(values: readonly Value[]): Schema[] {
    return values.map((value) => this.read(value));
  }

  /** What stands at a JSON Pointer of the document; nothing, where the reference leads elsewhere. */
  #at(reference: string): Value {
    if (!reference.startsWith('#')) return true;
    let place: Value | undefined = this.#root;
    for (const step of decodeURIComponent(reference.slice(1)).split('/').slice(1)) {
      const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
      if (Array.isArray(place)) place = place[Number(name)] as Value | undefined;
      else place = place !== undefined && isObject(place) ? objectGet(place, name) : undefined;
    }
    return place ?? true;
  }
}
