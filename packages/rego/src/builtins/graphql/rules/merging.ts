import type {
  ArgumentNode,
  ChildValueNode,
  FieldNode,
  FragmentSpreadNode,
  Position,
  SelectionNode,
  TypeNode,
  ValueNode,
} from '../nodes.ts';
import { VALUE_KINDS } from '../nodes.ts';
import { typeText } from '../types.ts';
import type { Walk } from '../walk.ts';
import { isField, isInlineFragment } from '../walk.ts';

/** A conflict between two fields of one name in the answer. */
export interface Conflict {
  readonly responseName: string;
  /** What differs, or the conflicts between what the two select. */
  readonly reason: string | readonly Conflict[];
  readonly position: Position | undefined;
}

/** The fields of a selection by their name in the answer, and the fragments it spreads. */
interface Selected {
  readonly fields: ReadonlyMap<string, readonly FieldNode[]>;
  readonly spreads: readonly FragmentSpreadNode[];
}

function responseName(field: FieldNode): string {
  return field.Alias === '' ? field.Name : field.Alias;
}

function sortedChildren(value: ValueNode): readonly ChildValueNode[] {
  if (value.Kind !== VALUE_KINDS.object) return value.Children;
  return [...value.Children].sort((a, b) => (a.Name < b.Name ? -1 : a.Name > b.Name ? 1 : 0));
}

function isSameValue(walk: Walk, a: ValueNode, b: ValueNode): boolean {
  walk.host.spend(1 + a.Children.length);
  if (a.Kind !== b.Kind || a.Raw !== b.Raw || a.Children.length !== b.Children.length) return false;
  const others = sortedChildren(b);
  return sortedChildren(a).every((child, index) => {
    const other = others[index]!;
    return child.Name === other.Name && isSameValue(walk, child.Value, other.Value);
  });
}

function haveSameArguments(walk: Walk, a: readonly ArgumentNode[], b: readonly ArgumentNode[]): boolean {
  if (a.length !== b.length) return false;
  return a.every((arg) => {
    walk.host.spend(b.length);
    return b.some((other) => arg.Name === other.Name && isSameValue(walk, arg.Value, other.Value));
  });
}

function doTypesConflict(walk: Walk, a: TypeNode, b: TypeNode): boolean {
  if (a.Elem !== undefined && b.Elem !== undefined) return doTypesConflict(walk, a.Elem, b.Elem);
  if (a.Elem !== undefined || b.Elem !== undefined || a.NonNull !== b.NonNull) return true;
  const isLeaf = (name: string) => {
    const kind = walk.schema.types.get(name)?.Kind;
    return kind === 'SCALAR' || kind === 'ENUM';
  };
  return isLeaf(a.NamedType) && isLeaf(b.NamedType) && a.NamedType !== b.NamedType;
}

/** Whether two collections are of the same nodes: those of one and the same selection. */
function areSameFields(a: Selected, b: Selected): boolean {
  if (a.fields.size !== b.fields.size) return false;
  return [...a.fields].every(([name, fields]) => {
    const others = b.fields.get(name);
    return others?.length === fields.length && fields.every((field, index) => field === others[index]);
  });
}

/**
 * Finds fields that cannot be merged. What a fragment holds is known from the first walk through it on; pairs of
 * fragments are compared once in a document. Source: GraphQL (October 2021), 5.3.2; order as in gqlparser.
 */
export class Merging {
  readonly #walk: Walk;
  readonly #selected = new Map<readonly SelectionNode[], Selected>();
  /** Pairs of fragments that were compared; false where it was as fields of one object. */
  readonly #pairs = new Map<string, Map<string, boolean>>();
  /** Fragments that were compared with the fields at hand. */
  #compared = new Set<string>();

  constructor(walk: Walk) {
    this.#walk = walk;
  }

  /** The conflicts of a selection with itself. */
  conflictsWithin(selections: readonly SelectionNode[]): Conflict[] {
    if (selections.length === 0) return [];
    const own = this.#collect(selections);
    const found: Conflict[] = [];
    for (const fields of own.fields.values()) {
      for (const [index, field] of fields.entries()) {
        for (let other = index + 1; other < fields.length; other++) {
          this.#compare(found, false, field, fields[other]!);
        }
      }
    }
    this.#compared = new Set();
    for (const [index, spread] of own.spreads.entries()) {
      this.#withFragment(found, false, own, spread);
      for (let other = index + 1; other < own.spreads.length; other++) {
        this.#betweenFragments(found, false, spread, own.spreads[other]!);
      }
    }
    return found;
  }

  #collect(selections: readonly SelectionNode[]): Selected {
    const known = this.#selected.get(selections);
    if (known !== undefined) return known;
    const fields = new Map<string, FieldNode[]>();
    const spreads: FragmentSpreadNode[] = [];
    const visit = (set: readonly SelectionNode[]): void => {
      for (const node of set) {
        this.#walk.host.spend(1);
        if (isInlineFragment(node)) this.#walk.nested(() => visit(node.SelectionSet));
        else if (isField(node)) {
          const name = responseName(node);
          const same = fields.get(name);
          if (same === undefined) fields.set(name, [node]);
          else same.push(node);
        } else spreads.push(node);
      }
    };
    visit(selections);
    const selected = { fields, spreads };
    this.#selected.set(selections, selected);
    return selected;
  }

  #withFragment(found: Conflict[], exclusive: boolean, own: Selected, spread: FragmentSpreadNode): void {
    this.#walk.host.spend(1);
    if (this.#compared.has(spread.Name)) return;
    this.#compared.add(spread.Name);
    const fragment = this.#walk.fragments.get(spread);
    if (fragment === undefined) return;
    const other = this.#collect(fragment.SelectionSet);
    this.#walk.host.spend(own.fields.size);
    if (areSameFields(own, other)) return;
    this.#between(found, exclusive, own, other);
    for (const inner of other.spreads) {
      if (inner.Name === spread.Name) continue;
      this.#walk.nested(() => this.#withFragment(found, exclusive, own, inner));
    }
  }

  #wasCompared(a: string, b: string, exclusive: boolean): boolean {
    const known = this.#pairs.get(a)?.get(b);
    return known !== undefined && (exclusive || !known);
  }

  #note(a: string, b: string, exclusive: boolean): void {
    const partners = this.#pairs.get(a) ?? new Map<string, boolean>();
    partners.set(b, exclusive);
    this.#pairs.set(a, partners);
  }

  #betweenFragments(
    found: Conflict[],
    exclusive: boolean,
    a: FragmentSpreadNode,
    b: FragmentSpreadNode,
  ): void {
    this.#walk.host.spend(1);
    if (a.Name === b.Name || this.#wasCompared(a.Name, b.Name, exclusive)) return;
    this.#note(a.Name, b.Name, exclusive);
    this.#note(b.Name, a.Name, exclusive);
    const [first, second] = [this.#walk.fragments.get(a), this.#walk.fragments.get(b)];
    if (first === undefined || second === undefined) return;
    const [own, other] = [this.#collect(first.SelectionSet), this.#collect(second.SelectionSet)];
    this.#between(found, exclusive, own, other);
    for (const inner of other.spreads) {
      this.#walk.nested(() => this.#betweenFragments(found, exclusive, a, inner));
    }
    for (const inner of own.spreads) {
      this.#walk.nested(() => this.#betweenFragments(found, exclusive, inner, b));
    }
  }

  #between(found: Conflict[], exclusive: boolean, a: Selected, b: Selected): void {
    for (const [name, fields] of a.fields) {
      this.#walk.host.spend(1);
      for (const field of fields) {
        for (const other of b.fields.get(name) ?? []) this.#compare(found, exclusive, field, other);
      }
    }
  }

  #compare(found: Conflict[], parentsExclusive: boolean, a: FieldNode, b: FieldNode): void {
    this.#walk.host.spend(1);
    const reason = this.#reason(parentsExclusive, a, b);
    if (reason.length === 0) return;
    found.push({ responseName: responseName(a), reason, position: b.Position });
  }

  /** Why two fields cannot be merged; empty where they can. */
  #reason(parentsExclusive: boolean, a: FieldNode, b: FieldNode): string | readonly Conflict[] {
    const { parents, fieldDefinitions } = this.#walk;
    const [parentA, parentB] = [parents.get(a), parents.get(b)];
    if (parentA === undefined || parentB === undefined) return '';
    const [definitionA, definitionB] = [fieldDefinitions.get(a), fieldDefinitions.get(b)];
    const areKnown = definitionA !== undefined && definitionB !== undefined;
    const exclusive =
      parentsExclusive ||
      (parentA.Name !== parentB.Name && parentA.Kind === 'OBJECT' && parentB.Kind === 'OBJECT' && areKnown);
    if (!exclusive) {
      if (a.Name !== b.Name) return `"${a.Name}" and "${b.Name}" are different fields`;
      if (!haveSameArguments(this.#walk, a.Arguments, b.Arguments)) return 'they have differing arguments';
    }
    if (areKnown && doTypesConflict(this.#walk, definitionA.Type, definitionB.Type)) {
      return `they return conflicting types "${typeText(definitionA.Type)}" and "${typeText(definitionB.Type)}"`;
    }
    return this.#walk.nested(() => this.#betweenSelections(exclusive, a.SelectionSet, b.SelectionSet));
  }

  #betweenSelections(
    exclusive: boolean,
    selectionsA: readonly SelectionNode[],
    selectionsB: readonly SelectionNode[],
  ): Conflict[] {
    const [a, b] = [this.#collect(selectionsA), this.#collect(selectionsB)];
    const found: Conflict[] = [];
    this.#between(found, exclusive, a, b);
    for (const spread of b.spreads) {
      this.#compared = new Set();
      this.#withFragment(found, exclusive, a, spread);
    }
    for (const spread of a.spreads) {
      this.#compared = new Set();
      this.#withFragment(found, exclusive, b, spread);
    }
    for (const spread of a.spreads) {
      for (const other of b.spreads) this.#betweenFragments(found, exclusive, spread, other);
    }
    return found;
  }
}
