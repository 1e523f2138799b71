import type { Callee, CoreBody, CoreTerm, Variable } from '../analysis/core.ts';
import type { DocumentNode, RuleGroup } from '../analysis/documents.ts';
import type { Location } from '../syntax/ast.ts';
import type { NamedSlot, Pattern, Statement, ValueNode } from './plan.ts';
import { FIRST_SLOT } from './plan.ts';

/** What planning one rule needs of the whole policy. */
export interface PolicyContext {
  readonly root: DocumentNode;
  readonly groupIds: ReadonlyMap<RuleGroup, number>;
  /** Number of inputs of a callee. */
  readonly arityOf: (callee: Callee) => number | undefined;
  /** Plans the body of a comprehension. */
  readonly planBody: (block: BlockBuilder, body: CoreBody) => void;
  /** Plans a step that is not known: what its key is matched against. */
  readonly planPattern: (block: BlockBuilder, term: CoreTerm) => Pattern;
}

/** The slots of one rule. */
export class Slots {
  #slots: Map<Variable, number> | undefined;
  count = FIRST_SLOT;

  of(variable: Variable): number {
    this.#slots ??= new Map();
    let slot = this.#slots.get(variable);
    if (slot === undefined) {
      slot = this.fresh();
      this.#slots.set(variable, slot);
    }
    return slot;
  }

  fresh(): number {
    const slot = this.count;
    this.count += 1;
    return slot;
  }
}

/** A body being planned: its statements so far and the variables that have a value after them. */
export class BlockBuilder {
  readonly statements: Statement[] = [];
  readonly policy: PolicyContext;
  readonly slots: Slots;
  readonly bound: Set<Variable>;
  /** The user's expression being planned. */
  source: Location;
  /** The user's variables in it. */
  variables: readonly NamedSlot[] = [];

  constructor(policy: PolicyContext, slots: Slots, bound: ReadonlySet<Variable>, source: Location) {
    this.policy = policy;
    this.slots = slots;
    this.bound = new Set(bound);
    this.source = source;
  }

  /** A block inside this one: sees what has a value here, gives nothing back. */
  nested(): BlockBuilder {
    const inner = new BlockBuilder(this.policy, this.slots, this.bound, this.source);
    inner.variables = this.variables;
    return inner;
  }

  // Most statements are these: they are written at once, and not copied from what was said of them.
  test(value: ValueNode): void {
    this.statements.push({ op: 'test', value, source: this.source, variables: this.variables });
  }

  equal(left: ValueNode, right: ValueNode): void {
    this.statements.push({ op: 'equal', left, right, source: this.source, variables: this.variables });
  }

  assign(slot: number, value: ValueNode): void {
    this.statements.push({ op: 'assign', slot, value, source: this.source, variables: this.variables });
  }

  emit(statement: StatementBody): void {
    const { source, variables } = this;
    this.statements.push({ ...statement, source, variables } as Statement);
  }
}

type WithoutSource<T> = T extends unknown ? Omit<T, 'source' | 'variables'> : never;
/** A statement before its source and variables are added. */
export type StatementBody = WithoutSource<Statement>;
